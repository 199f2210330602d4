/**
 * A weight layer as the operator that multiplies by it: where its input and output are, its bias, and which channels
 * each weight belongs to. For passes that move numbers between neighbours. It must not change graphs.
 */
import { intAttribute } from '../onnx/attributes.ts';
import { isOp } from '../onnx/build.ts';
import type { GraphEditor } from '../onnx/draft.ts';
import type { Node } from '../onnx/ir.ts';
import type { WeightLayer } from '../onnx/weights.ts';

export interface LinearLayer {
  readonly layer: WeightLayer;
  readonly node: Node;
  readonly op: 'Conv' | 'Gemm' | 'MatMul';
  readonly input: string;
  readonly output: string;
  /** Axis of input and output that runs over channels; −1 = last. */
  readonly channelAxis: 1 | -1;
  readonly outputs: number;
  readonly inputs: number;
  /** Output and input channel of weight element i, row-major. */
  readonly outputOf: (i: number) => number;
  readonly inputOf: (i: number) => number;
  /** Name of the bias input, '' where there is none; undefined: the operator takes none (MatMul). */
  readonly bias: string | undefined;
}

/**
 * The one operator of the main graph that reads the layer's tensor directly, as Conv (input 1), Gemm or MatMul (input 1);
 * a sentence where that is not so.
 */
export function linearLayer(layer: WeightLayer, editor: GraphEditor): LinearLayer | string {
  const [consumer] = layer.consumers;
  if (editor.path !== '' || consumer?.graph !== '') return 'it stands in a subgraph or a function';
  if (layer.consumers.length !== 1) return `${layer.consumers.length} operators read it`;
  const node = editor.current(consumer.node);
  if (node === undefined || consumer.input !== 1 || node.inputs[1] !== layer.value) {
    return `${consumer.node.opType} does not read it as its plain weight`;
  }
  const { dims } = layer.tensor;
  const common = { layer, node, input: node.inputs[0] ?? '', output: node.outputs[0] ?? '' };
  if (isOp(node, 'Conv')) return convolution(common, dims);
  if (isOp(node, 'Gemm') && dims.length === 2 && intAttribute(node, 'transA', 0) === 0) {
    return matrix(common, 'Gemm', dims, intAttribute(node, 'transB', 0) === 1);
  }
  if (isOp(node, 'MatMul') && dims.length === 2) return matrix(common, 'MatMul', dims, false);
  return `${node.opType} is not supported`;
}

type Common = Pick<LinearLayer, 'layer' | 'node' | 'input' | 'output'>;

function convolution(common: Common, dims: readonly number[]): LinearLayer | string {
  const { node } = common;
  const group = intAttribute(node, 'group', 1);
  const [outputs, perGroup] = [dims[0] ?? 0, dims[1] ?? 0];
  if (group < 1 || outputs % group !== 0) return `its ${group} groups do not divide ${outputs} channels`;
  const taps = dims.slice(2).reduce((a, b) => a * b, 1);
  const outputOf = (i: number): number => Math.floor(i / (perGroup * taps));
  const inputOf = (i: number): number =>
    Math.floor(outputOf(i) / (outputs / group)) * perGroup + (Math.floor(i / taps) % perGroup);
  return {
    ...common,
    op: 'Conv',
    channelAxis: 1,
    outputs,
    inputs: perGroup * group,
    outputOf,
    inputOf,
    bias: node.inputs[2] ?? '',
  };
}

function matrix(
  common: Common,
  op: 'Gemm' | 'MatMul',
  dims: readonly number[],
  turned: boolean,
): LinearLayer {
  const [rows, columns] = [dims[0] ?? 0, dims[1] ?? 0];
  const row = (i: number): number => Math.floor(i / columns);
  const column = (i: number): number => i % columns;
  return {
    ...common,
    op,
    channelAxis: -1,
    outputs: turned ? rows : columns,
    inputs: turned ? columns : rows,
    outputOf: turned ? row : column,
    inputOf: turned ? column : row,
    bias: op === 'Gemm' ? (common.node.inputs[2] ?? '') : undefined,
  };
}
