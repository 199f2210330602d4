/**
 * Which of the candidates that were really made and measured is recommended, and why the others are not: one judge for
 * page and command line. A model that is measurably worse, or may be slower, never is. It must not measure anything.
 */
import { judgeGoal } from '../goal/judge.ts';
import type { Goal, GoalCheck, GoalFacts } from '../goal/types.ts';
import type { Recipe } from '../recipe/types.ts';
import { targetOf } from '../targets/registry.ts';

export interface TriedCandidate {
  readonly facts: GoalFacts;
  /** Bytes of the original. */
  readonly originalBytes: number;
  /** As the function of that name says. */
  readonly computesOtherwise: boolean;
  /** Timed on inputs that are made up: integers can take longer on real ones. Absent = on samples. */
  readonly timedOnMadeUp?: boolean | undefined;
  /** Samples that the original answers and this one does not. Absent = none. */
  readonly unanswered?: number | undefined;
  /** Of the outputs to the original's; counts where there is no accuracy. Absent or null = not measured. */
  readonly cosine?: number | null | undefined;
}

export interface Judged {
  readonly recommended: boolean;
  /** Why not, the worst first, or what is not certain; sentences. */
  readonly reasons: readonly string[];
  /** That it may be slower is all that speaks against it. */
  readonly held: boolean;
  /** Recommended, and all that the goal asks for is met by whole intervals. */
  readonly certain: boolean;
}

/** Below this cosine the outputs are no longer the same signal in any useful sense: angle above about 25°. */
export const POOR_COSINE = 0.9;

const DECODE_AT_LOAD = 'decode-at-load';

/**
 * Whether layers are computed otherwise than in the original: in integers, in half floats, or from weights that are
 * decoded at every run. The speed is then known by measuring alone. Else the same kernels run on the same numbers of
 * values, and only a measurably slower one is refused.
 * @param steps what the recipe's steps changed; null = not made yet
 */
export function computesOtherwise(
  { steps: asked, target }: Pick<Recipe, 'steps' | 'target'>,
  steps: readonly { readonly pass: string; readonly changed: readonly unknown[] }[] | null,
): boolean {
  const changed = (id: string): boolean =>
    steps?.some(({ pass, changed: layers }) => pass === id && layers.length > 0) ?? false;
  const storage = asked.find(({ pass }) => pass === 'quantize-weights')?.params?.['storage'];
  const atRun = storage !== undefined && storage !== 'auto' && storage !== DECODE_AT_LOAD;
  const decoded = targetOf(target).weightForm !== DECODE_AT_LOAD && storage !== DECODE_AT_LOAD;
  return (
    changed('quantize-activations') ||
    changed('convert-half') ||
    atRun ||
    (decoded && changed('quantize-weights'))
  );
}

/**
 * @param goal its loss is what may be lost: by the value, but a loss that can be told must keep within it for certain.
 * Without one nothing may be lost measurably.
 */
export function judgeCandidate(goal: Goal, tried: TriedCandidate): Judged {
  const { facts, originalBytes } = tried;
  const refusals: string[] = [];
  const doubts: string[] = [];
  const { checks } = judgeGoal({ ...goal, neverSlower: false }, facts);
  for (const check of checks) {
    if (check.state === 'missed') refusals.push(`It misses the goal. ${check.sentence}`);
    else if (!pointMeets(goal, check, facts)) refusals.push(`It probably misses the goal. ${check.sentence}`);
    else if (check.state === 'undecided') doubts.push(check.sentence);
  }
  const slower = slowerReason(tried);
  if (slower?.certain === true) refusals.push(slower.sentence);
  if (tried.timedOnMadeUp === true && tried.computesOtherwise && facts.speedup !== null)
    doubts.push('Its speed was measured on made-up inputs: integers can take longer on real ones.');
  refusals.push(...worseReasons(tried, checks));
  if (facts.bytes >= originalBytes && goal.objective !== 'fastest')
    refusals.push(`It is not smaller: ${facts.bytes} bytes against ${originalBytes}.`);
  const held = refusals.length === 0 && slower !== undefined;
  if (slower?.certain === false) refusals.push(slower.sentence);
  return refusals.length > 0
    ? { recommended: false, reasons: refusals, held, certain: false }
    : { recommended: true, reasons: doubts, held, certain: doubts.length === 0 };
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

/** `certain`: it is slower; else it may be. */
function slowerReason({
  facts: { speedup },
  computesOtherwise: otherwise,
}: TriedCandidate): { readonly certain: boolean; readonly sentence: string } | undefined {
  if (speedup === null) {
    const sentence = 'Its speed is not measured, and it computes otherwise than the original.';
    return otherwise ? { certain: false, sentence } : undefined;
  }
  if ((otherwise ? speedup.low : speedup.high) >= 1) return undefined;
  const between = `between ${speedup.low.toFixed(2)} and ${speedup.high.toFixed(2)} times as fast as the original`;
  return speedup.high < 1
    ? { certain: true, sentence: `It is slower: ${between}.` }
    : { certain: false, sentence: `It may be slower: ${between}.` };
}

function worseReasons(
  { facts: { accuracy }, unanswered = 0, cosine }: TriedCandidate,
  checks: readonly GoalCheck[],
): string[] {
  const reasons: string[] = [];
  if (unanswered > 0)
    reasons.push(
      `It gives no answer on ${unanswered} ${unanswered === 1 ? 'sample' : 'samples'} that the original answers.`,
    );
  if (accuracy === null) {
    if (cosine !== undefined && cosine !== null && cosine < POOR_COSINE)
      reasons.push(`Its outputs are far from the original’s: cosine ${cosine.toFixed(2)}.`);
    return reasons;
  }
  const allowed = checks.some(({ constraint, state }) => constraint === 'maxLoss' && state === 'met');
  const best = accuracy.higherIsBetter ? accuracy.high : -accuracy.low;
  if (best < 0 && !allowed) reasons.push('It is measurably less accurate than the original.');
  return reasons;
}

/** What the best is chosen from. */
export interface JudgedCandidate {
  readonly facts: GoalFacts;
  readonly judged: Judged;
  readonly cosine?: number | null | undefined;
}

/**
 * Index of the best by the goal's objective, then by bytes, of the recommended ones; those that certainly meet the goal
 * come first. −1 = none.
 * @param of absent = the recommended ones
 */
export function bestOf(
  goal: Goal,
  tried: readonly JudgedCandidate[],
  of: (judged: Judged) => boolean = ({ recommended }) => recommended,
): number {
  let best = -1;
  tried.forEach((one, i) => {
    if (of(one.judged) && (best < 0 || isBetter(goal, one, tried[best]))) best = i;
  });
  return best;
}

function isBetter(goal: Goal, a: JudgedCandidate, b: JudgedCandidate): boolean {
  if (a.judged.certain !== b.judged.certain) return a.judged.certain;
  const [costA, costB] = [costOf(goal, a), costOf(goal, b)];
  return costA === costB ? a.facts.bytes < b.facts.bytes : costA < costB;
}

/** Less is better. Energy goes with time: the range that it is known to is wider than what lies between candidates. */
function costOf({ objective }: Goal, { facts, cosine }: JudgedCandidate): number {
  const { bytes, speedup, accuracy } = facts;
  switch (objective) {
    case 'smallest':
      return bytes;
    case 'fastest':
    case 'least-energy':
      return speedup === null ? Infinity : 1 / speedup.value;
    case 'most-accurate':
      if (accuracy === null) return -(cosine ?? -Infinity);
      return accuracy.higherIsBetter ? -accuracy.difference : accuracy.difference;
    default:
      return objective satisfies never;
  }
}
