/**
 * Seeded bootstrap intervals. Studentised for means and ratios of sums, percentile for figures of a whole set (mean
 * average precision, mean IoU). It must not know what the numbers are of.
 *
 * Why studentised: with 30 samples of a skewed quantity the percentile interval of a mean contains the truth in about
 * 91 of 100 cases; the studentised one in 95 (coverage.test.ts). Source: Efron & Tibshirani, An Introduction to the
 * Bootstrap (1993), chapters 12 and 13.
 */
import { PareError } from '../errors.ts';
import type { Random } from '../passes/types.ts';
import type { Interval } from './types.ts';

const RESAMPLES = 2000;
/** Draws of single samples that one interval may take: about a second. Large sets get fewer resamples, never below `FEWEST`. */
const MOST_DRAWS = 100_000_000;
const FEWEST = 400;

function resamplesFor(cost: number): number {
  return Math.max(FEWEST, Math.min(RESAMPLES, Math.floor(MOST_DRAWS / Math.max(1, cost))));
}

function quantileOf(sorted: Float64Array, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.floor(q * sorted.length)))];
}

/** Sums over samples whose ratio is the figure: edits and lengths, errors and ones. */
export interface RatioSums {
  readonly numerators: Float64Array;
  readonly denominators: Float64Array;
}

interface RatioFit {
  readonly ratio: number;
  readonly standardError: number;
}

/** Standard error by linearisation: residuals a − R·b. Source: Cochran, Sampling Techniques (1977), section 6.3. */
function fitOf(n: number, a: number, b: number, aa: number, ab: number, bb: number): RatioFit {
  const ratio = a / b;
  const residuals = Math.max(0, aa - 2 * ratio * ab + ratio * ratio * bb);
  return { ratio, standardError: Math.sqrt((n / Math.max(1, n - 1)) * residuals) / b };
}

/**
 * ΣA / ΣB with its 95 % interval.
 * @throws PareError `internal` without samples or where ΣB is not positive.
 */
export function bootstrapRatio(
  { numerators, denominators }: RatioSums,
  random: Random,
): { readonly value: number; readonly interval: Interval } {
  const n = numerators.length;
  const fit = sumUp(numerators, denominators, (i) => i);
  if (n === 0 || !(fit.ratio > Number.NEGATIVE_INFINITY)) {
    throw new PareError('internal', 'A ratio of no values was asked for.');
  }
  const { ratio: value, standardError } = fit;
  if (n === 1 || standardError === 0) return { value, interval: { low: value, high: value } };
  const resamples = resamplesFor(n);
  const studentised = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    const drawn = sumUp(numerators, denominators, () => Math.floor(random.next() * n));
    studentised[r] = drawn.standardError > 0 ? (drawn.ratio - value) / drawn.standardError : 0;
  }
  studentised.sort();
  return {
    value,
    interval: {
      low: value - quantileOf(studentised, 0.975) * standardError,
      high: value - quantileOf(studentised, 0.025) * standardError,
    },
  };
}

function sumUp(numerators: Float64Array, denominators: Float64Array, pick: (i: number) => number): RatioFit {
  let a = 0;
  let b = 0;
  let aa = 0;
  let ab = 0;
  let bb = 0;
  for (let i = 0; i < numerators.length; i++) {
    const at = pick(i);
    const x = numerators[at];
    const y = denominators[at];
    a += x;
    b += y;
    aa += x * x;
    ab += x * y;
    bb += y * y;
  }
  return fitOf(numerators.length, a, b, aa, ab, bb);
}

/**
 * Percentile intervals of figures that only the whole set has: each resample gives every sample a whole weight, how
 * often it was drawn.
 * @param figures several figures of one weighting, so that all see the same resamples; NaN where one does not exist.
 * @param cost of one call of `figures`, in steps of the size of a multiplication.
 */
export function bootstrapFigures(
  samples: number,
  figures: (weights: Uint16Array) => readonly number[],
  random: Random,
  cost: number,
): { readonly interval: Interval; readonly pValue: number }[] {
  const resamples = resamplesFor(cost);
  const weights = new Uint16Array(samples);
  const drawn: number[][] = [];
  for (let r = 0; r < resamples; r++) {
    weights.fill(0);
    for (let i = 0; i < samples; i++) weights[Math.floor(random.next() * samples)]++;
    for (const [k, figure] of figures(weights).entries()) {
      if (Number.isFinite(figure)) (drawn[k] ??= []).push(figure);
    }
  }
  return drawn.map((values) => {
    const sorted = Float64Array.from(values).sort();
    return {
      interval: { low: quantileOf(sorted, 0.025), high: quantileOf(sorted, 0.975) },
      pValue: signP(sorted),
    };
  });
}

/** Two-sided: how rarely the resamples lie on the other side of zero. Never 0, because the resamples are finite. */
function signP(values: Float64Array): number {
  const below = values.filter((value) => value <= 0).length;
  const above = values.filter((value) => value >= 0).length;
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (values.length + 1));
}
