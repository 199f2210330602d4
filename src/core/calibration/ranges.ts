/**
 * From what a value was seen to be (a range or a histogram) to the 8-bit grid it is stored on: first a range that holds
 * 0, by one of four methods, then scale and zero point. It must not know graphs, passes or runtimes.
 *
 * code = clamp(round(x / scale) + zeroPoint, low, high), value = (code − zeroPoint) · scale.
 * - minmax: all that was seen.
 * - percentile: 0.005 % are cut off at either end, or 0.01 % of a value that has one sign.
 * - mse: the range with the least Σ (x − value(x))², each bin taken as evenly filled, so that wide bins do not hide the step.
 * - entropy: the threshold T with the least KL(P ‖ Q): P the histogram of |x| cut at T with what lies beyond in its last
 *   bin, Q the same in as many levels as codes. Source: S. Migacz, 8-bit inference with TensorRT, GTC 2017.
 * - auto: all that was seen, unless the range of least squared error has a tenth of that error or less. What is cut off is an error
 *   in one direction, which adds up over a sum, while roundings cancel; it must gain much to be worth it.
 * Source of the affine scheme: Jacob et al. 2018, arXiv:1712.05877.
 */
import type { ValueHistogram, ValueRange } from './types.ts';

export const RANGE_METHODS = ['auto', 'minmax', 'percentile', 'mse', 'entropy'] as const;
export type RangeMethod = (typeof RANGE_METHODS)[number];

/** How codes are written: a target's scheme of activations is one. */
export interface CodeScheme {
  readonly type: 'uint8' | 'int8';
  /** Zero point in the middle of the codes: 0 of int8, 128 of uint8. */
  readonly symmetric: boolean;
}

export interface CodeGrid {
  readonly type: CodeScheme['type'];
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Share of the elements that the percentile cuts off. */
const CUT_SHARE = 1e-4;
/** Steps of a code range: 256 codes. */
const STEPS = 255;

/** Smallest and largest code of a scheme. A symmetric scheme leaves the lowest out, so that both sides are equal. */
export function codeBounds({ type, symmetric }: CodeScheme): { low: number; high: number } {
  if (type === 'int8') return { low: symmetric ? -127 : -128, high: 127 };
  return { low: symmetric ? 1 : 0, high: 255 };
}

/**
 * The range that is to be represented; holds 0 and lies within what was seen.
 * @param seen its smallest and largest value, where they are known more exactly than the histogram's edges.
 */
export function chooseRange(
  histogram: ValueHistogram,
  method: RangeMethod,
  scheme: CodeScheme,
  seen: ValueRange = { min: histogram.low, max: histogram.high },
): ValueRange {
  const full = withZero(seen);
  if (!(full.max > full.min) || total(histogram) === 0) return full;
  switch (method) {
    case 'minmax':
      return full;
    case 'auto':
      return within(carefulRange(histogram, full, scheme), full);
    case 'percentile':
      return within(percentileRange(histogram), full);
    case 'mse':
      return within(mseRange(histogram, full, scheme), full);
    case 'entropy':
      return within(entropyRange(histogram, full, scheme), full);
    default:
      return method satisfies never;
  }
}

/**
 * Scale and zero point of a range.
 * @param bounds of a Clip or Relu whose work the grid takes over: every code then lies within them. They must hold 0.
 */
export function gridOf(range: ValueRange, scheme: CodeScheme, bounds?: ValueRange): CodeGrid {
  const { type } = scheme;
  const low = Math.max(Math.min(0, range.min), bounds?.min ?? -Infinity);
  const high = Math.min(Math.max(0, range.max), bounds?.max ?? Infinity);
  const codes = codeBounds(scheme);
  if (scheme.symmetric) {
    const zeroPoint = type === 'int8' ? 0 : 128;
    const scale = positive(Math.max(-low, high) / (codes.high - zeroPoint));
    return { type, scale, zeroPoint };
  }
  const wide = positive((high - low) / STEPS);
  const zeroPoint = Math.min(codes.high, Math.max(codes.low, codes.low + Math.round(-low / wide)));
  const scale = bounds === undefined ? wide : inside(wide, zeroPoint, codes, bounds);
  return { type, scale, zeroPoint };
}

/** The nearest float32; 1 where there is no range: every code then stands for 0 or what it may be. */
function positive(scale: number): number {
  const rounded = Math.fround(scale);
  return rounded > 0 && Number.isFinite(rounded) ? rounded : 1;
}

/** The largest float32 scale, at most `scale`, with which no code leaves the bounds. */
function inside(
  scale: number,
  zeroPoint: number,
  codes: { low: number; high: number },
  { min, max }: ValueRange,
): number {
  const above = codes.high - zeroPoint;
  const below = zeroPoint - codes.low;
  let limit = scale;
  if (above > 0) limit = Math.min(limit, max / above);
  if (below > 0) limit = Math.min(limit, -min / below);
  if (!(limit > 0)) return scale;
  let rounded = Math.fround(limit);
  // A runtime multiplies in float32: one step down where rounding went up.
  while (
    rounded > 0 &&
    (rounded * above > max || Math.fround(rounded * above) > max || rounded * below > -min)
  ) {
    rounded = floatBelow(rounded);
  }
  return rounded > 0 ? rounded : scale;
}

function floatBelow(value: number): number {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value);
  bits.setUint32(0, bits.getUint32(0) - 1);
  return bits.getFloat32(0);
}

