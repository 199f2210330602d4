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

/** P(X ≤ k) for X ~ Binomial(n, p), 0 < p < 1, summed in logarithms so that n may be thousands. */
function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  const logOdds = Math.log(p / (1 - p));
  let logTerm = n * Math.log1p(-p);
  let sum = 0;
  for (let i = 0; i <= Math.min(k, n); i++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((n - i) / (i + 1)) + logOdds;
  }
  return Math.min(1, sum);
}

function binomialHalfCdf(k: number, n: number): number {
  return binomialCdf(k, n, 0.5);
}

/**
 * The value below which a share `q` of the values lies, linear between neighbours: position q·(n − 1) in ascending
 * order. Source: Hyndman & Fan, The American Statistician 50 (1996) 361–365, definition 7.
 * @throws PareError `internal` without values.
 */
export function quantile(values: readonly number[], q: number): number {
  const n = values.length;
  if (n === 0) throw new PareError('internal', 'A quantile of no values was asked for.');
  const sorted = ascending(values);
  const at = q * (n - 1);
  const below = Math.floor(at);
  const above = Math.min(n - 1, below + 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/**
 * Distribution-free 95 % interval of a quantile: the k-th smallest value that P(Binomial(n, q) < k) ≤ 0.025 allows, and
 * the smallest m-th with P(Binomial(n, q) ≥ m) ≤ 0.025. Assumes independent values and nothing else.
 * Source: as for the median.
 * @returns undefined where no such interval exists: 99 % need 368 values, 90 % need 36.
 */
export function quantileInterval(values: readonly number[], q: number): Interval | undefined {
  const n = values.length;
  let low = 0;
  while (low < n && binomialCdf(low, n, q) <= 0.025) low++;
  let high = low + 1;
  while (high <= n && 1 - binomialCdf(high - 1, n, q) > 0.025) high++;
  if (low < 1 || high > n) return undefined;
  const sorted = ascending(values);
  return { low: sorted[low - 1], high: sorted[high - 1] };
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
