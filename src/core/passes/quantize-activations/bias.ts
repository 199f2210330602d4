/**
 * The bias of an integer layer as 32-bit codes, weight scales that keep it in range, and weight codes of 7 bits.
 *
 * Sums are counted in units of u_c = alpha · s_x · s_w[c], so the bias is round(b_c / u_c), with an error of at most u_c / 2:
 * half a unit, where the sum itself carries half a unit of every product. Where |b_c| / u_c would leave no room in 32 bits
 * (a channel with tiny or zero weights beside a large bias), s_w[c] is raised until it does not, and the codes of that
 * channel are rounded anew. It must not know graphs.
 */
import { forEachGroupRun, layoutOf } from '../../tensor/encoding.ts';
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

/** What kernels that add pairs of products in 16 bits can read. */
const REDUCED = { low: -64, high: 63 };
/** Scales that are tried, per old scale: twice as wide, and the one with which the largest code becomes 63. */
const WIDER = [2, 127 / 63] as const;

/**
 * Codes in −64 … 63, for kernels that add pairs of products in 16 bits. Each group of codes that does not fit is made
 * anew in whichever way is nearest to the original values: rounded from them, or from the codes that are there (which an
 * earlier step may have chosen) with what each rounding leaves handed on to the next, so that it does not add up.
 * @param original values before they were encoded; undefined = not known, only the codes are there.
 */
export function reduceRange(
  encoding: WeightEncoding,
  dims: readonly number[],
  original: Float32Array | undefined,
): WeightEncoding {
  const { codes, scales, granularity } = encoding;
  const fits = (code: number): boolean => code >= REDUCED.low && code <= REDUCED.high;
  if (scales === undefined || codes.every(fits)) return encoding;
  const groups = new Map<number, (readonly [number, number])[]>();
  forEachGroupRun(granularity, dims, (start, end, g) => {
    const runs = groups.get(g);
    if (runs === undefined) groups.set(g, [[start, end]]);
    else runs.push([start, end]);
  });
  const reduced = Int8Array.from(codes);
  const wider = Float32Array.from(scales);
  for (const [g, runs] of groups) {
    const within = runs.every(([start, end]) => codes.subarray(start, end).every(fits));
    if (!within) wider[g] = reduceGroup(reduced, scales[g], runs, encoding.mask, original);
  }
  return { ...encoding, codes: reduced, scales: wider };
}

/** Rewrites the codes of one group; returns its new scale. */
function reduceGroup(
  codes: Int8Array,
  scale: number,
  runs: readonly (readonly [number, number])[],
  mask: Uint8Array | undefined,
  original: Float32Array | undefined,
): number {
  const kept = (i: number): boolean => mask === undefined || ((mask[i >> 3] >> (i & 7)) & 1) === 1;
  const usable = original?.length === codes.length ? original : undefined;
  /** Σ (value − original)² with these codes; they are written down where `to` is given. */
  const attempt = (factor: number, fresh: boolean, to?: Int8Array): number => {
    const step = Math.fround(scale * factor);
    let handedOn = 0;
    let error = 0;
    for (const [start, end] of runs) {
      for (let i = start; i < end; i++) {
        if (!kept(i)) continue;
        const exact = usable === undefined ? codes[i] * scale : usable[i];
        const wanted = fresh ? exact / step : (codes[i] * scale) / step + handedOn;
        const code = Math.min(REDUCED.high, Math.max(REDUCED.low, halfToEven(wanted)));
        // Half a step at most: what lies beyond the codes is not pushed onto its neighbours.
        if (!fresh) handedOn = Math.min(0.5, Math.max(-0.5, wanted - code));
        error += (code * step - exact) ** 2;
        if (to !== undefined) to[i] = code;
      }
    }
    return error;
  };
  let best: { error: number; factor: number; fresh: boolean } | undefined;
  for (const factor of WIDER) {
    for (const fresh of usable === undefined ? [false] : [true, false]) {
      const error = attempt(factor, fresh);
      if (best === undefined || error < best.error) best = { error, factor, fresh };
    }
  }
  if (best === undefined) return scale;
  attempt(best.factor, best.fresh, codes);
  return Math.fround(scale * best.factor);
}

/** Halves go to the even side: halved codes are halves every other time, and all up would be a mean error. */
function halfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
