/**
 * How long two models take, fairly: warmed up, interleaved, in one process, with intervals. Time and breathing come
 * from outside. It must not know sessions; it never runs while a profiler is on.
 */
import { median, medianInterval, MIN_INTERVAL_RUNS, quantile } from '../core/metrics/statistics.ts';
import type { Interval, LatencyMeasurement, LatencyNoise } from '../core/metrics/types.ts';

export interface Clock {
  /** Milliseconds from any origin, never going back. */
  now(): number;
}

export interface LatencyOptions {
  readonly clock: Clock;
  /** Upper bound on the whole part, milliseconds. */
  readonly budgetMillis: number;
  /** Between samples, outside the timed part: lets the host hear a cancel. */
  readonly breathe: (fraction: number) => Promise<void>;
}

/** All that timing finds. */
export type PairLatency = Omit<
  LatencyMeasurement,
  'source' | 'provider' | 'threads' | 'inputs' | 'createMillis' | 'firstRunMillis'
>;

export type LatencyFound =
  { readonly ok: true; readonly latency: PairLatency } | { readonly ok: false; readonly reason: string };

/** The first runs are 5–30 times slow: the engine still compiles and pages are touched for the first time. */
export const MIN_DISCARDED = 10;
/** After this many runs the fastest says whether the whole can fit in the budget. */
const LOOK_AFTER = 3;
/** Warm-up stops when the median of the last five runs is within this of the five before. */
const STABLE_WITHIN = 0.05;
/** Share of the budget that warm-up may take once the minimum is done. */
const WARM_UP_SHARE = 0.35;
/** More pairs than this narrow the interval by less than the machine drifts. */
const MAX_PAIRS = 200;
/** The ratio is known well enough once its interval is this narrow, as a share of it: below that machines drift. */
const TIGHT = 0.02;
/**
 * No sooner than after this many pairs, and looked at every so many. What ends the timing is the width alone, not where
 * the interval lies: on independent noise of 1 to 10 % a pair, 94.5 to 96.2 % of 3,000 such intervals hold the truth
 * (bench/latency-self.ts checks real ones).
 */
const FIRST_LOOK = 40;
const LOOK_EVERY = 20;
/** A sample is at least this long: 200 ticks of the 5 µs clock of an isolated page. */
const MIN_SAMPLE_MILLIS = 1;

/** @param turn counts the runs of this model: both models get the same input at the same turn */
type Run = (turn: number) => Promise<unknown>;

async function timed(run: Run, times: number, clock: Clock, turn: number): Promise<number> {
  const start = clock.now();
  for (let i = 0; i < times; i++) await run(turn + i);
  return (clock.now() - start) / times;
}

function isStable(millis: readonly number[]): boolean {
  const last = median(millis.slice(-5));
  const before = median(millis.slice(-10, -5));
  return Math.abs(last - before) <= STABLE_WITHIN * Math.max(last, before);
}

/**
 * Times `original` and `variant` in turn; the one that goes first alternates, so that drift hits both alike.
 * Errors of the runs pass through.
 */
export async function timePair(original: Run, variant: Run, options: LatencyOptions): Promise<LatencyFound> {
  const { clock, budgetMillis, breathe } = options;
  const start = clock.now();
  const spent = (): number => clock.now() - start;
  const warm: { original: number[]; variant: number[] } = { original: [], variant: [] };
  for (;;) {
    const turn = warm.original.length;
    warm.original.push(await timed(original, 1, clock, turn));
    warm.variant.push(await timed(variant, 1, clock, turn));
    const discarded = warm.original.length;
    if (discarded === LOOK_AFTER) {
      const pairMillis = Math.min(...warm.original) + Math.min(...warm.variant);
      if (pairMillis * (MIN_DISCARDED + MIN_INTERVAL_RUNS) > budgetMillis) {
        return {
          ok: false,
          reason: tooSlow(pairMillis, budgetMillis),
        };
      }
    }
    await breathe(Math.min(1, spent() / budgetMillis));
    if (discarded < MIN_DISCARDED) continue;
    if (isStable(warm.original) && isStable(warm.variant)) break;
    if (spent() > WARM_UP_SHARE * budgetMillis) break;
  }
  const times = (millis: readonly number[]): number =>
    Math.max(1, Math.ceil(MIN_SAMPLE_MILLIS / Math.max(median(millis.slice(-5)), 1e-3)));
  const samples = await samplePairs(
    original,
    variant,
    Math.max(times(warm.original), times(warm.variant)),
    spent,
    options,
  );
  if (samples.original.length < MIN_INTERVAL_RUNS) {
    return {
      ok: false,
      reason: `Only ${samples.original.length} timed runs fitted in ${Math.round(budgetMillis)} ms; an interval needs ${MIN_INTERVAL_RUNS}.`,
    };
  }
  return { ok: true, latency: summarize(samples, warm.original.length) };
}

