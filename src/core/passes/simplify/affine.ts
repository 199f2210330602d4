/**
 * Reads a node as y = s · x + t with s and t constant and one number per channel (or one for all). Mul, Div, Add, Sub
 * with a constant, Neg, and BatchNormalization at inference are all of this form. It must not change graphs.
 *
 * BatchNormalization: s = γ / √(σ² + ε), t = β − μ · s.
 * Source: Ioffe & Szegedy 2015, section 3.1; ONNX operator BatchNormalization.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import { floatAttribute, intAttribute } from '../../onnx/attributes.ts';
import { isFloatType } from '../../onnx/shapes/values.ts';
import { floatConstant, isUsed, onnxOp, type FloatConstant, type Work } from './work.ts';

export interface Affine {
  /** The value x. */
  readonly source: string;
  /** The axis of x that s and t run along; undefined when both are one number for all. */
  readonly axis: number | undefined;
  /** Length 1 or the size of `axis`; undefined = 1. */
  readonly scale: Float64Array | undefined;
  /** Length 1 or the size of `axis`; undefined = 0. */
  readonly shift: Float64Array | undefined;
  /** Rank of x where it is known. */
  readonly rank: number | undefined;
  /** Names of the constants behind s and t. */
  readonly constants: readonly string[];
}

/** What keeps a node of this form from being read so; shown to the user for batch norms. */
export type AffineReading = Affine | { readonly reason: string } | undefined;

export function readAffine(node: Node, graph: GraphEditor, work: Work): AffineReading {
  switch (onnxOp(node)) {
    case 'Mul':
    case 'Add':
    case 'Sub':
    case 'Div':
      return readArithmetic(node, graph, work);
    case 'Neg':
      return readNegation(node, graph, work);
    case 'BatchNormalization':
      return readBatchNorm(node, graph, work);
    default:
      return undefined;
  }
}

function readNegation(node: Node, graph: GraphEditor, work: Work): AffineReading {
  const source = node.inputs[0] ?? '';
  const known = work.fact(graph, source);
  if (!isFloatType(known?.type)) return undefined;
  return {
    source,
    axis: undefined,
    scale: Float64Array.of(-1),
    shift: undefined,
    rank: known?.shape?.length,
    constants: [],
  };
}

function readArithmetic(node: Node, graph: GraphEditor, work: Work): AffineReading {
  const op = onnxOp(node) ?? '';
  const [a, b] = [node.inputs[0] ?? '', node.inputs[1] ?? ''];
  const [left, right] = [floatConstant(graph, a), floatConstant(graph, b)];
  if ((left === undefined) === (right === undefined)) return undefined;
  // A constant may only stand under the fraction bar, and what it is divided by must not be x.
  if (op === 'Div' && right === undefined) return undefined;
  const constant = left ?? right;
  const source = left === undefined ? a : b;
  const place = constant === undefined ? undefined : channelOf(constant, source, graph, work);
  if (constant === undefined || place === undefined) return undefined;
  const { values } = constant;
  const base = { source, axis: place.axis, rank: place.rank, constants: [constant.name] };
  if (op === 'Mul') return { ...base, scale: values, shift: undefined };
  if (op === 'Div') return { ...base, scale: values.map((value) => 1 / value), shift: undefined };
  if (op === 'Add') return { ...base, scale: undefined, shift: values };
  return left === undefined
    ? { ...base, scale: undefined, shift: values.map((value) => -value) }
    : { ...base, scale: Float64Array.of(-1), shift: values };
}

/** The one axis of x that the constant runs along, provided that it does not widen x. */
function channelOf(
  constant: FloatConstant,
  source: string,
  graph: GraphEditor,
  work: Work,
): { axis: number | undefined; rank: number | undefined } | undefined {
  const shape = work.fact(graph, source)?.shape;
  const long = constant.dims.flatMap((dim, i) => (dim === 1 ? [] : [i]));
  if (long.length === 0) {
    const narrow =
      constant.dims.length === 0 || (shape !== undefined && constant.dims.length <= shape.length);
    return narrow ? { axis: undefined, rank: shape?.length } : undefined;
  }
  const [at] = long;
  if (long.length > 1 || at === undefined || shape === undefined || constant.dims.length > shape.length)
    return undefined;
  const axis = shape.length - constant.dims.length + at;
  return shape[axis] === constant.dims[at] ? { axis, rank: shape.length } : undefined;
}

function readBatchNorm(node: Node, graph: GraphEditor, work: Work): AffineReading {
  const training =
    work.opset >= 14
      ? intAttribute(node, 'training_mode', 0) !== 0
      : work.opset < 7 && intAttribute(node, 'is_test', 0) === 0;
  if (training || node.outputs.slice(1).some((output) => isUsed(graph, output)))
    return { reason: 'it is in training mode' };
  if (work.opset < 9 && intAttribute(node, 'spatial', 1) !== 1)
    return { reason: 'it normalizes each element on its own' };
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => floatConstant(graph, node.inputs[i] ?? ''));
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) {
    return { reason: 'its statistics are not constant' };
  }
  const channels = gamma.size;
  if ([beta, mean, variance].some((vector) => vector.size !== channels)) {
    return { reason: 'its statistics differ in length' };
  }
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  const scale = gamma.values.map((value, i) => value / Math.sqrt((variance.values[i] ?? 0) + epsilon));
  const shift = beta.values.map((value, i) => value - (mean.values[i] ?? 0) * (scale[i] ?? 0));
  return {
    source: node.inputs[0] ?? '',
    axis: 1,
    scale,
    shift,
    rank: work.fact(graph, node.inputs[0] ?? '')?.shape?.length,
    constants: [gamma.name, beta.name, mean.name, variance.name],
  };
}

/** Element for channel i of a vector of length 1 or more; `fallback` where there is none. */
export function channelValue(vector: Float64Array | undefined, i: number, fallback: number): number {
  return vector === undefined ? fallback : (vector[vector.length === 1 ? 0 : i] ?? fallback);
}

export function sameVector(a: Float64Array | undefined, b: Float64Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
