/** Takes away constants that nothing reads any more: biases whose codes stand beside them. It must not know why. */
import { constantOf } from '../../onnx/build.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Model } from '../../onnx/ir.ts';

/** @param before the model before the edits: what nothing read then is not touched. */
export function removeUnread(before: Model, main: GraphEditor): void {
  const read = new Set(before.graph.nodes.flatMap((node) => node.inputs));
  const idle = (name: string): boolean =>
    read.has(name) && main.uses(name).length === 0 && !main.isGraphOutput(name) && !main.isGraphInput(name);
  for (const name of [...main.initializers.keys()]) if (idle(name)) main.removeInitializer(name);
  for (const node of [...main.nodes]) {
    if (constantOf(node) !== undefined && idle(node.outputs[0])) main.removeNode(node);
  }
}
