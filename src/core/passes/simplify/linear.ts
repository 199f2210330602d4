/**
 * An operator that multiplies by a constant weight, read in one form: Conv, ConvTranspose, Gemm and MatMul. Gives the
 * weight scaled per output or per input channel. Pure arithmetic in float64; it must not change graphs.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import { floatAttribute, intAttribute, intsAttribute, textAttribute } from '../../onnx/shapes/node-view.ts';
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
  /** Output channel and input channel of weight element i. */
  readonly channelsOf: (i: number) => readonly [output: number, input: number];
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
  const taps = weight.values.length / Math.max(1, first * second);
  const perGroup = first / group;
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
    channelsOf: (i) => {
      const row = Math.floor(i / (second * taps));
      const column = Math.floor(i / taps) % second;
      const other = Math.floor(row / perGroup) * second + column;
      return forward ? [row, other] : [other, row];
    },
    alpha: 1,
    beta: 1,
    unpadded: forward && (autoPad === 'VALID' || (autoPad === 'NOTSET' && pads.every((pad) => pad === 0))),
  };
}

function readMatrix(op: 'Gemm' | 'MatMul', node: Node, weight: FloatConstant, graph: GraphEditor): Linear {
  const turned = op === 'Gemm' && intAttribute(node, 'transB', 0) === 1;
  const [rows, columns] = [weight.dims[0] ?? 0, weight.dims[1] ?? 0];
  const outputs = turned ? rows : columns;
  return {
    op,
    node,
    weight,
    ...(op === 'Gemm' ? biasOf(node, graph, outputs) : { biasName: undefined, bias: undefined }),
    outputs,
    inputs: turned ? columns : rows,
    outputAxis: -1,
    inputAxis: op === 'Gemm' && intAttribute(node, 'transA', 0) === 1 ? 0 : -1,
    channelsOf: (i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      return turned ? [row, column] : [column, row];
    },
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
  const length = constant?.values.length;
  const flat = constant !== undefined && constant.dims.slice(0, -1).every((dim) => dim === 1);
  if (constant === undefined || !flat || (length !== outputs && length !== 1))
    return { biasName: name, bias: undefined };
  return {
    biasName: name,
    bias: Float64Array.from({ length: outputs }, (_, i) => channelValue(constant.values, i, 0)),
  };
}

/** W · diag: every element times the factor of its output (0) or input (1) channel. */
export function scaledWeight(linear: Linear, side: 0 | 1, scale: Float64Array | undefined): Float64Array {
  if (scale === undefined) return linear.weight.values;
  return linear.weight.values.map((value, i) => value * channelValue(scale, linear.channelsOf(i)[side], 1));
}

/** Σ over input channels and taps of W · t: what a constant shift of the input adds to each output channel. */
export function shiftedBias(linear: Linear, shift: Float64Array): Float64Array {
  const sums = new Float64Array(linear.outputs);
  linear.weight.values.forEach((value, i) => {
    const [output, input] = linear.channelsOf(i);
    sums[output] = (sums[output] ?? 0) + value * channelValue(shift, input, 0);
  });
  return sums;
}
