/**
 * Operators that pass their input on unchanged, and pairs that undo or repeat each other. Each rewrite states when it
 * is exact. It must not compute values.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import { sameShape } from '../../onnx/shapes/fact.ts';
import { attribute, intAttribute, intsAttribute, textAttribute } from '../../onnx/attributes.ts';
import { floatTensor, isFloatType } from '../../onnx/shapes/values.ts';
import { DATA_TYPES, type DataType } from '../../tensor/dtype.ts';
import {
  bypass,
  count,
  floatConstant,
  isUsed,
  keepConstant,
  onnxOp,
  skip,
  withChange,
  type Rewrite,
  type Work,
} from './work.ts';

const first = (node: Node): string => node.inputs[0] ?? '';
const result = (node: Node): string => node.outputs[0] ?? '';

function pass(node: Node, graph: GraphEditor, work: Work, what: string): boolean {
  if (!bypass(graph, node, result(node), first(node))) return false;
  count(work, what);
  return true;
}

const identity: Rewrite = (node, graph, work) => pass(node, graph, work, 'identities removed');

/** At inference Dropout copies its input; it drops only in training mode, which is an input from operator set 12 on. */
const dropout: Rewrite = (node, graph, work) => {
  if (isUsed(graph, node.outputs[1] ?? '')) return skip(work, node, 'its mask output is used');
  if (work.opset < 7 && intAttribute(node, 'is_test', 0) === 0)
    return skip(work, node, 'it is in training mode');
  const mode = node.inputs[2] ?? '';
  if (mode !== '' && work.fact(graph, mode)?.values?.[0] !== 0)
    return skip(work, node, 'it may be in training mode');
  return pass(node, graph, work, 'dropouts removed');
};

/** Types that hold every value of the key exactly. */
const HOLDS: Readonly<Partial<Record<DataType, readonly DataType[]>>> = {
  bool: [
    'uint8',
    'int8',
    'uint16',
    'int16',
    'uint32',
    'int32',
    'uint64',
    'int64',
    'float16',
    'float32',
    'float64',
  ],
  uint8: ['uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64', 'float16', 'float32', 'float64'],
  int8: ['int16', 'int32', 'int64', 'float16', 'float32', 'float64'],
  uint16: ['uint32', 'int32', 'uint64', 'int64', 'float32', 'float64'],
  int16: ['int32', 'int64', 'float32', 'float64'],
  uint32: ['uint64', 'int64', 'float64'],
  int32: ['int64', 'float64'],
  float16: ['float32', 'float64'],
  bfloat16: ['float32', 'float64'],
  float32: ['float64'],
};

const cast: Rewrite = (node, graph, work) => {
  const to = DATA_TYPES[intAttribute(node, 'to', 0)];
  const from = work.fact(graph, first(node))?.type;
  if (from !== undefined && from === to) return pass(node, graph, work, 'casts removed');
  const inner = graph.producer(first(node));
  if (inner === undefined || onnxOp(inner) !== 'Cast') return false;
  const source = work.fact(graph, first(inner))?.type;
  const middle = DATA_TYPES[intAttribute(inner, 'to', 0)];
  if (source === undefined || middle === undefined || HOLDS[source]?.includes(middle) !== true) return false;
  graph.replaceNode(node, withChange(node, { inputs: [first(inner)] }));
  count(work, 'casts removed');
  return true;
};

/** The result has the shape of the input and elements stay where they are. */
const sameSizes =
  (what: string, also: (node: Node, graph: GraphEditor, work: Work) => boolean = () => true): Rewrite =>
  (node, graph, work) => {
    const [before, after] = [work.fact(graph, first(node))?.shape, work.fact(graph, result(node))?.shape];
    return sameShape(before, after) && also(node, graph, work) && pass(node, graph, work, what);
  };

/** A slice of full size with steps of 1 must be the whole. */
const forwardSteps = (node: Node, graph: GraphEditor, work: Work): boolean => {
  const steps = node.inputs[4] ?? '';
  return steps === '' || work.fact(graph, steps)?.values?.every((step) => step === 1) === true;
};

/** Sizes could agree by a crop at one end and padding at the other. */
const zeroPads = (node: Node, graph: GraphEditor, work: Work): boolean => {
  const pads = intsAttribute(node, 'pads') ?? work.fact(graph, node.inputs[1] ?? '')?.values;
  return pads?.every((pad) => pad === 0) === true;
};

const transpose: Rewrite = (node, graph, work) => {
  const perm = intsAttribute(node, 'perm');
  const rank = work.fact(graph, first(node))?.shape?.length;
  const still = perm === undefined ? rank !== undefined && rank <= 1 : perm.every((axis, i) => axis === i);
  if (still) return pass(node, graph, work, 'transposes removed');
  const inner = graph.producer(first(node));
  if (inner === undefined || onnxOp(inner) !== 'Transpose') return false;
  const [a, b] = [intsAttribute(inner, 'perm'), perm];
  if (a === undefined || b === undefined) return false;
  const merged = b.map((axis) => BigInt(a[axis] ?? 0));
  const others = node.attributes.filter((attr) => attr.name !== 'perm');
  graph.replaceNode(
    node,
    withChange(node, {
      inputs: [first(inner)],
      attributes: [...others, { name: 'perm', kind: 'ints', value: merged }],
    }),
  );
  count(work, 'transposes merged');
  return true;
};

const single: Rewrite = (node, graph, work) =>
  node.inputs.length === 1 && pass(node, graph, work, `${node.opType.toLowerCase()}s of one removed`);

