/**
 * Which inputs of which operators hold trained weights, and along which axis their output channels lie. It must not
 * know graphs or compression.
 * Source: ONNX operator specification; com.microsoft contrib operators of onnxruntime.
 */
import { intAttribute, textAttribute } from './attributes.ts';
import type { Node } from './ir.ts';

export interface WeightUse {
  /** 'Conv 3×3', 'MatMul' … */
  readonly op: string;
  /** Output-channel axis of the tensor at this input; undefined when there is none (a whole-tensor scale is used). */
  readonly axis: number | undefined;
}

type Slot = (node: Node, dims: readonly number[], input: number) => WeightUse | undefined;

const at =
  (input: number, slot: Slot): Slot =>
  (node, dims, i) =>
    i === input ? slot(node, dims, i) : undefined;

const conv: Slot = (node, dims) => {
  const group = intAttribute(node, 'group', 1);
  const kind = group === 1 ? '' : dims[1] === 1 ? ' dw' : ` g${group}`;
  const kernel = dims.length > 2 ? ` ${dims.slice(2).join('×')}` : '';
  return { op: `Conv${kind}${kernel}`, axis: 0 };
};

const convTranspose: Slot = (_node, dims) => ({
  op: `ConvTranspose ${dims.slice(2).join('×')}`,
  axis: 1,
});

/** Y = A·B: columns of B and rows of A make output channels. */
function matrixAxis(input: number, rank: number, transposed: boolean): number | undefined {
  if (rank < 2) return undefined;
  return (input === 0) === transposed ? rank - 1 : rank - 2;
}

const gemm: Slot = (node, dims, input) => {
  if (input > 1) return undefined;
  const transposed = intAttribute(node, input === 0 ? 'transA' : 'transB', 0) !== 0;
  return { op: 'Gemm', axis: matrixAxis(input, dims.length, transposed) };
};

const matMul: Slot = (node, dims, input) => {
  if (input > 1) return undefined;
  const transposed = intAttribute(node, input === 0 ? 'transA' : 'transB', 0) !== 0;
  return { op: 'MatMul', axis: matrixAxis(input, dims.length, transposed) };
};

const recurrent: Slot = (node, _dims, input) =>
  input === 1 || input === 2 ? { op: node.opType, axis: 1 } : undefined;

const gather: Slot = (node, dims, input) => {
  if (input !== 0 || dims.length < 2) return undefined;
  const axis = intAttribute(node, 'axis', 0);
  return { op: 'Gather', axis: axis < 0 ? axis + dims.length : axis };
};

const lastAxis: Slot = (node, dims) => ({ op: node.opType, axis: dims.length - 1 });

/** The axis whose label reaches the output and that no other operand has. */
const einsum: Slot = (node, dims, input) => {
  const [left, output] = textAttribute(node, 'equation', '').replaceAll(' ', '').split('->');
  const terms = left.split(',');
  const term = terms[input];
  if (output === undefined || term?.length !== dims.length) return { op: 'Einsum', axis: undefined };
  const others = terms.filter((_, i) => i !== input).join('');
  const axis = Array.from(term).findIndex((label) => output.includes(label) && !others.includes(label));
  return { op: 'Einsum', axis: axis < 0 ? undefined : axis };
};

const ONNX_SLOTS: ReadonlyMap<string, Slot> = new Map([
  ['Conv', at(1, conv)],
  ['ConvTranspose', at(1, convTranspose)],
  ['DeformConv', at(1, conv)],
  ['Gemm', gemm],
  ['MatMul', matMul],
  ['LSTM', recurrent],
  ['GRU', recurrent],
  ['RNN', recurrent],
  ['Gather', gather],
  ['Einsum', einsum],
]);

const MICROSOFT_SLOTS: ReadonlyMap<string, Slot> = new Map([
  ['FusedConv', at(1, conv)],
  ['FusedGemm', gemm],
  ['FusedMatMul', matMul],
  ['Attention', at(1, lastAxis)],
]);

/** Operators that read weights somebody quantized before: they are shown, never touched. */
const QUANTIZED_SLOTS: ReadonlyMap<string, number> = new Map([
  ['QLinearConv', 3],
  ['QLinearMatMul', 3],
  ['ConvInteger', 1],
  ['MatMulInteger', 1],
  ['QGemm', 3],
  ['DynamicQuantizeMatMul', 1],
  ['MatMulIntegerToFloat', 1],
  ['MatMulNBits', 1],
  ['GatherBlockQuantized', 0],
]);

/** What `node` does with a weight of shape `dims` at `input`; undefined when that input is no weight. */
export function weightUse(node: Node, input: number, dims: readonly number[]): WeightUse | undefined {
  const slots =
    node.domain === '' || node.domain === 'ai.onnx'
      ? ONNX_SLOTS
      : node.domain === 'com.microsoft'
        ? MICROSOFT_SLOTS
        : undefined;
  const use = slots?.get(node.opType)?.(node, dims, input);
  return use?.axis !== undefined && (use.axis >= dims.length || use.axis < 0)
    ? { ...use, axis: undefined }
    : use;
}

/** Whether `node` reads an already quantized weight at `input`. */
export function readsQuantizedWeight(node: Node, input: number): boolean {
  return QUANTIZED_SLOTS.get(node.opType) === input;
}
