/** What a weight itself says about how well it can be rounded. It must not know graphs or activations. */
import { layoutOf } from '../tensor/encoding.ts';

export interface WeightFacts {
  /** Largest absmax of an output channel / that of the median channel; undefined without channels. */
  readonly channelRatio: number | undefined;
  /** Largest magnitude / standard deviation, the largest of any channel. */
  readonly outlier: number;
}

export function weightFacts(
  values: Float32Array,
  dims: readonly number[],
  axis: number | undefined,
): WeightFacts {
  if (axis === undefined)
    return { channelRatio: undefined, outlier: peakOf(values.length, (i) => values[i]) };
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
    if (squares > 0) outlier = Math.max(outlier, largest / Math.sqrt(squares / reduction));
  }
  absmax.sort((a, b) => a - b);
  return {
    channelRatio: absmax.length < 2 ? undefined : absmax[absmax.length - 1] / absmax[absmax.length >> 1],
    outlier,
  };
}

function peakOf(count: number, at: (index: number) => number): number {
  let largest = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    largest = Math.max(largest, Math.abs(at(i)));
    squares += at(i) * at(i);
  }
  return squares === 0 ? 0 : largest / Math.sqrt(squares / count);
}