const wholeSplit: Rewrite = (node, graph, work) =>
  node.outputs.length === 1 && sameSizes('splits of one removed')(node, graph, work);

/** Larger constants of nothing but zeros or ones are not worth the search. */
const MAX_NEUTRAL_SIZE = 65536;

/**
 * x + 0, x − 0, x · 1, x / 1, x ^ 1 where the constant does not widen the shape.
 * (−0 + 0 gives +0: the sign of a zero is below float rounding.)
 */
const neutral =
  (unit: number, sides: readonly number[]): Rewrite =>
  (node, graph, work) => {
    for (const side of sides) {
      const constant = floatConstant(graph, node.inputs[side] ?? '');
      const source = node.inputs[1 - side] ?? '';
      if (constant === undefined || constant.size > MAX_NEUTRAL_SIZE) continue;
      if (!constant.values.every((value) => value === unit)) continue;
      const [x, y] = [work.fact(graph, source), work.fact(graph, result(node))];
      const widens = !sameShape(x?.shape, y?.shape) && !(constant.dims.length === 0);
      if (widens || !bypass(graph, node, result(node), source)) continue;
      count(work, 'neutral operations removed');
      return true;
    }
    return false;
  };

interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** What Relu and Clip with constant bounds limit their input to. */
export function boundsOf(node: Node, graph: GraphEditor, work: Work): Bounds | undefined {
  if (onnxOp(node) === 'Relu') return { low: 0, high: Infinity };
  if (onnxOp(node) !== 'Clip') return undefined;
  const bound = (input: number, name: string, open: number): number | undefined => {
    const given = attribute(node, name);
    if (given?.kind === 'float') return given.value;
    const value = node.inputs[input] ?? '';
    if (value === '') return open;
    const constant = floatConstant(graph, value);
    return constant?.size === 1 ? constant.values[0] : undefined;
  };
  const [low, high] = [bound(1, 'min', -Infinity), bound(2, 'max', Infinity)];
  return low === undefined || high === undefined || Number.isNaN(low) || Number.isNaN(high) || work.opset < 6
    ? undefined
    : { low, high };
}

/** One limit after another is one limit: clip(clip(x, a, b), c, d) = clip(x, max(a, c), min(b, d)) when they overlap. */
const limit: Rewrite = (node, graph, work) => {
  const inner = graph.producer(first(node));
  const outerBounds = boundsOf(node, graph, work);
  const innerBounds = inner === undefined ? undefined : boundsOf(inner, graph, work);
  if (inner === undefined || outerBounds === undefined || innerBounds === undefined) return false;
  const low = Math.max(outerBounds.low, innerBounds.low);
  const high = Math.min(outerBounds.high, innerBounds.high);
  if (low > high) return false;
  if (low === innerBounds.low && high === innerBounds.high) return pass(node, graph, work, 'limits merged');
  if (low === outerBounds.low && high === outerBounds.high) {
    graph.replaceNode(node, withChange(node, { inputs: [first(inner), ...node.inputs.slice(1)] }));
  } else if (!clipTo(node, graph, work, first(inner), { low, high })) return false;
  count(work, 'limits merged');
  return true;
};

function clipTo(node: Node, graph: GraphEditor, work: Work, source: string, { low, high }: Bounds): boolean {
  const type = work.fact(graph, first(node))?.type;
  if (work.opset < 11 || !isFloatType(type)) return false;
  const scalar = (hint: string, value: number): string =>
    Number.isFinite(value)
      ? keepConstant(graph, hint, (name) => floatTensor(name, type, [], Float64Array.of(value)))
      : '';
  const inputs = [source, scalar('clip_min', low), scalar('clip_max', high)];
  while (inputs.at(-1) === '') inputs.pop();
  graph.replaceNode(node, withChange(node, { opType: 'Clip', inputs, attributes: [] }));
  return true;
}

/** Equal sizes are not enough: a scale of 1.01 may round to the same size. */
const unitScales = (node: Node, graph: GraphEditor, work: Work): boolean => {
  const scales = floatConstant(graph, node.inputs[work.opset < 11 ? 1 : 2] ?? '');
  const crops = textAttribute(node, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize';
  return (
    scales !== undefined && scales.values.length > 0 && scales.values.every((scale) => scale === 1) && !crops
  );
};

/** By operator of the ONNX domain. */
export const NOOP_REWRITES: Readonly<Record<string, readonly Rewrite[]>> = {
  Identity: [identity],
  Dropout: [dropout],
  Cast: [cast],
  Reshape: [sameSizes('reshapes removed')],
  Flatten: [sameSizes('reshapes removed')],
  Squeeze: [sameSizes('reshapes removed')],
  Unsqueeze: [sameSizes('reshapes removed')],
  Expand: [sameSizes('expands removed')],
  Tile: [sameSizes('tiles removed')],
  Slice: [sameSizes('slices removed', forwardSteps)],
  Pad: [sameSizes('pads removed', zeroPads)],
  Transpose: [transpose],
  Concat: [single],
  Sum: [single],
  Max: [single],
  Min: [single],
  Mean: [single],
  Split: [wholeSplit],
  Add: [neutral(0, [0, 1])],
  Sub: [neutral(0, [1])],
  Mul: [neutral(1, [0, 1])],
  Div: [neutral(1, [1])],
  Pow: [neutral(1, [1])],
  Relu: [limit],
  Clip: [limit],
  Resize: [sameSizes('resizes removed', unitScales)],
};
