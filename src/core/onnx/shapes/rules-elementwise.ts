/**
 * Shape rules of operators that work element by element, with broadcasting where there are several inputs, and the
 * integer arithmetic that exporters use to compute shapes.
 * Source: ONNX operator specification (Operators.md), section Broadcasting.
 */
import { DATA_TYPES } from '../../tensor/dtype.ts';
import type { Dimension } from '../ir.ts';
import { add, broadcast, fact, floorDivide, product, isStatic, subtract, times, type Fact } from './fact.ts';
import { attribute, intAttribute } from '../attributes.ts';
import { shapeOf, typeOf, valuesOf, type NodeView, type ShapeRule } from './node-view.ts';

const like: ShapeRule = (view) => [fact(typeOf(view, 0), shapeOf(view, 0))];
const identity: ShapeRule = (view) => [view.inputs[0]];
const predicate: ShapeRule = (view) => [fact('bool', shapeOf(view, 0))];

function allBroadcast(view: NodeView): readonly Dimension[] | undefined {
  let shape: readonly Dimension[] | undefined = [];
  for (const input of view.inputs) shape = broadcast(shape, input?.shape);
  return shape;
}

/** Element of a broadcast operand of rank ≤ 1: the tracked contents are never larger. */
const at = (values: readonly Dimension[], i: number): Dimension =>
  values[values.length === 1 ? 0 : i] ?? null;

function combine(
  view: NodeView,
  op: (a: Dimension, b: Dimension) => Dimension,
): readonly Dimension[] | undefined {
  const a = valuesOf(view, 0);
  const b = valuesOf(view, 1);
  if (a === undefined || b === undefined) return undefined;
  if ((shapeOf(view, 0)?.length ?? 2) > 1 || (shapeOf(view, 1)?.length ?? 2) > 1) return undefined;
  if (a.length !== b.length && a.length !== 1 && b.length !== 1) return undefined;
  if (a.length === 0 || b.length === 0) return [];
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => exact(op(at(a, i), at(b, i))));
}

/** Literals beyond 2^53 (and fractions) are not followed. */
const exact = (value: Dimension): Dimension =>
  typeof value === 'number' && !Number.isSafeInteger(value) ? null : value;

function binary(op?: (a: Dimension, b: Dimension) => Dimension): ShapeRule {
  return (view) => {
    const values = op === undefined ? undefined : combine(view, op);
    return [fact(typeOf(view, 0) ?? typeOf(view, 1), allBroadcast(view), values)];
  };
}

/** ONNX integer division truncates towards zero; symbols are sizes, so rounding down is the same. */
function divide(a: Dimension, b: Dimension): Dimension {
  if (typeof b !== 'number' || b === 0) return a !== null && a === b ? 1 : null;
  if (typeof a === 'number') return Math.trunc(a / b);
  return b > 0 ? floorDivide(a, b) : null;
}

function extreme(pick: (a: number, b: number) => number): (a: Dimension, b: Dimension) => Dimension {
  return (a, b) => {
    if (a !== null && a === b) return a;
    return typeof a === 'number' && typeof b === 'number' ? pick(a, b) : null;
  };
}

function comparison(holds: (a: number, b: number) => boolean, equalSymbols: boolean): ShapeRule {
  const decide = (a: Dimension, b: Dimension): Dimension => {
    if (typeof a === 'number' && typeof b === 'number') return holds(a, b) ? 1 : 0;
    if (a !== null && a === b) return equalSymbols ? 1 : 0;
    return null;
  };
  return (view) => [fact('bool', allBroadcast(view), combine(view, decide))];
}

const logical =
  (op: (a: Dimension, b: Dimension) => Dimension): ShapeRule =>
  (view) => [fact('bool', allBroadcast(view), combine(view, op))];

const cast: ShapeRule = (view) => {
  const to = DATA_TYPES[intAttribute(view.node, 'to', 0)];
  const integer = to === 'int64' || to === 'int32';
  const fits = (value: Dimension): Dimension =>
    typeof value === 'number' && to === 'int32' && value !== (value | 0) ? null : value;
  const values = integer
    ? valuesOf(view, 0)?.map(fits)
    : to === 'bool'
      ? valuesOf(view, 0)?.map(truth)
      : undefined;
  return [fact(to, shapeOf(view, 0), values)];
};

const truth = (value: Dimension): Dimension => (typeof value === 'number' ? Number(value !== 0) : null);

const where: ShapeRule = (view) => {
  const [condition, a, b] = [valuesOf(view, 0), valuesOf(view, 1), valuesOf(view, 2)];
  const flat = view.inputs.every((input) => (input?.shape?.length ?? 2) <= 1);
  const size = Math.max(condition?.length ?? 0, a?.length ?? 0, b?.length ?? 0);
  const values =
    flat && condition !== undefined && a !== undefined && b !== undefined
      ? Array.from({ length: size }, (_, i): Dimension => {
          const chosen = at(condition, i);
          return chosen === null || typeof chosen === 'string' ? null : at(chosen === 0 ? b : a, i);
        })
      : undefined;
  return [fact(typeOf(view, 1) ?? typeOf(view, 2), allBroadcast(view), values)];
};

