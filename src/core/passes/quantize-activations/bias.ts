/**
 * The bias of an integer layer as 32-bit codes, and weight scales that keep it in range.
 *
 * Sums are counted in units of u_c = alpha · s_x · s_w[c], so the bias is round(b_c / u_c), with an error of at most u_c / 2:
 * half a unit, where the sum itself carries half a unit of every product. Where |b_c| / u_c would leave no room in 32 bits
 * (a channel with tiny or zero weights beside a large bias), s_w[c] is raised until it does not, and the codes of that
 * channel are rounded anew. It must not know graphs.
 */
import { layoutOf } from '../../tensor/encoding.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';

/** Half of 2^31: the other half is room for the sum of products, at most 255 · 127 · K, enough up to K = 33,000. */
const MAX_BIAS_CODE = 2 ** 30;
/** Scale of a channel of zeros. Any will do; some runtimes refuse 0. */
const ZERO_CHANNEL_SCALE = 2 ** -20;

/** An operator's bias, and the units its sums are counted in per unit of weight scale: alpha · s_x. */
export interface BiasUse {
  readonly bias: Float32Array | undefined;
  readonly inputScale: number;
}

/** The encoding with scales that are positive and large enough for every bias; the same one when they are. */
export function roomForBias(
  encoding: WeightEncoding,
  dims: readonly number[],
  uses: readonly BiasUse[],
): WeightEncoding {
  const old = encoding.scales ?? new Float32Array(0);
  const needed = old.map((scale, g) => {
    let least = scale > 0 ? scale : ZERO_CHANNEL_SCALE;
    for (const { bias, inputScale } of uses) {
      least = Math.max(least, largest(bias, g, old.length) / (Math.abs(inputScale) * MAX_BIAS_CODE));
    }
    return least;
  });
  if (needed.every((scale, g) => scale === old[g])) return encoding;
  const codes = Int8Array.from(encoding.codes);
  const channelOf = channels(encoding, dims);
  for (let i = 0; i < codes.length; i++) {
    const g = channelOf(i);
    if (needed[g] !== old[g]) codes[i] = Math.round((codes[i] * old[g]) / needed[g]);
  }
  return { ...encoding, codes, scales: needed };
}

/** The largest bias that a scale serves. */
function largest(bias: Float32Array | undefined, group: number, groups: number): number {
  if (bias === undefined) return 0;
  if (groups > 1) return Math.abs(bias[group]);
  return bias.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function channels({ granularity }: WeightEncoding, dims: readonly number[]): (i: number) => number {
  if (granularity.kind !== 'channel') return () => 0;
  const layout = layoutOf(dims, granularity.axis);
  return (i) => Math.floor(i / layout.inner) % layout.channels;
}

export interface QuantizedBias {
  readonly codes: Int32Array;
  /** One, or one a channel. */
  readonly scales: Float32Array;
}

export function quantizeBias(
  bias: Float32Array,
  inputScale: number,
  weightScales: Float32Array,
): QuantizedBias {
  const scales = weightScales.map((scale) => scale * inputScale);
  const codes = Int32Array.from(bias, (value, c) => Math.round(value / scales[scales.length === 1 ? 0 : c]));
  return { codes, scales };
}

/** Codes in −64 … 63, for kernels that add pairs of products in 16 bits: every scale is doubled. */
export function reduceRange(encoding: WeightEncoding): WeightEncoding {
  const { codes, scales } = encoding;
  if (scales === undefined || codes.every((code) => code >= -64 && code <= 63)) return encoding;
  return {
    ...encoding,
    codes: Int8Array.from(codes, (code) => Math.min(63, halfToEven(code))),
    scales: scales.map((scale) => scale * 2),
  };
}

/** code / 2, ties to even: rounded up, they would move every weight by a quarter of a step on average. */
function halfToEven(code: number): number {
  const low = Math.floor(code / 2);
  return code % 2 === 0 || low % 2 === 0 ? low : low + 1;
}
