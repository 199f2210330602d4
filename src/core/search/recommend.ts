/**
 * Which of the candidates that were really made and measured is recommended, and why the others are not. A model that is
 * measurably worse, or may be slower, never is. It must not measure anything.
 */
import { judgeGoal } from '../goal/judge.ts';
import type { Goal, GoalCheck, GoalFacts } from '../goal/types.ts';

export interface TriedCandidate {
  readonly facts: GoalFacts;
  /** Bytes of the original. */
  readonly originalBytes: number;
  /**
   * Layers are computed otherwise than in the original (in integers): its speed is then known by measuring alone. Else
   * the same kernels run on the same numbers of values, and only a measurably slower one is refused.
   */
  readonly computesOtherwise: boolean;
}

export interface Judged {
  readonly recommended: boolean;
  /** Why not, or what is not certain; sentences. */
  readonly reasons: readonly string[];
}

/** @param goal its loss is what may be lost; without one nothing may be lost measurably. */
export function judgeCandidate(
  goal: Goal,
  { facts, originalBytes, computesOtherwise }: TriedCandidate,
): Judged {
  const refusals: string[] = [];
  const doubts: string[] = [];
  for (const check of judgeGoal({ ...goal, neverSlower: false }, facts).checks) {
    if (check.state === 'missed' || !pointMeets(goal, check, facts)) refusals.push(check.sentence);
    else if (check.state === 'undecided') doubts.push(check.sentence);
  }
  const slower = slowerReason(facts, computesOtherwise);
  if (slower !== undefined) refusals.push(slower);
  const worse = goal.maxLoss === undefined ? worseReason(facts) : undefined;
  if (worse !== undefined) refusals.push(worse);
  if (facts.bytes >= originalBytes && goal.objective !== 'fastest')
    refusals.push(`It is not smaller: ${facts.bytes} bytes against ${originalBytes}.`);
  return refusals.length > 0
    ? { recommended: false, reasons: refusals }
    : { recommended: true, reasons: doubts };
}

/** What is undecided by its interval is taken by its value, and said to be. */
function pointMeets(goal: Goal, { constraint, state }: GoalCheck, facts: GoalFacts): boolean {
  if (state !== 'undecided') return state === 'met';
  const { accuracy, speedup, millis } = facts;
  switch (constraint) {
    case 'maxLoss': {
      // Not measured is said as a doubt; what has no labels has only its outputs to go by.
      if (accuracy === null) return true;
      const loss = accuracy.higherIsBetter ? -accuracy.difference : accuracy.difference;
      return loss <= (goal.maxLoss ?? Infinity);
    }
    case 'minAccuracy': {
      if (accuracy === null) return true;
      const floor = goal.minAccuracy ?? -Infinity;
      return accuracy.higherIsBetter ? accuracy.value >= floor : accuracy.value <= floor;
    }
    case 'minSpeedup':
      return speedup !== null && speedup.value >= (goal.minSpeedup ?? 0);
    case 'maxMillis':
      return millis !== null && millis.value <= (goal.maxMillis ?? Infinity);
    case 'maxBytes':
    case 'maxMemoryBytes':
    case 'neverSlower':
      return true;
    default:
      return constraint satisfies never;
  }
}

function slowerReason({ speedup }: GoalFacts, computesOtherwise: boolean): string | undefined {
  if (speedup === null)
    return computesOtherwise
      ? 'Its speed is not measured, and it computes otherwise than the original.'
      : undefined;
  const bound = computesOtherwise ? speedup.low : speedup.high;
  if (bound >= 1) return undefined;
  const between = `between ${speedup.low.toFixed(2)} and ${speedup.high.toFixed(2)} times as fast as the original`;
  return computesOtherwise && speedup.high >= 1
    ? `It may be slower: ${between}.`
    : `It is slower: ${between}.`;
}

function worseReason({ accuracy }: GoalFacts): string | undefined {
  if (accuracy === null) return undefined;
  const best = accuracy.higherIsBetter ? accuracy.high : -accuracy.low;
  return best < 0 ? 'It is measurably less accurate than the original.' : undefined;
}

/** Index of the best of the recommended ones by the goal's objective; −1 = none. */
export function bestOf(
  goal: Goal,
  tried: readonly { readonly facts: GoalFacts; readonly judged: Judged }[],
): number {
  let best = -1;
  tried.forEach(({ facts, judged }, i) => {
    if (judged.recommended && (best < 0 || isBetter(goal, facts, tried[best].facts))) best = i;
  });
  return best;
}

function isBetter(goal: Goal, a: GoalFacts, b: GoalFacts): boolean {
  const gain = ({ accuracy }: GoalFacts): number =>
    accuracy === null ? -Infinity : accuracy.higherIsBetter ? accuracy.difference : -accuracy.difference;
  switch (goal.objective) {
    case 'smallest':
    case 'least-energy':
      return a.bytes < b.bytes;
    case 'fastest':
      return (a.speedup?.value ?? 0) > (b.speedup?.value ?? 0);
    case 'most-accurate':
      return gain(a) === gain(b) ? a.bytes < b.bytes : gain(a) > gain(b);
    default:
      return goal.objective satisfies never;
  }
}
