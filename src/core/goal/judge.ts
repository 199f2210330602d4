/**
 * Whether a variant reaches a goal. A measured quantity is an interval, so there are three answers: met only when the
 * whole interval satisfies the constraint, missed only when the whole interval violates it, else undecided, with the
 * reason. It must not know how anything is measured.
 */
import type { Goal, GoalCheck, GoalFacts, GoalState } from './types.ts';
import { amountText, bytesText, metricText, millisText, timesText } from './words.ts';

interface Range {
  readonly low: number;
  readonly high: number;
}

interface Judged {
  readonly state: GoalState;
  readonly sentence: string;
}

export interface Judgement {
  readonly checks: readonly GoalCheck[];
  /** missed beats undecided beats met; a goal without constraints is met. */
  readonly state: GoalState;
}

/** @param facts of one variant; what is null leaves its constraints undecided. */
export function judgeGoal(goal: Goal, facts: GoalFacts): Judgement {
  const checks: GoalCheck[] = [];
  const add = (
    constraint: GoalCheck['constraint'],
    figure: GoalCheck['figure'],
    { state, sentence }: Judged,
  ): void => {
    checks.push({ constraint, figure, state, sentence });
  };
  if (goal.maxBytes !== undefined) add('maxBytes', 'size', judgeBytes(goal.maxBytes, facts.bytes));
  if (goal.maxMillis !== undefined) add('maxMillis', 'latency', judgeMillis(goal.maxMillis, facts));
  if (goal.minSpeedup !== undefined) add('minSpeedup', 'latency', judgeSpeedup(goal.minSpeedup, facts));
  if (goal.neverSlower) add('neverSlower', 'latency', judgeNeverSlower(facts));
  if (goal.maxLoss !== undefined) add('maxLoss', 'accuracy', judgeLoss(goal.maxLoss, facts));
  if (goal.minAccuracy !== undefined) add('minAccuracy', 'accuracy', judgeFloor(goal.minAccuracy, facts));
  if (goal.maxMemoryBytes !== undefined) {
    add('maxMemoryBytes', 'memory', judgeMemory(goal.maxMemoryBytes, facts));
  }
  return { checks, state: worstOf(checks) };
}

/** The state of one figure: the worst of its checks, or null where nothing is asked of it. */
export function worstOf(checks: readonly GoalCheck[]): GoalState {
  if (checks.some(({ state }) => state === 'missed')) return 'missed';
  return checks.some(({ state }) => state === 'undecided') ? 'undecided' : 'met';
}

/** Every point of the range at most, or at least, the limit? */
function atMost({ low, high }: Range, limit: number): GoalState {
  return high <= limit ? 'met' : low > limit ? 'missed' : 'undecided';
}

function atLeast({ low, high }: Range, limit: number): GoalState {
  return low >= limit ? 'met' : high < limit ? 'missed' : 'undecided';
}

/** @param never why it will not be measured; absent = it only has not been yet */
const notMeasured = (what: string, never?: string): Judged => ({
  state: 'undecided',
  sentence: never === undefined ? `${what} is not measured yet.` : `${what} is not measured: ${never}.`,
});

/** A size is counted, so there is no middle. */
function judgeBytes(limit: number, bytes: number): Judged {
  const state = bytes <= limit ? 'met' : 'missed';
  const over = state === 'met' ? '' : `: ${bytesText(bytes - limit)} too many`;
  return { state, sentence: `${bytesText(bytes)} of at most ${bytesText(limit)}${over}.` };
}

function judgeMillis(limit: number, { millis, speedUnknown }: GoalFacts): Judged {
  if (millis === null) return notMeasured('The latency', speedUnknown);
  const state = atMost(millis, limit);
  const said = `${millisText(millis.value)} of at most ${millisText(limit)}`;
  return { state, sentence: withRange(state, said, millis, millisText) };
}

function judgeSpeedup(limit: number, { speedup, speedUnknown }: GoalFacts): Judged {
  if (speedup === null) return notMeasured('The speed-up', speedUnknown);
  const state = atLeast(speedup, limit);
  const said = `${timesText(speedup.value)} as fast; the goal asks for at least ${timesText(limit)}`;
  return { state, sentence: withRange(state, said, speedup, timesText) };
}

function judgeNeverSlower({ speedup, speedUnknown }: GoalFacts): Judged {
  if (speedup === null) return notMeasured('The speed-up', speedUnknown);
  const state = atLeast(speedup, 1);
  switch (state) {
    case 'met':
      return { state, sentence: `Not slower: ${timesText(speedup.value)} as fast as the original.` };
    case 'missed':
      return { state, sentence: `Slower: ${timesText(speedup.value)} as fast as the original.` };
    case 'undecided':
      return {
        state,
        sentence: `Between ${timesText(speedup.low)} and ${timesText(speedup.high)} as fast: this run cannot tell.`,
      };
    default:
      return state satisfies never;
  }
}

function judgeLoss(limit: number, { accuracy }: GoalFacts): Judged {
  if (accuracy === null) return notMeasured('The loss on your data');
  const unit = accuracy.unit ?? 'fraction';
  // A loss is counted upwards whichever way the metric points.
  const loss: Range & { value: number } = accuracy.higherIsBetter
    ? { value: -accuracy.difference, low: -accuracy.high, high: -accuracy.low }
    : { value: accuracy.difference, low: accuracy.low, high: accuracy.high };
  const state = atMost(loss, limit);
  const said = `${changeText(loss.value, unit)}; the goal allows ${amountText(limit, unit)}`;
  return { state, sentence: withRange(state, said, loss, (value) => lossText(value, unit)) };
}

type Unit = 'fraction' | 'plain';

function lossText(loss: number, unit: Unit): string {
  return `${amountText(loss, unit)} ${isGain(loss, unit) ? 'gained' : 'lost'}`;
}

/** 'Lost 5 pt': before its limit. */
function changeText(loss: number, unit: Unit): string {
  return isGain(loss, unit) ? `Gained ${amountText(loss, unit)}` : `Lost ${amountText(loss, unit)}`;
}

function isGain(loss: number, unit: Unit): boolean {
  return loss < 0 && !/^0 |^0$/.test(amountText(loss, unit));
}

function judgeFloor(limit: number, { accuracy }: GoalFacts): Judged {
  if (accuracy === null) return notMeasured('The accuracy on your data');
  const { value, difference, low, high, higherIsBetter, unit = 'fraction' } = accuracy;
  const baseline = value - difference;
  const range = accuracy.own ?? { low: baseline + low, high: baseline + high };
  const state = higherIsBetter ? atLeast(range, limit) : atMost(range, limit);
  const bound = higherIsBetter ? 'at least' : 'at most';
  const said = `${metricText(value, unit)} of ${bound} ${metricText(limit, unit)}`;
  return { state, sentence: withRange(state, said, range, (v) => metricText(v, unit)) };
}

function judgeMemory(limit: number, { memoryBytes, memoryResolutionBytes = 0 }: GoalFacts): Judged {
  if (memoryBytes === null) return notMeasured('The memory');
  const range = { low: memoryBytes - memoryResolutionBytes, high: memoryBytes + memoryResolutionBytes };
  const state = atMost(range, limit);
  const said = `${bytesText(memoryBytes)} of at most ${bytesText(limit)}`;
  return { state, sentence: withRange(state, said, range, bytesText) };
}

/** What is undecided says between what; what is decided needs only its value. */
function withRange(state: GoalState, said: string, range: Range, text: (value: number) => string): string {
  if (state !== 'undecided') return `${said}.`;
  return `${said}, between ${text(range.low)} and ${text(range.high)}: this measurement cannot tell.`;
}
