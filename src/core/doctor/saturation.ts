/**
 * Whether sums of two products can leave 16 bits on x86 CPUs without VNNI.
 *
 * The instruction VPMADDUBSW multiplies unsigned codes a by signed codes b and adds neighbours: s = a₀b₀ + a₁b₁, kept in
 * 16 bits with saturation. With both codes of the activation at their largest, a, the sum is a · (b₀ + b₁): it leaves
 * −32,768 … 32,767 when b₀ + b₁ does −32,768/a … 32,767/a. Codes of opposite signs cannot (255 · 128 = 32,640).
 * Neighbours lie along the reduction: K of a matrix product; kernel rows, columns, then input channels of a convolution,
 * which the runtime computes with channels last. Counted from the codes as they stand in the file; the largest code of
 * the activation comes from its range on the samples where that is known, else it is the largest there is.
 * Sources: https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html (data type selection),
 * Intel 64 and IA-32 Architectures Software Developer's Manual, VPMADDUBSW.
 * It must not know how codes were chosen.
 */
import type { ValueRange } from '../calibration/types.ts';
import { intAttribute } from '../onnx/attributes.ts';
import { isOp } from '../onnx/build.ts';
import type { Node, Tensor } from '../onnx/ir.ts';
import { codesOf } from '../targets/rules/qdq-view.ts';
import type { QdqView, Quantized } from '../targets/rules/qdq-view.ts';

export interface PairCount {
  readonly node: Node;
  /** Pairs of neighbouring codes, and those that can saturate. */
  readonly pairs: number;
  readonly saturating: number;
  /** Largest code of the activation that was counted with. */
  readonly largestCode: number;
  /** The range was seen on samples. */
  readonly seen: boolean;
}

const MAX_SUM = 32_767;
const MIN_SUM = -32_768;
const MAX_CODE = 255;

/** Layers with unsigned activations and signed weights; others cannot saturate. */
export function countPairs(view: QdqView, ranges: ReadonlyMap<string, ValueRange>): PairCount[] {
  return view.graph.nodes.flatMap((node) => {
    const operands = operandsOf(node, view);
    if (operands === undefined) return [];
    const codes = codesOf(operands.weight);
    if (codes === undefined || !(codes instanceof Int8Array)) return [];
    const { largest, seen } = largestCode(operands.activation, view, ranges);
    const counted = pairsOf(node, operands.weight.dims, codes, largest);
    return counted === undefined ? [] : [{ node, largestCode: largest, seen, ...counted }];
  });
}

interface Operands {
  readonly weight: Tensor;
  /** Undefined: its codes are found at run time and use the whole range. */
  readonly activation: Quantized | undefined;
}

function operandsOf(node: Node, view: QdqView): Operands | undefined {
  if (isOp(node, 'MatMulInteger') || isOp(node, 'ConvInteger')) {
    const weight = view.constants.get(node.inputs[1]);
    return weight === undefined ? undefined : { weight, activation: undefined };
  }
  if (!isOp(node, 'Conv') && !isOp(node, 'MatMul') && !isOp(node, 'Gemm')) return undefined;
  const activation = view.inputOf(node, 0);
  const weight = view.inputOf(node, 1)?.codes;
  if (activation?.type !== 'uint8' || activation.codes !== undefined || weight === undefined)
    return undefined;
  return { weight, activation };
}

function largestCode(
  activation: Quantized | undefined,
  view: QdqView,
  ranges: ReadonlyMap<string, ValueRange>,
): { largest: number; seen: boolean } {
  const range = activation === undefined ? undefined : rangeBehind(activation.node, view, ranges);
  if (activation === undefined || range === undefined || !Number.isFinite(range.max)) {
    return { largest: MAX_CODE, seen: false };
  }
  const code = Math.round(range.max / activation.scales[0]) + activation.zeroPoints[0];
  return { largest: Math.max(0, Math.min(MAX_CODE, code)), seen: true };
}

/** A pair stands before its readers or behind its producer: the value keeps its name on one side of it. */
function rangeBehind(
  dequantize: Node,
  view: QdqView,
  ranges: ReadonlyMap<string, ValueRange>,
): ValueRange | undefined {
  const quantize = view.producers.get(dequantize.inputs[0]);
  return (
    ranges.get(dequantize.outputs[0]) ?? (quantize === undefined ? undefined : ranges.get(quantize.inputs[0]))
  );
}

/** Names under which `countPairs` looks for ranges. */
export function rangesWanted(view: QdqView): string[] {
  return view.graph.nodes.flatMap((node) => {
    const activation = operandsOf(node, view)?.activation;
    if (activation === undefined) return [];
    const quantize = view.producers.get(activation.node.inputs[0]);
    return [activation.node.outputs[0], ...(quantize === undefined ? [] : [quantize.inputs[0]])];
  });
}

type Counted = Pick<PairCount, 'pairs' | 'saturating'>;

function pairsOf(
  node: Node,
  dims: readonly number[],
  codes: Int8Array,
  largest: number,
): Counted | undefined {
  if (node.opType.startsWith('Conv')) {
    // A depthwise kernel adds in 32 bits.
    if (dims.length < 3 || dims[1] === 1) return undefined;
    const [outputs, channels, ...kernel] = dims;
    const positions = kernel.reduce((product, size) => product * size, 1);
    // Channels last: neighbours are the same position of two channels.
    return count(codes, largest, outputs, channels * positions, (output, k) => {
      const position = Math.floor(k / channels);
      return (output * channels + (k % channels)) * positions + position;
    });
  }
  if (dims.length < 2) return undefined;
  const [rows, columns] = dims.slice(-2);
  const matrices = codes.length / Math.max(1, rows * columns);
  const transposed = node.opType === 'Gemm' && intAttribute(node, 'transB', 0) !== 0;
  const [reduction, outputs] = transposed ? [columns, rows] : [rows, columns];
  return count(codes, largest, matrices * outputs, reduction, (output, k) => {
    const base = Math.floor(output / outputs) * rows * columns;
    const column = output % outputs;
    return base + (transposed ? column * columns + k : k * columns + column);
  });
}

function count(
  codes: Int8Array,
  largest: number,
  outputs: number,
  reduction: number,
  at: (output: number, k: number) => number,
): Counted {
  let saturating = 0;
  const pairs = Math.floor(reduction / 2);
  for (let output = 0; output < outputs; output++) {
    for (let i = 0; i < pairs; i++) {
      const sum = (codes[at(output, 2 * i)] + codes[at(output, 2 * i + 1)]) * largest;
      if (sum > MAX_SUM || sum < MIN_SUM) saturating++;
    }
  }
  return { pairs: pairs * outputs, saturating };
}
