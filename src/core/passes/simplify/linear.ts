/**
 * An operator that multiplies by a constant weight, read in one form: Conv, ConvTranspose, Gemm and MatMul. Gives the
 * weight scaled per output or per input channel. Pure arithmetic in float64; it must not change graphs.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node, Tensor } from '../../onnx/ir.ts';
import { floatAttribute, intAttribute, intsAttribute, textAttribute } from '../../onnx/attributes.ts';
import { floatTensor } from '../../onnx/shapes/values.ts';
import { channelValue } from './affine.ts';
import { floatConstant, onnxOp, type FloatConstant, type Work } from './work.ts';

export interface Linear {
  readonly op: 'Conv' | 'ConvTranspose' | 'Gemm' | 'MatMul';
  readonly node: Node;
  readonly weight: FloatConstant;
  /** Name of the bias input; undefined when there is none. */
  readonly biasName: string | undefined;
  /** Constant bias, one number per output channel; undefined when there is none or it is not constant. */
  readonly bias: Float64Array | undefined;
  readonly outputs: number;
  readonly inputs: number;
  /** Axis of the output that runs over output channels; −1 = last. */
  readonly outputAxis: number;
  readonly inputAxis: number;
  /** Output channel of weight element i. */
  readonly outputOf: (i: number) => number;
  /** Input channel of weight element i. */
  readonly inputOf: (i: number) => number;
  /** Gemm's factor of A · B. */
  readonly alpha: number;
  /** Gemm's factor of the bias. */
  readonly beta: number;
  /** True when no padding is read: a shift of the input is then the same everywhere. */
  readonly unpadded: boolean;
}

export function readLinear(node: Node | undefined, graph: GraphEditor, work: Work): Linear | undefined {
  if (node === undefined) return undefined;
  const op = onnxOp(node);
  const weight = floatConstant(graph, node.inputs[1] ?? '');
  if (weight === undefined) return undefined;
  if (op === 'Conv' || op === 'ConvTranspose') return readConvolution(op, node, weight, graph);
  if (weight.dims.length !== 2) return undefined;
  if (op === 'MatMul') return readMatrix(op, node, weight, graph);
  return op === 'Gemm' && work.opset >= 7 ? readMatrix(op, node, weight, graph) : undefined;
}

function readConvolution(
  op: 'Conv' | 'ConvTranspose',
  node: Node,
  weight: FloatConstant,
  graph: GraphEditor,
): Linear | undefined {
  const group = intAttribute(node, 'group', 1);
  const [first, second] = [weight.dims[0] ?? 0, weight.dims[1] ?? 0];
  if (weight.dims.length < 3 || group < 1 || first % group !== 0) return undefined;
  const taps = weight.size / Math.max(1, first * second);
  const perGroup = first / group;
  const row = (i: number): number => Math.floor(i / (second * taps));
  // The second axis counts within a group.
  const across = (i: number): number =>
    Math.floor(row(i) / perGroup) * second + (Math.floor(i / taps) % second);
  const forward = op === 'Conv';
  const autoPad = textAttribute(node, 'auto_pad', 'NOTSET');
  const pads = intsAttribute(node, 'pads') ?? [];
  return {
    op,
    node,
    weight,
    ...biasOf(node, graph, forward ? first : second * group),
    outputs: forward ? first : second * group,
    inputs: forward ? second * group : first,
    outputAxis: 1,
    inputAxis: 1,
    outputOf: forward ? row : across,
    inputOf: forward ? across : row,
    alpha: 1,
    beta: 1,
    unpadded: forward && (autoPad === 'VALID' || (autoPad === 'NOTSET' && pads.every((pad) => pad === 0))),
  };
}

function readMatrix(op: 'Gemm' | 'MatMul', node: Node, weight: FloatConstant, graph: GraphEditor): Linear {
  const turned = op === 'Gemm' && intAttribute(node, 'transB', 0) === 1;
  const [rows, columns] = [weight.dims[0] ?? 0, weight.dims[1] ?? 0];
  const outputs = turned ? rows : columns;
  const row = (i: number): number => Math.floor(i / columns);
  const column = (i: number): number => i % columns;
  return {
    op,
    node,
    weight,
    ...(op === 'Gemm' ? biasOf(node, graph, outputs) : { biasName: undefined, bias: undefined }),
    outputs,
    inputs: turned ? columns : rows,
    outputAxis: -1,
    inputAxis: op === 'Gemm' && intAttribute(node, 'transA', 0) === 1 ? 0 : -1,
    outputOf: turned ? row : column,
    inputOf: turned ? column : row,
    alpha: op === 'Gemm' ? floatAttribute(node, 'alpha', 1) : 1,
    beta: op === 'Gemm' ? floatAttribute(node, 'beta', 1) : 1,
    unpadded: true,
  };
}

/** A bias counts as constant when it is one number per output channel: [C], [1, C], or one for all. */
function biasOf(node: Node, graph: GraphEditor, outputs: number): Pick<Linear, 'biasName' | 'bias'> {
  const name = node.inputs[2] ?? '';
  if (name === '') return { biasName: undefined, bias: undefined };
  const constant = floatConstant(graph, name);
  const length = constant?.size;
  const flat = constant !== undefined && constant.dims.slice(0, -1).every((dim) => dim === 1);
  if (constant === undefined || !flat || (length !== outputs && length !== 1))
    return { biasName: name, bias: undefined };
  return {
    biasName: name,
    bias: Float64Array.from({ length: outputs }, (_, i) => channelValue(constant.values, i, 0)),
  };
}

const LARGEST = { float16: 65504, float32: 3.4028234663852886e38, float64: Number.MAX_VALUE } as const;

/** A finite value became too large for the type. */
export function overflows(
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  type: FloatConstant['type'],
): boolean {
  const limit = LARGEST[type];
  for (let i = 0; i < after.length; i++) {
    const [was, is] = [before[i] ?? 0, after[i] ?? 0];
    if (!(Math.abs(is) <= limit) && Math.abs(was) <= limit) return true;
  }
  return false;
}

/**
 * W · diag: every element times the factor of its output or input channel, in float64, rounded once to the weight's
 * type. Undefined when a result would overflow that type.
 */
export function scaledWeight(
  linear: Linear,
  side: 'output' | 'input',
  scale: Float64Array,
  name: string,
): Tensor | undefined {
  const { weight } = linear;
  const channel = side === 'output' ? linear.outputOf : linear.inputOf;
  const values = weight.values;
  const scaled = new Float64Array(values.length);
  for (let i = 0; i < scaled.length; i++) scaled[i] = (values[i] ?? 0) * channelValue(scale, channel(i), 1);
  return overflows(values, scaled, weight.type)
    ? undefined
    : floatTensor(name, weight.type, weight.dims, scaled);
}

/** Σ over input channels and taps of W · t: what a constant shift of the input adds to each output channel. */
export function shiftedBias(linear: Linear, shift: Float64Array): Float64Array {
  const sums = new Float64Array(linear.outputs);
  linear.weight.values.forEach((value, i) => {
    const output = linear.outputOf(i);
    sums[output] = (sums[output] ?? 0) + value * channelValue(shift, linear.inputOf(i), 0);
  });
  return sums;
}
