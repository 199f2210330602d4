/**
 * Operators that are computed in floats between integer layers: their input is decoded, their output coded again. It
 * must not know what that costs.
 */
import { isOp } from '../onnx/build.ts';
import type { Node } from '../onnx/ir.ts';
import { isAbsorbed } from '../targets/rules/qdq-view.ts';
import type { QdqView } from '../targets/rules/qdq-view.ts';
import type { Target } from '../targets/types.ts';

/** Operators behind a DequantizeLinear of an activation and before a QuantizeLinear that the target has no integer kernel for. */
export function floatIslands(view: QdqView, target: Target): Node[] {
  const nodes = view.graph.nodes;
  const starts = nodes.filter(
    (node) => isOp(node, 'DequantizeLinear') && view.quantizationOf(node)?.codes === undefined,
  );
  const behind = flood(
    starts.flatMap((node) => node.outputs.flatMap((output) => view.consumers.get(output) ?? [])),
    (node) => isOp(node, 'QuantizeLinear'),
    (node) => node.outputs.flatMap((output) => view.consumers.get(output) ?? []),
  );
  const ends = nodes.filter((node) => isOp(node, 'QuantizeLinear'));
  const before = flood(
    ends.flatMap((node) => view.producers.get(node.inputs[0]) ?? []),
    (node) => isOp(node, 'DequantizeLinear'),
    (node) => node.inputs.flatMap((input) => view.producers.get(input) ?? []),
  );
  return nodes.filter(
    (node) =>
      behind.has(node) &&
      before.has(node) &&
      !target.integerOps.has(node.opType) &&
      !fused(node, view, target),
  );
}

/** A Relu or Clip right behind an integer layer is part of it. */
function fused(node: Node, view: QdqView, target: Target): boolean {
  if (!isAbsorbed(node)) return false;
  const producer = view.producers.get(node.inputs[0]);
  return producer !== undefined && target.integerOps.has(producer.opType);
}

function flood(
  from: readonly Node[],
  stops: (node: Node) => boolean,
  next: (node: Node) => readonly Node[],
): Set<Node> {
  const seen = new Set<Node>();
  const open = from.filter((node) => !stops(node));
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const other of next(node)) if (!stops(other) && !seen.has(other)) open.push(other);
  }
  return seen;
}
