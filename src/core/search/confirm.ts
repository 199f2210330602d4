/**
 * The best of several candidates looks better on the samples that it was chosen on than it is. Here: its figures on
 * samples that chose nothing, whether they confirm the choice, and, where there are too few samples for that, by how
 * much the choice flatters. It must not measure anything.
 */
import { judgeGoal } from '../goal/judge.ts';
import type { Goal, GoalFacts } from '../goal/types.ts';
import { amountText } from '../goal/words.ts';
import { Z95, normalCdf } from '../metrics/distributions.ts';
import type { PartComparison } from '../metrics/tasks/types.ts';
import { judgeCandidate } from './recommend.ts';
import type { TriedCandidate } from './recommend.ts';

/** `refuted`: it misses the goal, or is measurably worse, on samples that chose nothing; it must not be taken. */
export type ConfirmationState = 'confirmed' | 'not-confirmed' | 'refuted';

export interface Confirmation {
  readonly state: ConfirmationState;
  /** With the figures. */
  readonly sentence: string;
}

/**
 * The same judge on other samples. What only looks worse there, within its interval, is not confirmed; what certainly
 * is worse is refuted.
 * @param tried with the accuracy of samples that chose nothing
 * @param comparison of those samples
 */
export function confirmChoice(goal: Goal, tried: TriedCandidate, comparison: PartComparison): Confirmation {
  const said = `On samples that chose nothing: ${comparison.sentence}.`;
  if (judgeCandidate(goal, tried).recommended) return { state: 'confirmed', sentence: `Confirmed. ${said}` };
  const { checks } = judgeGoal(goal, tried.facts);
  const missed = checks.some(({ figure, state }) => figure === 'accuracy' && state === 'missed');
  const unanswered = (tried.unanswered ?? 0) > 0;
  return missed || unanswered || comparison.verdict === 'worse'
    ? { state: 'refuted', sentence: `Refuted, so it is not taken. ${said}` }
    : {
        state: 'not-confirmed',
        sentence: `Not confirmed, and not refuted: what it loses there is within what chance alone may do. ${said}`,
      };
}

/**
 * How much better than it is the chosen one looks, at most, on average: the expectation of the largest of zero (none is
 * chosen) and as many independent normal errors as there are candidates, each as large as the largest. It bounds every
 * rule that chooses by these samples, for the error of the chosen one is never larger than the largest; errors that rise
 * and fall together, as those on the same samples do, have a smaller expected maximum (the inequality of Sudakov and
 * Fernique: Vitale, Proc. AMS 128 (2000) 3681–3685).
 * @param accuracies of the candidates that were chosen among, on the samples that chose
 * @returns in the unit of the metric; null where no error is known
 */
export function flatteryOf(accuracies: readonly GoalFacts['accuracy'][]): number | null {
  const errors = accuracies.flatMap((accuracy) =>
    accuracy === null ? [] : [(accuracy.high - accuracy.low) / (2 * Z95)],
  );
  const largest = Math.max(...errors);
  return errors.length === 0 || !Number.isFinite(largest) ? null : largest * expectedLargest(errors.length);
}

/** Beyond this no normal deviate of any number of candidates lies. */
const FARTHEST = 9;
const STEPS = 900;

/** E max(0, Z₁ … Z_k) = ∫₀^∞ 1 − Φ(x)^k dx, by trapezia (error below 1e-5). */
function expectedLargest(count: number): number {
  const width = FARTHEST / STEPS;
  let sum = 0;
  for (let i = 0; i <= STEPS; i++) {
    const height = 1 - normalCdf(i * width) ** count;
    sum += i === 0 || i === STEPS ? height / 2 : height;
  }
  return sum * width;
}

/** One sentence beside figures of the very samples that a candidate was chosen by. */
export function flatterySentence(
  candidates: number,
  flattery: number | null,
  unit: 'fraction' | 'plain',
): string {
  const among = candidates === 1 ? 'Judged' : `Chosen among ${candidates} recipes`;
  const by =
    flattery === null
      ? 'how much better than it is it looks by that is not known'
      : `on average it looks better by that than it is, by up to about ${amountText(flattery, unit)}`;
  return `${among} on the same samples that its accuracy is of: ${by}.`;
}
