/**
 * One weight looked at closely: how its values lie before and after, what was lost, how unlike its channels are. It
 * must not know pages. "Before" is what the compression started from: where a step such as folding changed the weight
 * exactly, that step's result.
 */
import { PareError } from '../core/errors.ts';
import type { Tensor } from '../core/onnx/ir.ts';
import { readWeight, type WeightLayer } from '../core/onnx/weights.ts';
import { layoutOf } from '../core/tensor/encoding.ts';
import type { KernelSet } from '../core/tensor/kernel-set.ts';
import type { Histogram, LayerDetail } from './api.ts';

/** Enough to show two humps, few enough to be read on a phone. */
export const HISTOGRAM_BINS = 48;

/**
 * @param base the layer in the original model
 * @param variant the layer of the same id in the variant; undefined when a step removed it
 * @throws PareError `not-measurable` when the values cannot be read
 */
export async function describeLayer(
  base: WeightLayer,
  variant: WeightLayer | undefined,
  kernels: KernelSet,
): Promise<LayerDetail> {
  const encoded = variant?.tensor.data.kind === 'encoded' ? variant.tensor : undefined;
  const source = encoded?.data.kind === 'encoded' ? encoded.data.original : base.tensor;
  const before = values(source);
  const after = encoded === undefined ? null : values(encoded);
  const range = rangeOf(after === null ? [before] : [before, after]);
  const sums = after === null ? null : await kernels.errorSums(before, after);
  return {
    layerId: base.id,
    before: await histogram(before, range, kernels),
    after: after === null ? null : await histogram(after, range, kernels),
    sqnrDb: sums === null ? null : sums.noise === 0 ? Infinity : 10 * Math.log10(sums.signal / sums.noise),
    zeros: countZeros(after ?? before),
    channelRangeRatio: channelRangeRatio(before, base),
  };
}

function values(tensor: Tensor): Float32Array {
  const found = readWeight(tensor);
  if (found !== undefined) return found;
  throw new PareError('not-measurable', `The values of "${tensor.name}" cannot be read as numbers.`, {
    at: `tensor ${tensor.name}`,
    hint: 'Its data is in a file that was not opened with the model, or does not fit its shape.',
  });
}

/** Of the finite values; a range without width gets one, so that bins have a size. */
function rangeOf(parts: readonly Float32Array[]): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const part of parts) {
    for (const value of part) {
      if (value < low && value > -Infinity) low = value;
      if (value > high && value < Infinity) high = value;
    }
  }
  if (low > high) return { low: -1, high: 1 };
  return low === high
    ? { low: low - Math.abs(low) / 2 - 1e-6, high: high + Math.abs(high) / 2 + 1e-6 }
    : { low, high };
}

async function histogram(
  part: Float32Array,
  { low, high }: { low: number; high: number },
  kernels: KernelSet,
): Promise<Histogram> {
  return { low, high, counts: Array.from(await kernels.histogram(part, low, high, HISTOGRAM_BINS)) };
}

function countZeros(part: Float32Array): number {
  let zeros = 0;
  for (const value of part) if (value === 0) zeros++;
  return zeros;
}

/** Width of the widest channel over that of the narrowest that has any; null below two such channels. */
function channelRangeRatio(part: Float32Array, { axis, tensor }: WeightLayer): number | null {
  if (axis === undefined) return null;
  const { outer, channels, inner } = layoutOf(tensor.dims, axis);
  const low = new Float32Array(channels).fill(Infinity);
  const high = new Float32Array(channels).fill(-Infinity);
  for (let o = 0, at = 0; o < outer; o++) {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < inner; i++, at++) {
        low[c] = Math.min(low[c], part[at]);
        high[c] = Math.max(high[c], part[at]);
      }
    }
  }
  let narrowest = Infinity;
  let widest = 0;
  let counted = 0;
  for (let c = 0; c < channels; c++) {
    const width = high[c] - low[c];
    if (!(width > 0 && width < Infinity)) continue;
    counted++;
    narrowest = Math.min(narrowest, width);
    widest = Math.max(widest, width);
  }
  return counted < 2 ? null : widest / narrowest;
}
