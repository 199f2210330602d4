/**
 * Chains of operators that only relabel the same elements in the same order become one Reshape: Reshape, Flatten,
 * Squeeze, Unsqueeze, and a Transpose that moves nothing but axes of size 1. It must not move elements.
 *
 * A Reshape target can say three things about an axis: a literal size, "the input's size at this position" (0), and at
 * most once "what is left" (−1). A shape that needs no more than that can be reached in one step, free sizes included.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Dimension, Node } from '../../onnx/ir.ts';
import { isSize, sameShape } from '../../onnx/shapes/fact.ts';
import { intAttribute, intsAttribute } from '../../onnx/attributes.ts';
import { integerTensor } from '../../onnx/shapes/values.ts';
import { bypass, count, keepConstant, onnxOp, withChange, type Rewrite, type Work } from './work.ts';

/** Operator set from which Reshape takes its target as an input. */
const RESHAPE_INPUT_OPSET = 5;

/** Keeps elements in order: true for the reshaping operators and for transposes of nothing. */
function relabels(node: Node | undefined, graph: GraphEditor, work: Work): node is Node {
  const op = onnxOp(node);
  if (node === undefined || op === undefined) return false;
  if (op === 'Reshape' || op === 'Flatten' || op === 'Squeeze' || op === 'Unsqueeze') return true;
  if (op !== 'Transpose') return false;
  const shape = work.fact(graph, node.inputs[0] ?? '')?.shape;
  const perm = intsAttribute(node, 'perm');
  if (shape === undefined || perm === undefined) return false;
  const moved = perm.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > (moved[i - 1] ?? -1));
}

/** The target that turns `from` into `to`, or undefined when Reshape cannot say it. */
export function reshapeTarget(
  from: readonly Dimension[] | undefined,
  to: readonly Dimension[],
): readonly number[] | undefined {
  let open = 0;
  const target = to.map((dim, i): number => {
    if (typeof dim === 'number' && dim > 0) return dim;
    if (typeof dim === 'string' && from?.[i] === dim) return 0;
    open++;
    return dim === 0 ? NaN : -1;
  });
  return open <= 1 && target.every((size) => !Number.isNaN(size)) ? target : undefined;
}

/** outer(inner(x)), both relabelling: one Reshape of x, or nothing at all when x has the final shape already. */
const mergeChain: Rewrite = (node, graph, work) => {
  if (!relabels(node, graph, work) || work.opset < RESHAPE_INPUT_OPSET) return false;
  const inner = graph.producer(node.inputs[0] ?? '');
  if (!relabels(inner, graph, work)) return false;
  const source = inner.inputs[0] ?? '';
  const from = work.fact(graph, source)?.shape;
  const to = work.fact(graph, node.outputs[0] ?? '')?.shape;
  if (to === undefined) return mergeOpen(node, inner, graph, work);
  if (sameShape(from, to) && bypass(graph, node, node.outputs[0] ?? '', source)) {
    count(work, 'reshapes removed');
    return true;
  }
  const target = reshapeTarget(from, to);
  if (target === undefined) return mergeOpen(node, inner, graph, work);
  becomeReshape(node, source, target, graph);
  count(work, 'reshapes merged');
  return true;
};

/** A target without copies does not care what shape it starts from. */
function mergeOpen(node: Node, inner: Node, graph: GraphEditor, work: Work): boolean {
  if (onnxOp(node) !== 'Reshape' || intAttribute(node, 'allowzero', 0) !== 0) return false;
  const target = work.fact(graph, node.inputs[1] ?? '')?.values;
  if (target === undefined || !target.every((size) => size === -1 || (isSize(size) && size > 0)))
    return false;
  graph.replaceNode(node, withChange(node, { inputs: [inner.inputs[0] ?? '', node.inputs[1] ?? ''] }));
  count(work, 'reshapes merged');
  return true;
}

function becomeReshape(node: Node, source: string, target: readonly number[], graph: GraphEditor): void {
  const shape = keepConstant(graph, `${node.outputs[0] ?? 'value'}_shape`, (name) =>
    integerTensor(name, 'int64', [target.length], target),
  );
  graph.replaceNode(node, withChange(node, { opType: 'Reshape', inputs: [source, shape], attributes: [] }));
}

/**
 * A Reshape whose target is computed, but whose result is known well enough to write the target down: the arithmetic
 * behind it becomes dead.
 */
const literalTarget: Rewrite = (node, graph, work) => {
  const wanted = node.inputs[1] ?? '';
  if (work.opset < RESHAPE_INPUT_OPSET || wanted === '' || graph.constant(wanted) !== undefined) return false;
  const to = work.fact(graph, node.outputs[0] ?? '')?.shape;
  const target =
    to === undefined ? undefined : reshapeTarget(work.fact(graph, node.inputs[0] ?? '')?.shape, to);
  if (target === undefined) return false;
  becomeReshape(node, node.inputs[0] ?? '', target, graph);
  count(work, 'reshape targets made constant');
  return true;
};

export const RESHAPE_REWRITES: Readonly<Record<string, readonly Rewrite[]>> = {
  Reshape: [literalTarget, mergeChain],
  Flatten: [mergeChain],
  Squeeze: [mergeChain],
  Unsqueeze: [mergeChain],
  Transpose: [mergeChain],
};
