/**
 * Shape rules of operators that compute over windows, matrices, sequences and reductions.
 * Source: ONNX operator specification (Operators.md): Conv, ConvTranspose, pools, Gemm, MatMul, LSTM, Resize.
 */
import { DATA_TYPES } from '../../tensor/dtype.ts';
import type { Dimension } from '../ir.ts';
import {
  broadcast,
  ceilDivide,
  fact,
  floorDivide,
  isSize,
  normalAxis,
  plus,
  times,
  type Fact,
} from './fact.ts';
import { attribute, intAttribute, intsAttribute, textAttribute } from '../attributes.ts';
import {
  hasInput,
  literalsOf,
  shapeOf,
  typeOf,
  valuesOf,
  type NodeView,
  type ShapeRule,
} from './node-view.ts';
import { floatValues } from './values.ts';

interface Window {
  readonly kernel: readonly Dimension[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** All begins, then all ends. */
  readonly pads: readonly number[];
  readonly autoPad: string;
}

function windowOf(view: NodeView, kernel: readonly Dimension[]): Window {
  const rank = kernel.length;
  return {
    kernel,
    strides: intsAttribute(view.node, 'strides') ?? new Array<number>(rank).fill(1),
    dilations: intsAttribute(view.node, 'dilations') ?? new Array<number>(rank).fill(1),
    pads: intsAttribute(view.node, 'pads') ?? new Array<number>(2 * rank).fill(0),
    autoPad: textAttribute(view.node, 'auto_pad', 'NOTSET'),
  };
}

/** Windows that fit in one axis. `ceil` counts a last partial window that starts inside the input or its begin pad. */
function windows(dim: Dimension, window: Window, axis: number, ceil: boolean): Dimension {
  const stride = window.strides[axis] ?? 1;
  if (window.autoPad.startsWith('SAME')) return ceilDivide(dim, stride);
  const size = window.kernel[axis] ?? null;
  if (typeof size !== 'number') return null;
  const reach = (size - 1) * (window.dilations[axis] ?? 1) + 1;
  const valid = window.autoPad === 'VALID';
  const begin = valid ? 0 : (window.pads[axis] ?? 0);
  const end = valid ? 0 : (window.pads[axis + window.kernel.length] ?? 0);
  const span = plus(dim, begin + end - reach);
  if (!ceil) return plus(floorDivide(span, stride), 1);
  const count = plus(ceilDivide(span, stride), 1);
  if (typeof count === 'number' && typeof dim === 'number') {
    return (count - 1) * stride >= dim + begin ? count - 1 : count;
  }
  return stride === 1 ? count : null;
}

function slide(
  view: NodeView,
  kernel: readonly Dimension[],
  channels: Dimension,
  ceil = false,
): readonly Dimension[] | undefined {
  const shape = shapeOf(view, 0);
  if (shape === undefined || shape.length !== kernel.length + 2) return undefined;
  const window = windowOf(view, kernel);
  return [shape[0] ?? null, channels, ...shape.slice(2).map((dim, i) => windows(dim, window, i, ceil))];
}

const convolution =
  (weight: number, type: (view: NodeView) => Fact['type']): ShapeRule =>
  (view) => {
    const shape = shapeOf(view, weight);
    if (shape === undefined) return [fact(type(view), undefined)];
    const kernel = intsAttribute(view.node, 'kernel_shape') ?? shape.slice(2);
    return [fact(type(view), slide(view, kernel, shape[0] ?? null))];
  };

const transposedConvolution: ShapeRule = (view) => {
  const [shape, weight] = [shapeOf(view, 0), shapeOf(view, 1)];
  if (shape === undefined || weight === undefined) return [fact(typeOf(view, 0), undefined)];
  const kernel = intsAttribute(view.node, 'kernel_shape') ?? weight.slice(2);
  const window = windowOf(view, kernel);
  const extra = intsAttribute(view.node, 'output_padding') ?? [];
  const given = intsAttribute(view.node, 'output_shape');
  const sizes = shape.slice(2).map((dim, i): Dimension => {
    if (given !== undefined) return given[i - shape.length + 2 + given.length] ?? null;
    const stride = window.strides[i] ?? 1;
    if (window.autoPad.startsWith('SAME')) return times(dim, stride);
    const size = kernel[i] ?? null;
    if (typeof size !== 'number') return null;
    const pads =
      window.autoPad === 'VALID' ? 0 : (window.pads[i] ?? 0) + (window.pads[i + kernel.length] ?? 0);
    const rest = (extra[i] ?? 0) + (size - 1) * (window.dilations[i] ?? 1) + 1 - pads - stride;
    return plus(times(dim, stride), rest);
  });
  const channels = times(weight[1] ?? null, intAttribute(view.node, 'group', 1));
  return [fact(typeOf(view, 0), [shape[0] ?? null, channels, ...sizes])];
};

const pool: ShapeRule = (view) => {
  const kernel = intsAttribute(view.node, 'kernel_shape') ?? [];
  const shape = slide(
    view,
    kernel,
    shapeOf(view, 0)?.[1] ?? null,
    intAttribute(view.node, 'ceil_mode', 0) === 1,
  );
  return [fact(typeOf(view, 0), shape), fact('int64', shape)];
};

const globalPool: ShapeRule = (view) => [
  fact(
    typeOf(view, 0),
    shapeOf(view, 0)?.map((dim, i) => (i < 2 ? dim : 1)),
  ),
];

/** MatMul: the last two axes multiply, the others broadcast; one-dimensional operands lend an axis and lose it again. */
function matrixProduct(
  a: readonly Dimension[] | undefined,
  b: readonly Dimension[] | undefined,
): readonly Dimension[] | undefined {
  if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return undefined;
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const batch = broadcast(left.slice(0, -2), right.slice(0, -2)) ?? [];
  const rows = a.length === 1 ? [] : [left.at(-2) ?? null];
  const columns = b.length === 1 ? [] : [right.at(-1) ?? null];
  return [...batch, ...rows, ...columns];
}

const matMul =
  (b: number, type: (view: NodeView) => Fact['type']): ShapeRule =>
  (view) => [fact(type(view), matrixProduct(shapeOf(view, 0), shapeOf(view, b)))];

const gemm: ShapeRule = (view) => {
  const [a, b] = [shapeOf(view, 0), shapeOf(view, 1)];
  const rows = a?.[intAttribute(view.node, 'transA', 0) === 1 ? 1 : 0] ?? null;
  const columns = b?.[intAttribute(view.node, 'transB', 0) === 1 ? 0 : 1] ?? null;
  return [fact(typeOf(view, 0), [rows, columns])];
};

const recurrent =
  (outputs: number): ShapeRule =>
  (view) => {
    const shape = shapeOf(view, 0);
    const hidden = intAttribute(view.node, 'hidden_size', 0) || (shapeOf(view, 2)?.[2] ?? null);
    const directions = textAttribute(view.node, 'direction', 'forward') === 'bidirectional' ? 2 : 1;
    const batchFirst = intAttribute(view.node, 'layout', 0) === 1;
    const [length, batch] = batchFirst
      ? [shape?.[1] ?? null, shape?.[0] ?? null]
      : [shape?.[0] ?? null, shape?.[1] ?? null];
    const type = typeOf(view, 0);
    const all = batchFirst ? [batch, length, directions, hidden] : [length, directions, batch, hidden];
    const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
    return [fact(type, all), ...new Array<Fact>(outputs - 1).fill(fact(type, last))];
  };

function reducedShape(
  view: NodeView,
  axes: readonly number[] | 'absent' | undefined,
): readonly Dimension[] | undefined {
  const shape = shapeOf(view, 0);
  if (shape === undefined || axes === undefined) return undefined;
  const keep = intAttribute(view.node, 'keepdims', 1) === 1;
  const none = axes === 'absent' || axes.length === 0;
  if (none && intAttribute(view.node, 'noop_with_empty_axes', 0) === 1) return shape;
  const hit = none ? undefined : new Set(axes.map((axis) => normalAxis(axis, shape.length)));
  const reduced = (i: number): boolean => hit === undefined || hit.has(i);
  return keep ? shape.map((dim, i) => (reduced(i) ? 1 : dim)) : shape.filter((_, i) => !reduced(i));
}

const reduction: ShapeRule = (view) => [
  fact(typeOf(view, 0), reducedShape(view, literalsOf(view, 'axes', 1))),
];

/** A product of the sizes of a shape is a size too: exporters count elements this way. */
const reduceProd: ShapeRule = (view) => {
  const values = shapeOf(view, 0)?.length === 1 ? valuesOf(view, 0) : undefined;
  const [known] = reduction(view);
  const total = values?.reduce<Dimension>((result, value) => times(result, value), 1);
  return [{ ...known, ...(total === undefined ? {} : { values: [total] }) }];
};

const argument: ShapeRule = (view) => [
  fact('int64', reducedShape(view, [intAttribute(view.node, 'axis', 0)])),
];

const topK: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const axis =
    shape === undefined ? undefined : normalAxis(intAttribute(view.node, 'axis', -1), shape.length);
  const given = attribute(view.node, 'k');
  const k = given?.kind === 'int' ? Number(given.value) : (valuesOf(view, 1)?.[0] ?? null);
  const result = shape?.map((dim, i) => (i === axis ? k : dim));
  return [fact(typeOf(view, 0), result), fact('int64', result)];
};

