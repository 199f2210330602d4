/**
 * Values whose contents follow from shapes alone become constants without running anything: Shape and Size of what is
 * known, and the integer arithmetic on them. One axis may be known where others are free. It must not need a runtime.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import { isStatic, type Fact } from '../../onnx/shapes/fact.ts';
import { integerTensor } from '../../onnx/shapes/values.ts';
import { count, isUsed, onnxOp, type Work } from './work.ts';

type TrackedType = 'int64' | 'int32' | 'bool';

function literalContents(
  fact: Fact | undefined,
): { type: TrackedType; dims: readonly number[]; values: readonly number[] } | undefined {
  const { type, shape, values } = fact ?? {};
  if (type !== 'int64' && type !== 'int32' && type !== 'bool') return undefined;
  if (!isStatic(shape) || values === undefined) return undefined;
  const size = shape.reduce((total, dim) => total * dim, 1);
  const literal = values.filter((value) => typeof value === 'number' && Number.isSafeInteger(value));
  return literal.length === values.length && size === values.length
    ? { type, dims: shape, values: literal as number[] }
    : undefined;
}

/** Replaces nodes all of whose used outputs are known. What fed them becomes dead. */
export function foldStatic(graph: GraphEditor, work: Work): boolean {
  if (graph.kind === 'function') return false;
  let changed = false;
  for (const node of graph.nodes) {
    if (onnxOp(node) === undefined || onnxOp(node) === 'Constant') continue;
    if (foldNode(node, graph, work)) changed = true;
  }
  return changed;
}

function foldNode(node: Node, graph: GraphEditor, work: Work): boolean {
  const used = node.outputs.filter((output) => isUsed(graph, output));
  if (used.length === 0 || used.some((output) => graph.isGraphOutput(output))) return false;
  const contents = used.map((output) => ({ output, known: literalContents(work.fact(graph, output)) }));
  if (contents.some(({ known }) => known === undefined)) return false;
  graph.removeNode(node);
  for (const { output, known } of contents) {
    if (known !== undefined)
      graph.setInitializer(integerTensor(output, known.type, known.dims, known.values));
  }
  count(work, 'constants folded');
  return true;
}
