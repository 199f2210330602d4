/** Whether a comparison has enough samples for the question, and how many it would take. It must not know models. */
import { pairsNeeded, pairsNeededForMean } from '../tests.ts';
import type { MainDifference } from './deltas.ts';
import { thousands } from './sentence.ts';
import type { MetricId, Verdict } from './types.ts';

/** Half the width of a 95 % interval over the standard error, nearly normal. */
const HALF_WIDTHS = 1.96;

/**
 * Null when the interval answers the question: it is narrow enough, or it leaves zero out.
 * @param tolerance the difference that matters.
 */
export function tooFewSamples(
  { metric, interval, n, baseline, discordance }: MainDifference,
  verdict: Verdict,
  tolerance: number,
  noun: string,
): string | null {
  const difference = metric === 'mae' ? tolerance * Math.abs(baseline) : tolerance;
  const half = (interval.high - interval.low) / 2;
  if (n === 1) return `One sample says nothing about a difference of ${questionOf(metric, tolerance)}.`;
  if (verdict !== 'indistinguishable' || half <= difference || difference === 0) return null;
  const needed =
    discordance === undefined
      ? pairsNeededForMean(difference, half / HALF_WIDTHS, n)
      : // Without any disagreement so far, the interval says how much there may be.
        pairsNeeded(difference, discordance === 0 ? half : discordance);
  return `${thousands(n)} ${noun} are too few to tell a difference of ${questionOf(metric, tolerance)}: about ${thousands(rounded(Math.max(needed, n + 1)))} are needed.`;
}

function questionOf(metric: MetricId, tolerance: number): string {
  const points = Number((tolerance * 100).toPrecision(3));
  return metric === 'mae' ? `${points} % of the error` : `${points} pt`;
}

/** Two digits that count; it is an estimate. */
function rounded(n: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(n)) - 1);
  return Math.ceil(n / unit) * unit;
}