/** Resize and Upsample. Sizes win over scales; floor(size · scale) otherwise. */
const resize: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const old = view.opset < 11;
  if (shape === undefined) return [fact(typeOf(view, 0), undefined)];
  const unknown = fact(
    typeOf(view, 0),
    shape.map(() => null),
  );
  if (attribute(view.node, 'axes') !== undefined) return [unknown];
  if (!old && hasInput(view, 3)) {
    const keep = textAttribute(view.node, 'keep_aspect_ratio_policy', 'stretch');
    return [keep === 'stretch' ? fact(typeOf(view, 0), valuesOf(view, 3) ?? shape.map(() => null)) : unknown];
  }
  const scales = scalesOf(view, old ? 1 : 2);
  if (scales?.length !== shape.length) return [unknown];
  return [
    fact(
      typeOf(view, 0),
      shape.map((dim, i) => scaled(dim, scales[i] ?? 1)),
    ),
  ];
};

function scalesOf(view: NodeView, input: number): ArrayLike<number> | undefined {
  const given = attribute(view.node, 'scales');
  if (given?.kind === 'floats') return given.value;
  const tensor = view.constant(input);
  return tensor === undefined ? undefined : floatValues(tensor);
}

function scaled(dim: Dimension, scale: number): Dimension {
  if (scale === 1) return dim;
  if (typeof dim === 'number') return Math.floor(Math.fround(dim * Math.fround(scale)));
  return Number.isInteger(scale) && scale > 0 ? times(dim, scale) : null;
}

