/**
 * Weights that a target reads only as plain constants, whatever was asked for. It must not know how they are written.
 * Source: OpenVINO 2026.4 refuses "LSTMSequence … expects Constant for port 4" where it keeps what decodes a weight: in every
 * file that quantizes activations, and always for decoders of fewer than 8 bits.
 */
import { isOp } from '../../onnx/build.ts';
import type { Model, Node } from '../../onnx/ir.ts';
import { allNodes } from '../../targets/rules/operators.ts';
import type { Target } from '../../targets/types.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';

const RECURRENT = ['LSTM', 'GRU', 'RNN'] as const;
/** Folded when OpenVINO compiles a file in floats. */
const FOLDED: ReadonlySet<string> = new Set(['int8', 'fp16']);

export const isRecurrent = (node: Node): boolean => RECURRENT.some((op) => isOp(node, op));

export const quantizesActivations = (model: Model): boolean =>
  allNodes(model).some((node) => isOp(node, 'QuantizeLinear') || isOp(node, 'DynamicQuantizeLinear'));

/** @param quantized the file quantizes activations. @returns why the weight must stay floats; undefined = it need not. */
export function whyConstant(
  readers: readonly Node[],
  encoding: WeightEncoding,
  target: Pick<Target, 'label' | 'weights'>,
  quantized: boolean,
): string | undefined {
  if (target.weights.recurrentConstants !== true || !readers.some(isRecurrent)) return undefined;
  if (quantized)
    return `${target.label} wants weights of LSTM, GRU and RNN as constants in a file that quantizes activations`;
  const { storage, precision } = encoding;
  if (storage.form !== 'decode-at-load' || FOLDED.has(precision)) return undefined;
  return `${target.label} does not load an LSTM, GRU or RNN whose weights are decoded from ${precision}`;
}