function withZero({ min, max }: ValueRange): ValueRange {
  return { min: Math.min(0, min), max: Math.max(0, max) };
}

function within(range: ValueRange, full: ValueRange): ValueRange {
  return withZero({ min: Math.max(range.min, full.min), max: Math.min(range.max, full.max) });
}

function total({ counts }: ValueHistogram): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

const widthOf = ({ low, high, counts }: ValueHistogram): number => (high - low) / counts.length;

/** Cut at the inner edges of the bins that hold the first and the last kept element. */
function percentileRange(histogram: ValueHistogram): ValueRange {
  const { low, high, counts } = histogram;
  const sides = low < 0 && high > 0 ? 2 : 1;
  const cut = (CUT_SHARE * total(histogram)) / sides;
  const width = widthOf(histogram);
  let first = 0;
  for (let dropped = 0; low < 0 && first < counts.length - 1; first++) {
    dropped += counts[first];
    if (dropped > cut) break;
  }
  let last = counts.length - 1;
  for (let dropped = 0; high > 0 && last > first; last--) {
    dropped += counts[last];
    if (dropped > cut) break;
  }
  return { min: low + first * width, max: low + (last + 1) * width };
}

/** Shares of the full range that are tried on both sides together, then on each side alone. */
const SHARES: readonly number[] = Array.from({ length: 64 }, (_, i) => 1 - i / 66);
/** Rounds in which either side is moved while the other stands. */
const ROUNDS = 2;

function mseRange(histogram: ValueHistogram, full: ValueRange, scheme: CodeScheme): ValueRange {
  const cost = (range: ValueRange): number => gridError(histogram, gridOf(range, scheme), scheme);
  let best = full;
  let least = cost(full);
  const consider = (range: ValueRange): void => {
    const error = cost(range);
    if (error >= least) return;
    least = error;
    best = range;
  };
  for (const share of SHARES) consider({ min: full.min * share, max: full.max * share });
  if (full.min === 0 || full.max === 0 || scheme.symmetric) return best;
  for (let round = 0; round < ROUNDS; round++) {
    const { min } = best;
    for (const share of SHARES) consider({ min, max: full.max * share });
    const { max } = best;
    for (const share of SHARES) consider({ min: full.min * share, max });
  }
  return best;
}

/** Error that a smaller range may leave, as a share of that of the full one. */
const WORTH_CUTTING = 0.1;

function carefulRange(histogram: ValueHistogram, full: ValueRange, scheme: CodeScheme): ValueRange {
  const cut = mseRange(histogram, full, scheme);
  const error = (range: ValueRange): number => gridError(histogram, gridOf(range, scheme), scheme);
  return error(cut) <= WORTH_CUTTING * error(full) ? cut : full;
}

/**
 * Σ (x − value(x))² of a histogram on a grid, each bin evenly filled. A bin that touches 0 from one side counts as zeros:
 * after a Relu that is what it holds.
 */
export function gridError(histogram: ValueHistogram, grid: CodeGrid, scheme: CodeScheme): number {
  const { low, counts } = histogram;
  const width = widthOf(histogram);
  const codes = codeBounds(scheme);
  const { scale, zeroPoint } = grid;
  const bottom = codes.low - zeroPoint;
  const top = codes.high - zeroPoint;
  const step = width / scale;
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const from = (low + i * width) / scale;
    const to = from + step;
    if (from === 0 || (i === counts.length - 1 && histogram.high === 0)) continue;
    sum += (counts[i] * (errorUpTo(to, bottom, top) - errorUpTo(from, bottom, top))) / step;
  }
  return sum * scale * scale;
}

