/**
 * Two scalings in a row are one, two shifts in a row are one: (x · a) / b = x · (a / b), (x + a) − b = x + (a − b).
 * Only floats: integers do not divide exactly. Computed in float64 and rounded once, which is closer to the exact
 * value than the two roundings it replaces. It must not touch operators with weights.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import { floatTensor } from '../../onnx/shapes/values.ts';
import {
  count,
  floatConstant,
  onnxOp,
  readOnce,
  withChange,
  type FloatConstant,
  type Rewrite,
} from './work.ts';

interface Term {
  readonly kind: 'scale' | 'shift';
  readonly source: string;
  readonly constant: FloatConstant;
  /** The constant as a factor (scale) or summand (shift), element by element. */
  readonly values: () => Float64Array;
}

function readTerm(node: Node | undefined, graph: GraphEditor): Term | undefined {
  const op = onnxOp(node);
  if (node === undefined || (op !== 'Mul' && op !== 'Div' && op !== 'Add' && op !== 'Sub')) return undefined;
  const [a, b] = [node.inputs[0] ?? '', node.inputs[1] ?? ''];
  const right = floatConstant(graph, b);
  const left = right === undefined && (op === 'Mul' || op === 'Add') ? floatConstant(graph, a) : undefined;
  const constant = right ?? left;
  if (constant === undefined || (right !== undefined && floatConstant(graph, a) !== undefined))
    return undefined;
  const source = right === undefined ? b : a;
  if (op === 'Mul') return { kind: 'scale', source, constant, values: () => constant.values };
  if (op === 'Div')
    return { kind: 'scale', source, constant, values: () => constant.values.map((value) => 1 / value) };
  if (op === 'Add') return { kind: 'shift', source, constant, values: () => constant.values };
  return { kind: 'shift', source, constant, values: () => constant.values.map((value) => -value) };
}

/** One of the two shapes already is the broadcast of both: the merged constant is then no larger than the larger one. */
function widest(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const covers = (big: readonly number[], small: readonly number[]): boolean =>
    big.length >= small.length &&
    small.every((dim, i) => dim === 1 || dim === big[i + big.length - small.length]);
  return covers(a, b) ? a : covers(b, a) ? b : undefined;
}

/** Element `i` (row-major in `shape`) of a constant of smaller shape `dims`. */
function broadcastIndex(i: number, shape: readonly number[], dims: readonly number[]): number {
  let rest = i;
  let index = 0;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    const at = rest % size;
    rest = Math.floor(rest / size);
    const own = dims[axis - shape.length + dims.length];
    if (own === undefined) continue;
    if (own > 1) index += at * stride;
    stride *= own;
  }
  return index;
}

const mergeTerms: Rewrite = (node, graph, work) => {
  const outer = readTerm(node, graph);
  const inner = outer === undefined ? undefined : readTerm(graph.producer(outer.source), graph);
  if (outer === undefined || inner?.kind !== outer.kind || !readOnce(graph, outer.source)) return false;
  const { type } = outer.constant;
  const dims = inner.constant.type === type ? widest(outer.constant.dims, inner.constant.dims) : undefined;
  if (dims === undefined) return false;
  const values = mergedValues(outer, inner, dims);
  if (values === undefined) return false;
  const name = graph.freshName(outer.constant.name);
  graph.setInitializer(floatTensor(name, type, dims, values));
  const opType = outer.kind === 'scale' ? 'Mul' : 'Add';
  graph.replaceNode(node, withChange(node, { opType, inputs: [inner.source, name] }));
  count(work, 'scales and shifts merged');
  return true;
};

/** Summands that nearly cancel round x in between; a merged model would be closer to exact, and so not the same. */
const MAX_CANCELLATION = 8;

/** Undefined where the merged constant would not be what the two steps gave: overflow, underflow, cancellation. */
function mergedValues(outer: Term, inner: Term, dims: readonly number[]): Float64Array | undefined {
  const [first, second] = [outer.values(), inner.values()];
  const merged = new Float64Array(Math.max(first.length, second.length));
  for (let i = 0; i < merged.length; i++) {
    const a = first[broadcastIndex(i, dims, outer.constant.dims)] ?? NaN;
    const b = second[broadcastIndex(i, dims, inner.constant.dims)] ?? NaN;
    const value = outer.kind === 'scale' ? a * b : a + b;
    merged[i] = value;
    if (!Number.isFinite(Math.fround(value))) return undefined;
    const cancels = Math.abs(a) + Math.abs(b) > MAX_CANCELLATION * Math.abs(value);
    const vanishes = Math.abs(value) < SMALLEST_NORMAL && a !== 0 && b !== 0;
    if (outer.kind === 'shift' ? cancels : vanishes) return undefined;
  }
  return merged;
}

/** Below this float32 loses digits. */
const SMALLEST_NORMAL = 2 ** -126;

export const ARITHMETIC_REWRITES: Readonly<Record<string, readonly Rewrite[]>> = {
  Mul: [mergeTerms],
  Div: [mergeTerms],
  Add: [mergeTerms],
  Sub: [mergeTerms],
};
