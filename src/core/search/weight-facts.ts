/** What a weight itself says about how well it can be rounded. It must not know graphs or activations. */
import { layoutOf } from '../tensor/encoding.ts';

export interface WeightFacts {
  /** Largest absmax of an output channel / that of the median channel; undefined without channels. */
  readonly channelRatio: number | undefined;
  /** Largest magnitude of the weights that read one input channel / that of the median one; undefined without such channels. */
  readonly inputRatio: number | undefined;
  /** Largest magnitude / spread of the others (one weight of 64 would hide behind its own square), the largest of any channel. */
  readonly outlier: number;
}

export function weightFacts(
  values: Float32Array,
  dims: readonly number[],
  axis: number | undefined,
): WeightFacts {
  if (axis === undefined) return { channelRatio: undefined, inputRatio: undefined, outlier: peakOf(values) };
  const { outer, channels, inner, reduction } = layoutOf(dims, axis);
  const absmax: number[] = [];
  let outlier = 0;
  for (let c = 0; c < channels; c++) {
    let largest = 0;
    let squares = 0;
    for (let o = 0; o < outer; o++) {
      const start = (o * channels + c) * inner;
      for (let i = start; i < start + inner; i++) {
        largest = Math.max(largest, Math.abs(values[i]));
        squares += values[i] * values[i];
      }
    }
    if (largest > 0) absmax.push(largest);
    outlier = Math.max(outlier, peak(largest, squares, reduction));
  }
  return {
    channelRatio: overMedian(absmax),
    inputRatio: overMedian(inputAbsmax(values, dims, axis)),
    outlier,
  };
}

/** By input channel: the first axis where outputs are the second, else the second. Empty for depthwise weights. */
function inputAbsmax(values: Float32Array, dims: readonly number[], axis: number): number[] {
  const inputs = axis === 0 ? 1 : 0;
  if (axis > 1 || dims.length < 2 || dims[inputs] < 2) return [];
  const { channels, inner } = layoutOf(dims, inputs);
  const absmax = new Array<number>(channels).fill(0);
  for (let start = 0, c = 0; start < values.length; start += inner, c = (c + 1) % channels) {
    for (let i = start; i < start + inner; i++) absmax[c] = Math.max(absmax[c], Math.abs(values[i]));
  }
  return absmax.filter((largest) => largest > 0);
}

/** The largest over the median. */
function overMedian(values: number[]): number | undefined {
  if (values.length < 2) return undefined;
  values.sort((a, b) => a - b);
  return values[values.length - 1] / values[values.length >> 1];
}

/** Where all the others are zero there is no scale that they would lose. */
function peak(largest: number, squares: number, count: number): number {
  const others = squares - largest * largest;
  return others <= 0 || count < 2 ? 0 : largest / Math.sqrt(others / (count - 1));
}

function peakOf(values: Float32Array): number {
  let largest = 0;
  let squares = 0;
  for (const value of values) {
    largest = Math.max(largest, Math.abs(value));
    squares += value * value;
  }
  return peak(largest, squares, values.length);
}
