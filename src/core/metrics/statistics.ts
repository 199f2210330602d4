/**
 * Statistics of a comparison: medians, proportions and paired differences, each with a 95 % interval.
 * It must not know models or clocks; randomness comes in from outside.
 */
import { PareError } from '../errors.ts';
import type { Interval } from './types.ts';

/** Standard normal quantile for a two-sided 95 % interval. */
const Z95 = 1.959963984540054;

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

/** @throws PareError `internal` without values. */
export function median(values: readonly number[]): number {
  const n = values.length;
  if (n === 0) throw new PareError('internal', 'A median of no values was asked for.');
  const sorted = ascending(values);
  const upper = sorted[n >> 1];
  return n % 2 === 1 ? upper : (sorted[(n >> 1) - 1] + upper) / 2;
}

/** P(X ≤ k) for X ~ Binomial(n, ½), summed in logarithms so that n may be thousands. */
function binomialHalfCdf(k: number, n: number): number {
  if (k < 0) return 0;
  let logTerm = -n * Math.LN2;
  let sum = 0;
  for (let i = 0; i <= Math.min(k, n); i++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((n - i) / (i + 1));
  }
  return Math.min(1, sum);
}

/** Fewest values for which order statistics can give a 95 % interval: 1 − 2·(½)⁶ = 0.969, while (½)⁵ gives 0.938. */
export const MIN_INTERVAL_RUNS = 6;

/**
 * Distribution-free 95 % interval of the median: the k-th smallest and k-th largest value, k the largest rank with
 * P(Binomial(n, ½) < k) ≤ 0.025. Assumes independent values and nothing else.
 * Source: Conover, Practical Nonparametric Statistics, confidence interval for a quantile.
 * @returns undefined below 6 values, where no such interval exists.
 */
export function medianInterval(values: readonly number[]): Interval | undefined {
  const n = values.length;
  if (n < MIN_INTERVAL_RUNS) return undefined;
  let k = 1;
  while (k < n / 2 && binomialHalfCdf(k, n) <= 0.025) k++;
  const sorted = ascending(values);
  return { low: sorted[k - 1], high: sorted[n - k] };
}

/** Wilson score interval of `hits` out of `n`. Source: Wilson, JASA 22 (1927). */
export function wilsonInterval(hits: number, n: number): Interval {
  const p = hits / n;
  const z2 = Z95 * Z95;
  const centre = p + z2 / (2 * n);
  const half = Z95 * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  const scale = 1 + z2 / n;
  return { low: Math.max(0, (centre - half) / scale), high: Math.min(1, (centre + half) / scale) };
}

/** Two classifiers on the same samples. */
export interface PairedCounts {
  readonly both: number;
  readonly firstOnly: number;
  readonly secondOnly: number;
  readonly neither: number;
}

/** @throws PareError `internal` when the lists differ in length. */
export function pairedCounts(first: readonly boolean[], second: readonly boolean[]): PairedCounts {
  if (first.length !== second.length) {
    throw new PareError('internal', `Paired lists differ in length: ${first.length} and ${second.length}.`);
  }
  let both = 0;
  let firstOnly = 0;
  let secondOnly = 0;
  for (const [i, hit] of first.entries()) {
    if (hit && second[i]) both++;
    else if (hit) firstOnly++;
    else if (second[i]) secondOnly++;
  }
  return { both, firstOnly, secondOnly, neither: first.length - both - firstOnly - secondOnly };
}

/**
 * Exact two-sided McNemar test: the chance that the disagreements split at least this unevenly if both are equally
 * good. 1 when they never disagree.
 */
export function mcnemarExact(counts: PairedCounts): number {
  const n = counts.firstOnly + counts.secondOnly;
  if (n === 0) return 1;
  return Math.min(1, 2 * binomialHalfCdf(Math.min(counts.firstOnly, counts.secondOnly), n));
}

/**
 * p(second) − p(first) with its 95 % interval, paired.
 * Source: Newcombe, Statistics in Medicine 17 (1998) 2635–2650, method 10 (score intervals squared and added, with
 * the correlation of the pairs, continuity-corrected).
 */
export function pairedDifference(counts: PairedCounts): {
  readonly difference: number;
  readonly interval: Interval;
} {
  const { both, firstOnly, secondOnly, neither } = counts;
  const n = both + firstOnly + secondOnly + neither;
  const pSecond = (both + secondOnly) / n;
  const pFirst = (both + firstOnly) / n;
  const second = wilsonInterval(both + secondOnly, n);
  const first = wilsonInterval(both + firstOnly, n);
  const phi = pairCorrelation(counts);
  const difference = (secondOnly - firstOnly) / n;
  const reach = (a: number, b: number): number => Math.sqrt(Math.max(0, a * a - 2 * phi * a * b + b * b));
  return {
    difference,
    interval: {
      low: difference - reach(pSecond - second.low, first.high - pFirst),
      high: difference + reach(second.high - pSecond, pFirst - first.low),
    },
  };
}

function pairCorrelation({ both, firstOnly, secondOnly, neither }: PairedCounts): number {
  const n = both + firstOnly + secondOnly + neither;
  const margins = (both + firstOnly) * (secondOnly + neither) * (both + secondOnly) * (firstOnly + neither);
  if (margins === 0) return 0;
  const product = both * neither - firstOnly * secondOnly;
  const corrected = product > n / 2 ? product - n / 2 : product >= 0 ? 0 : product;
  return corrected / Math.sqrt(margins);
}

/**
 * Percentile bootstrap of the mean of paired differences.
 * @param next uniform in [0, 1), seeded by the caller.
 */
export function bootstrapMean(
  differences: readonly number[],
  next: () => number,
  resamples = 2000,
): { readonly mean: number; readonly interval: Interval } {
  const n = differences.length;
  if (n === 0) throw new PareError('internal', 'A mean of no values was asked for.');
  const means = Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[Math.floor(next() * n)];
    return sum / n;
  });
  const sorted = ascending(means);
  const at = (q: number): number => sorted[Math.min(resamples - 1, Math.max(0, Math.floor(q * resamples)))];
  return {
    mean: differences.reduce((sum, d) => sum + d, 0) / n,
    interval: { low: at(0.025), high: at(0.975) },
  };
}