/** ∫₀ᵗ (u − clamp(round(u)))² du, in steps of the grid. */
function errorUpTo(t: number, bottom: number, top: number): number {
  if (t < 0) return -errorUpTo(-t, -top, -bottom);
  const roundsUpTo = Math.min(t, top + 0.5);
  const whole = Math.floor(roundsUpTo + 0.5);
  const rest = roundsUpTo - whole;
  // Each whole step gives 1/12, the last one up to where it is left: (rest³ + 1/8) / 3, the first half step 1/24 less.
  const rounding = whole / 12 + rest ** 3 / 3;
  if (t <= top + 0.5) return rounding;
  return rounding + ((t - top) ** 3 - 0.125) / 3;
}

/** Thresholds that are looked at. */
const THRESHOLDS = 128;

function entropyRange(histogram: ValueHistogram, full: ValueRange, { symmetric }: CodeScheme): ValueRange {
  // Half of symmetric codes lie on the side that a one-sided value never takes.
  const oneSided = !symmetric && (full.min === 0 || full.max === 0);
  const levels = oneSided ? STEPS + 1 : (STEPS + 1) / 2;
  const bins = magnitudes(histogram);
  // Zeros keep their value on every grid. After a Relu they are most of all, and would decide alone.
  bins[0] = Math.min(bins[0], bins[1]);
  const width = Math.max(-histogram.low, histogram.high) / bins.length;
  let best = bins.length;
  let least = Infinity;
  const step = Math.max(1, Math.floor((bins.length - levels) / THRESHOLDS));
  for (let kept = bins.length; kept >= levels; kept -= step) {
    const divergence = divergenceAt(bins, kept, levels);
    if (divergence >= least) continue;
    least = divergence;
    best = kept;
  }
  const threshold = best * width;
  return { min: Math.max(full.min, -threshold), max: Math.min(full.max, threshold) };
}

/** The histogram of |x|, in as many bins; a bin that lies across an edge is shared out. */
function magnitudes({ low, high, counts }: ValueHistogram): Float64Array {
  const bins = new Float64Array(counts.length);
  const width = (high - low) / counts.length;
  const unit = Math.max(-low, high) / counts.length;
  const add = (from: number, to: number, count: number): void => {
    if (!(to > from)) return;
    const first = Math.min(bins.length - 1, Math.floor(from / unit));
    const last = Math.min(bins.length - 1, Math.floor(to / unit));
    for (let b = first; b <= last; b++) {
      const lower = Math.max(from, b * unit);
      const upper = b === last ? to : Math.min(to, (b + 1) * unit);
      bins[b] += (count * Math.max(0, upper - lower)) / (to - from);
    }
  };
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue;
    const from = low + i * width;
    const to = from + width;
    const negative = Math.min(to, 0) - Math.min(from, 0);
    const share = negative / width;
    add(Math.max(0, -to), Math.max(0, -from), counts[i] * share);
    add(Math.max(0, from), Math.max(0, to), counts[i] * (1 - share));
  }
  return bins;
}

/** KL(P ‖ Q) of the first `kept` bins in `levels` levels; what lies beyond is in the last bin of P, and not in Q. */
function divergenceAt(bins: Float64Array, kept: number, levels: number): number {
  let beyond = 0;
  for (let i = kept; i < bins.length; i++) beyond += bins[i];
  let inSum = 0;
  for (let i = 0; i < kept; i++) inSum += bins[i];
  if (inSum === 0) return Infinity;
  const sum = inSum + beyond;
  let divergence = 0;
  for (let level = 0; level < levels; level++) {
    const from = Math.floor((level * kept) / levels);
    const to = Math.floor(((level + 1) * kept) / levels);
    let count = 0;
    let filled = 0;
    for (let i = from; i < to; i++) {
      count += bins[i];
      if (bins[i] > 0 || (i === kept - 1 && beyond > 0)) filled++;
    }
    // A level spreads what it holds over its bins that hold something.
    const q = filled === 0 ? 0 : count / filled / inSum;
    for (let i = from; i < to; i++) {
      const p = (bins[i] + (i === kept - 1 ? beyond : 0)) / sum;
      if (p === 0) continue;
      if (q === 0) return Infinity;
      divergence += p * Math.log(p / q);
    }
  }
  return divergence;
}