/** A tenth to spare, rounded up: what is asked for must then be enough. */
function tooSlow(pairMillis: number, budgetMillis: number): string {
  const least = MIN_DISCARDED + MIN_INTERVAL_RUNS;
  const seconds = Math.ceil((pairMillis * least * 1.1) / 1000);
  return `Needs about ${seconds} s, and ${budgetMillis / 1000} s are allowed: one run of both models takes ${Math.round(pairMillis)} ms, and ${MIN_DISCARDED} warm-up and ${MIN_INTERVAL_RUNS} timed runs are the least. Allow more time for measuring.`;
}

interface Samples {
  readonly original: number[];
  readonly variant: number[];
}

async function samplePairs(
  original: Run,
  variant: Run,
  times: number,
  spent: () => number,
  { clock, budgetMillis, breathe }: LatencyOptions,
): Promise<Samples> {
  const samples: Samples = { original: [], variant: [] };
  let longest = 0;
  while (samples.original.length < MAX_PAIRS && spent() + longest <= budgetMillis) {
    const before = spent();
    const turn = samples.original.length * times;
    if (samples.original.length % 2 === 0) {
      samples.original.push(await timed(original, times, clock, turn));
      samples.variant.push(await timed(variant, times, clock, turn));
    } else {
      samples.variant.push(await timed(variant, times, clock, turn));
      samples.original.push(await timed(original, times, clock, turn));
    }
    longest = Math.max(longest, spent() - before);
    if (isTight(samples)) break;
    await breathe(Math.min(1, spent() / budgetMillis));
  }
  return samples;
}

function isTight({ original, variant }: Samples): boolean {
  const pairs = original.length;
  if (pairs < FIRST_LOOK || (pairs - FIRST_LOOK) % LOOK_EVERY !== 0) return false;
  const { low, high } = intervalOf(original.map((millis, i) => millis / variant[i]));
  return high - low <= TIGHT * low;
}

function intervalOf(values: readonly number[]): Interval {
  // samplePairs' caller has checked that there are enough values.
  return medianInterval(values) ?? { low: Math.min(...values), high: Math.max(...values) };
}

function summarize(samples: Samples, discarded: number): PairLatency {
  const ratios = samples.original.map((millis, i) => millis / samples.variant[i]);
  return {
    originalMillis: median(samples.original),
    variantMillis: median(samples.variant),
    originalInterval: intervalOf(samples.original),
    variantInterval: intervalOf(samples.variant),
    speedup: median(ratios),
    speedupInterval: intervalOf(ratios),
    runs: samples.original.length,
    discarded,
    originalP90Millis: quantile(samples.original, 0.9),
    originalP99Millis: quantile(samples.original, 0.99),
    variantP90Millis: quantile(samples.variant, 0.9),
    variantP99Millis: quantile(samples.variant, 0.99),
    noise: noiseOf(samples),
  };
}

/** Steady machines stay below 2 %; a scheduler that shares the core with others gives 10 % and more. */
const QUIET = 0.05;
const NOISY = 0.2;

function noiseOf({ original, variant }: Samples): LatencyNoise {
  const spread = Math.max(
    ...[original, variant].map(
      (millis) => (quantile(millis, 0.75) - quantile(millis, 0.25)) / Math.max(median(millis), 1e-9),
    ),
  );
  return { spread, word: spread <= QUIET ? 'quiet' : spread <= NOISY ? 'noisy' : 'very noisy' };
}
