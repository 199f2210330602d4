/**
 * Specification of histogram: counts of x in `bins` equal bins over [low, high].
 *
 * All steps in float32, low and high rounded to float32 first:
 *   bin = min(bins − 1, trunc((x·p − low·p) · (bins / (high·p − low·p))))
 * p is a power of two that keeps widths and bins per unit far from overflow and denormals: 1 as a rule, 2^−64 when
 * high − low is above 2^64, 2^100 when it is below 2^−60.
 *
 * - NaN and values outside [low, high] are not counted; x = high falls in the last bin.
 * - low = high: every x equal to it falls in the last bin.
 */
import { checkWhole } from '../checks.ts';

/** The numbers a backend needs; all are float32 values. */
export interface HistogramPlan {
  readonly low: number;
  readonly high: number;
  /** p of the specification. */
  readonly power: number;
  /** low · p */
  readonly base: number;
  /** bins / (high·p − low·p); 0 when low = high. */
  readonly perUnit: number;
}

const WIDE = 2 ** 64;
const NARROW = 2 ** -60;
const MAX_BINS = 65536;

/** @throws RangeError when the range is not finite or reversed, or bins is outside 1..65536. */
export function planHistogram(low: number, high: number, bins: number): HistogramPlan {
  checkWhole('bins', bins, 1, MAX_BINS);
  const from = Math.fround(low);
  const to = Math.fround(high);
  if (!Number.isFinite(from) || !Number.isFinite(to) || from > to) {
    throw new RangeError(`a finite range low ≤ high expected, got ${low}..${high}`);
  }
  const width = Math.fround(to - from);
  const power = width > WIDE ? 2 ** -64 : width < NARROW ? 2 ** 100 : 1;
  const base = Math.fround(from * power);
  const scaled = Math.fround(Math.fround(to * power) - base);
  return { low: from, high: to, power, base, perUnit: from === to ? 0 : Math.fround(bins / scaled) };
}

/** x: any length → counts [bins]. */
export function histogram(x: Float32Array, low: number, high: number, bins: number): Uint32Array {
  const plan = planHistogram(low, high, bins);
  const counts = new Uint32Array(bins);
  for (const value of x) {
    if (!(value >= plan.low && value <= plan.high)) continue;
    const offset = Math.fround(Math.fround(value * plan.power) - plan.base);
    const bin = plan.low === plan.high ? bins - 1 : Math.trunc(Math.fround(offset * plan.perUnit));
    counts[Math.min(bins - 1, bin)]++;
  }
  return counts;
}
