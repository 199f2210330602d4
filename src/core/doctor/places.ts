/** Names that people know: the weight layer that a node belongs to, else the node itself. It must not know findings. */
import { listWeights } from '../onnx/weights.ts';
import type { WeightLayer } from '../onnx/weights.ts';
import type { Model, Node } from '../onnx/ir.ts';
import { nameOf } from '../targets/rules/qdq-view.ts';

export interface Places {
  readonly layers: readonly WeightLayer[];
  /** Id of the layer whose weight the node reads, else the node's own name. */
  of(node: Node): string;
  /** The same for a name that a rule gave. */
  named(name: string): string;
}

/** @param model with its weights as layers: the logical one, else the original. Nodes keep their names when it is written. */
export function placesOf(model: Model): Places {
  const layers = listWeights(model);
  const byNode = new Map<string, string>();
  for (const { id, consumers } of layers) {
    for (const { node } of consumers) if (node.name !== '') byNode.set(node.name, id);
  }
  return {
    layers,
    of: (node) => byNode.get(node.name) ?? nameOf(node),
    named: (name) => byNode.get(name) ?? name,
  };
}