const negate: ShapeRule = (view) => [
  fact(
    typeOf(view, 0),
    shapeOf(view, 0),
    valuesOf(view, 0)?.map((value): Dimension => (typeof value === 'number' ? 0 - value : null)),
  ),
];

const not: ShapeRule = (view) => [
  fact(
    'bool',
    shapeOf(view, 0),
    valuesOf(view, 0)?.map((value): Dimension => (typeof value === 'number' ? Number(value === 0) : null)),
  ),
];

const dropout: ShapeRule = (view) => [
  fact(typeOf(view, 0), shapeOf(view, 0)),
  fact(view.opset >= 10 ? 'bool' : typeOf(view, 0), shapeOf(view, 0)),
];

const quantize: ShapeRule = (view) => {
  const declared = attribute(view.node, 'output_dtype');
  const type =
    declared?.kind === 'int' && declared.value !== 0n ? DATA_TYPES[Number(declared.value)] : undefined;
  return [fact(type ?? typeOf(view, 2) ?? 'uint8', shapeOf(view, 0))];
};

const dequantize: ShapeRule = (view) => [fact(typeOf(view, 1) ?? 'float32', shapeOf(view, 0))];

const dynamicQuantize: ShapeRule = (view) => [
  fact('uint8', shapeOf(view, 0)),
  fact('float32', []),
  fact('uint8', []),
];

const batchNormalization: ShapeRule = (view) => {
  const vector = (input: number): Fact => fact(typeOf(view, input), shapeOf(view, input));
  return [fact(typeOf(view, 0), shapeOf(view, 0)), vector(3), vector(4), vector(3), vector(4)];
};

const size: ShapeRule = (view) => {
  const shape = shapeOf(view, 0);
  const count = isStatic(shape)
    ? product(shape)
    : shape?.reduce<Dimension>((total, dim) => times(total, dim), 1);
  return [fact('int64', [], count === undefined ? undefined : [exact(count)])];
};

/** PRelu, and operators whose second operand broadcasts one way only. */
const table: Record<string, ShapeRule> = {
  Identity: identity,
  Add: binary(add),
  Sub: binary(subtract),
  Mul: binary(times),
  Div: binary(divide),
  Mod: binary((a, b) => (typeof a === 'number' && typeof b === 'number' && a >= 0 && b > 0 ? a % b : null)),
  Min: binary(),
  Max: binary(),
  Sum: binary(),
  Mean: binary(),
  Pow: binary(),
  BitShift: binary(),
  BitwiseAnd: binary(),
  BitwiseOr: binary(),
  BitwiseXor: binary(),
  And: logical((a, b) => (a === 0 || b === 0 ? 0 : a === 1 && b === 1 ? 1 : null)),
  Or: logical((a, b) => (a === 1 || b === 1 ? 1 : a === 0 && b === 0 ? 0 : null)),
  Xor: logical((a, b) => (typeof a === 'number' && typeof b === 'number' ? Number(a !== b) : null)),
  Equal: comparison((a, b) => a === b, true),
  Less: comparison((a, b) => a < b, false),
  LessOrEqual: comparison((a, b) => a <= b, true),
  Greater: comparison((a, b) => a > b, false),
  GreaterOrEqual: comparison((a, b) => a >= b, true),
  Where: where,
  Not: not,
  Neg: negate,
  Cast: cast,
  CastLike: (view) => [fact(typeOf(view, 1), shapeOf(view, 0))],
  IsNaN: predicate,
  IsInf: predicate,
  Dropout: dropout,
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  BatchNormalization: batchNormalization,
  Size: size,
};

const pairwiseExtremes: Record<string, (a: number, b: number) => number> = { Min: Math.min, Max: Math.max };
for (const [name, pick] of Object.entries(pairwiseExtremes)) {
  table[name] = (view) => binary(view.inputs.length === 2 ? extreme(pick) : undefined)(view);
}

/** Same type and shape as the first input. */
const SAME_AS_FIRST =
  'Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh CumSum Elu Erf Exp Floor Gelu GroupNormalization HardSigmoid HardSwish Hardmax InstanceNormalization LRN LayerNormalization LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish PRelu RMSNormalization Reciprocal Relu ReverseSequence Round Scatter ScatterElements ScatterND Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu';
for (const name of SAME_AS_FIRST.split(' ')) table[name] = like;

export const ELEMENTWISE_RULES: Readonly<Record<string, ShapeRule>> = table;
