/**
 * Statistics of a comparison: medians, proportions and paired differences, each with a 95 % interval.
 * It must not know models or clocks; randomness comes in from outside.
 */
import { PareError } from '../errors.ts';
import { Z95 } from './distributions.ts';
import type { Interval } from './types.ts';

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
  const logOdds = Math.log(q / (1 - q));
  let logTerm = n * Math.log1p(-q);
  // P(X < rank) for the rank at hand.
  let below = 0;
  let low = 0;
  let high = 0;
  for (let rank = 1; rank <= n && high === 0; rank++) {
    below += Math.exp(logTerm);
    logTerm += Math.log((n - rank + 1) / rank) + logOdds;
    if (below <= 0.025) low = rank;
    if (1 - below <= 0.025) high = rank;
  }
  if (low < 1 || high < 1) return undefined;
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

/** Bisections of [0, 1]: a bound is exact to 10⁻¹². */
const BISECTIONS = 40;

/**
 * Exact interval of `hits` out of `n`: the proportions that neither one-sided test at 2.5 % refuses. Contains the truth
 * in at least 95 % of cases whatever it is, where Wilson's may fall to 86 % near 0 and 1.
 * Source: Clopper & Pearson, Biometrika 26 (1934) 404–413.
 */
export function exactInterval(hits: number, n: number): Interval {
  return { low: hits === 0 ? 0 : 1 - upperBound(n - hits, n), high: hits === n ? 1 : upperBound(hits, n) };
}

/** The largest p with P(Binomial(n, p) ≤ k) ≥ 0.025, k < n. */
function upperBound(k: number, n: number): number {
  let low = k / n;
  let high = 1;
  for (let i = 0; i < BISECTIONS; i++) {
    const p = (low + high) / 2;
    if (binomialCdf(k, n, p) >= 0.025) low = p;
    else high = p;
  }
  return (low + high) / 2;
}

/**
 * P(X ≤ k) for X ~ Binomial(n, p), 0 < p < 1, from the largest term, which is that of k here (k ≤ n·p), downwards
 * until nothing is added.
 */
function binomialCdf(k: number, n: number, p: number): number {
  const term = Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
  const odds = (1 - p) / p;
  let ratio = 1;
  let sum = 1;
  for (let i = k; i > 0 && ratio > sum * 1e-16; i--) {
    ratio *= (i / (n - i + 1)) * odds;
    sum += ratio;
  }
  return term * sum;
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Stirling's series; below 20 the product. Error below 10⁻¹². Source: Abramowitz & Stegun, 6.1.41. */
function logFactorial(n: number): number {
  if (n < 20) {
    let product = 1;
    for (let i = 2; i <= n; i++) product *= i;
    return Math.log(product);
  }
  const x = n + 1;
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
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
 * p(second) − p(first) with its 95 % interval, paired: on each side the wider of Newcombe's and Tango's. Either alone
 * falls to 86 to 93 % where few pairs disagree and most of them one way, as a compressed model's do; both together
 * keep 94 % everywhere (coverage.test.ts) and are a few hundredths wider where many disagree.
 */
export function pairedDifference(counts: PairedCounts): {
  readonly difference: number;
  readonly interval: Interval;
} {
  const newcombe = newcombeInterval(counts);
  const tango = tangoInterval(counts);
  return {
    difference: (counts.secondOnly - counts.firstOnly) / pairsIn(counts),
    interval: { low: Math.min(newcombe.low, tango.low), high: Math.max(newcombe.high, tango.high) },
  };
}

function pairsIn({ both, firstOnly, secondOnly, neither }: PairedCounts): number {
  return both + firstOnly + secondOnly + neither;
}

/**
 * Score intervals of both proportions squared and added, with the correlation of the pairs, continuity-corrected.
 * Source: Newcombe, Statistics in Medicine 17 (1998) 2635–2650, method 10.
 */
export function newcombeInterval(counts: PairedCounts): Interval {
  const { both, firstOnly, secondOnly } = counts;
  const n = pairsIn(counts);
  const pSecond = (both + secondOnly) / n;
  const pFirst = (both + firstOnly) / n;
  const second = wilsonInterval(both + secondOnly, n);
  const first = wilsonInterval(both + firstOnly, n);
  const phi = pairCorrelation(counts);
  const difference = (secondOnly - firstOnly) / n;
  const reach = (a: number, b: number): number => Math.sqrt(Math.max(0, a * a - 2 * phi * a * b + b * b));
  return {
    low: difference - reach(pSecond - second.low, first.high - pFirst),
    high: difference + reach(second.high - pSecond, pFirst - first.low),
  };
}

/**
 * Differences that the score test does not refuse, found by bisection:
 * (c − b − nδ) / √(n(2q + δ(1 − δ))) = ±z, q the likeliest share of pairs that only the first has, given δ.
 * Source: Tango, Statistics in Medicine 17 (1998) 891–908.
 */
export function tangoInterval(counts: PairedCounts): Interval {
  const { firstOnly: b, secondOnly: c } = counts;
  const n = pairsIn(counts);
  const score = (delta: number): number => {
    const half = -b - c + (2 * n - c + b) * delta;
    const root = Math.sqrt(Math.max(0, half * half + 8 * n * b * delta * (1 - delta)));
    const q = (root - half) / (4 * n);
    return (c - b - n * delta) / Math.sqrt(n * (2 * q + delta * (1 - delta)));
  };
  // The score falls with δ from +∞ at −1 to −∞ at 1.
  const cross = (from: number, to: number, target: number): number => {
    let low = from;
    let high = to;
    for (let i = 0; i < 50; i++) {
      const middle = (low + high) / 2;
      if (score(middle) > target) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  const difference = (c - b) / n;
  return { low: cross(-1, difference, Z95), high: cross(difference, 1, -Z95) };
}

function pairCorrelation(counts: PairedCounts): number {
  const { both, firstOnly, secondOnly, neither } = counts;
  const n = pairsIn(counts);
  const margins = (both + firstOnly) * (secondOnly + neither) * (both + secondOnly) * (firstOnly + neither);
  if (margins === 0) return 0;
  const product = both * neither - firstOnly * secondOnly;
  const corrected = product > n / 2 ? product - n / 2 : product >= 0 ? 0 : product;
  return corrected / Math.sqrt(margins);
}