const einsum: ShapeRule = (view) => {
  const equation = textAttribute(view.node, 'equation', '').replace(/\s/g, '');
  const [left, right] = equation.split('->');
  if (left === undefined || right === undefined || equation.includes('.'))
    return [fact(typeOf(view, 0), undefined)];
  const sizes = new Map<string, Dimension>();
  left.split(',').forEach((term, i) => {
    Array.from(term).forEach((letter, axis) => {
      const dim = shapeOf(view, i)?.[axis] ?? null;
      if (typeof sizes.get(letter) !== 'number' && dim !== null) sizes.set(letter, dim);
    });
  });
  return [
    fact(
      typeOf(view, 0),
      Array.from(right).map((letter) => sizes.get(letter) ?? null),
    ),
  ];
};

const constantOfShape: ShapeRule = (view) => {
  const shape = valuesOf(view, 0);
  const value = attribute(view.node, 'value');
  const type = value?.kind === 'tensor' ? value.value.dataType : 'float32';
  const rank = shapeOf(view, 0)?.[0];
  const fallback = isSize(rank) ? new Array<Dimension>(rank).fill(null) : undefined;
  return [fact(type, shape?.map((dim) => (typeof dim === 'number' && dim < 0 ? null : dim)) ?? fallback)];
};

const random: ShapeRule = (view) => [
  fact(DATA_TYPES[intAttribute(view.node, 'dtype', 1)], intsAttribute(view.node, 'shape')),
];
const randomLike: ShapeRule = (view) => [
  fact(DATA_TYPES[intAttribute(view.node, 'dtype', 0)] ?? typeOf(view, 0), shapeOf(view, 0)),
];
const eyeLike: ShapeRule = (view) => [
  fact(
    attribute(view.node, 'dtype') === undefined
      ? typeOf(view, 0)
      : DATA_TYPES[intAttribute(view.node, 'dtype', 1)],
    shapeOf(view, 0),
  ),
];

const first = (view: NodeView): Fact['type'] => typeOf(view, 0);
const REDUCTIONS =
  'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceSum ReduceSumSquare';

export const COMPUTE_RULES: Readonly<Record<string, ShapeRule>> = {
  ...Object.fromEntries(REDUCTIONS.split(' ').map((name) => [name, reduction])),
  ReduceProd: reduceProd,
  Conv: convolution(1, first),
  ConvInteger: convolution(1, () => 'int32'),
  QLinearConv: convolution(3, (view) => typeOf(view, 7)),
  ConvTranspose: transposedConvolution,
  MaxPool: pool,
  AveragePool: pool,
  LpPool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  MatMul: matMul(1, first),
  MatMulInteger: matMul(1, () => 'int32'),
  QLinearMatMul: matMul(3, (view) => typeOf(view, 7)),
  Gemm: gemm,
  LSTM: recurrent(3),
  GRU: recurrent(2),
  RNN: recurrent(2),
  ArgMax: argument,
  ArgMin: argument,
  TopK: topK,
  Resize: resize,
  Upsample: resize,
  Einsum: einsum,
  ConstantOfShape: constantOfShape,
  RandomNormal: random,
  RandomUniform: random,
  RandomNormalLike: randomLike,
  RandomUniformLike: randomLike,
  EyeLike: eyeLike,
  NonMaxSuppression: () => [fact('int64', [null, 3])],
};
