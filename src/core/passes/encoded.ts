/** What every pass on weights does with an encoded tensor. It must not know a particular pass. */
import type { Tensor } from '../onnx/ir.ts';
import { readWeight } from '../onnx/weights.ts';
import type { WeightStorage } from '../tensor/encoding.ts';
import type { ErrorSums } from '../tensor/kernel-set.ts';

/** The tensor as it stood before the first encoding. */
export function originalOf(tensor: Tensor): Tensor {
  return tensor.data.kind === 'encoded' ? tensor.data.original : tensor;
}

/** The floats of a weight before its first encoding: what every step's error is measured against. `values` = those it has now. */
export function originalValues(tensor: Tensor, values: Float32Array): Float32Array {
  return tensor.data.kind === 'encoded' ? (readWeight(tensor.data.original) ?? values) : values;
}

/** The mask that an earlier step left, to be kept by a later one. */
export function carriedMask(
  tensor: Tensor,
  elements: number,
): { mask: Uint8Array | undefined; kept: number; sparse: WeightStorage['sparse'] } {
  if (tensor.data.kind !== 'encoded') return { mask: undefined, kept: elements, sparse: 'dense' };
  const { mask, kept, storage } = tensor.data.encoding;
  return { mask, kept, sparse: storage.sparse };
}

/** The values of a weight, never to be written to; a string says why it is left alone. */
export function usableValues(tensor: Tensor): Float32Array | string {
  const values = readWeight(tensor);
  if (values === undefined) return 'its values do not fit its shape';
  return unusable(values) ?? values;
}

function unusable(values: Float32Array): string | undefined {
  let nan = 0;
  let infinite = 0;
  for (const value of values) {
    if (value - value === 0) continue;
    if (Number.isNaN(value)) nan++;
    else infinite++;
  }
  if (nan + infinite === 0) return undefined;
  return `${nan} NaN and ${infinite} infinite values`;
}

/** Signal to noise, decibels; Infinity when nothing was lost. */
export function decibels({ signal, noise }: Pick<ErrorSums, 'signal' | 'noise'>): number {
  return noise === 0 ? Infinity : 10 * Math.log10(signal / noise);
}
