/** Which nodes of a model read each weight layer, by the name that a runtime's profile gives them. It must not know the profile. */
import { openDraft } from '../onnx/draft.ts';
import { editorsByPath, listWeights } from '../onnx/weights.ts';
import type { Model, Node } from '../onnx/ir.ts';

/**
 * Node names by layer id. onnxruntime calls a node without a name by its operator and its place among the nodes of its
 * graph that are no constants.
 */
export function layerNodes(model: Model): Readonly<Record<string, readonly string[]>> {
  const draft = openDraft(model);
  const places = new Map<Node, number>();
  for (const editor of editorsByPath(draft).values()) {
    let place = 0;
    for (const node of editor.nodes) if (node.opType !== 'Constant') places.set(node, place++);
  }
  return Object.fromEntries(
    listWeights(model, draft).map(({ id, consumers }) => [
      id,
      consumers.map(({ node }) => (node.name === '' ? `${node.opType}_${places.get(node) ?? 0}` : node.name)),
    ]),
  );
}
