/**
 * Which of several attempts on the same samples is proposed: the customary one, unless another is better by more than
 * chance gives. The best of many attempts looks better than it is, so that the highest score alone is no reason.
 * It must not know what was tried.
 */
import { mcnemarExact, pairedCounts } from '../../core/metrics/statistics.ts';

/** What one sample gave, 0..1, and how much it counts (characters of a line; 1). */
export interface SampleScore {
  readonly score: number;
  readonly weight: number;
}

/** Σ score · weight / Σ weight; 0 of nothing. */
export function meanScore(scores: readonly SampleScore[]): number {
  let sum = 0;
  let weights = 0;
  for (const { score, weight } of scores) {
    sum += score * weight;
    weights += weight;
  }
  return weights === 0 ? 0 : sum / weights;
}

/**
 * Chance of a difference at least this large if both are equally good: exact McNemar for rights and wrongs, else a
 * paired z test of the weighted differences.
 */
export function pairedChance(first: readonly SampleScore[], second: readonly SampleScore[]): number {
  const binary = [...first, ...second].every(
    ({ score, weight }) => weight === 1 && (score === 0 || score === 1),
  );
  if (binary) {
    return mcnemarExact(
      pairedCounts(
        first.map(({ score }) => score === 1),
        second.map(({ score }) => score === 1),
      ),
    );
  }
  const differences = first.map(({ score, weight }, i) => (score - second[i].score) * weight);
  const n = differences.length;
  if (n < 2) return 1;
  const mean = differences.reduce((a, b) => a + b, 0) / n;
  const variance = differences.reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1);
  if (mean === 0) return 1;
  if (variance === 0) return 0;
  return 2 * (1 - normalCdf(Math.abs(mean) / Math.sqrt(variance / n)));
}

/** Φ(z) for z ≥ 0, absolute error below 7.5e-8. Source: Abramowitz & Stegun 26.2.17. */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}

/**
 * Index of the first attempt that no other beats with a chance below `alpha`.
 * @param attempts in customary order, on the same samples.
 */
export function chooseCustomary(attempts: readonly (readonly SampleScore[])[], alpha: number): number {
  const means = attempts.map(meanScore);
  const beaten = (i: number): boolean =>
    attempts.some((other, k) => means[k] > means[i] && pairedChance(other, attempts[i]) < alpha);
  const first = attempts.findIndex((_, i) => !beaten(i));
  // The best mean is never beaten, so that there is always one.
  return Math.max(0, first);
}

/** Indices of the attempts that the best does not beat for certain, best first, the customary of equals first. */
export function contenders(attempts: readonly (readonly SampleScore[])[], most: number): number[] {
  const means = attempts.map(meanScore);
  const order = means.map((_, i) => i).sort((a, b) => means[b] - means[a] || a - b);
  const best = attempts[order[0]];
  return order.filter((i) => i === order[0] || pairedChance(best, attempts[i]) >= 0.05).slice(0, most);
}
