/**
 * Which of the tried recipes is taken for a goal, and why the others are not, in words. Only what was measured decides; a
 * recipe that got worse is never taken. Pure.
 */
import { judgeGoal } from '../../core/goal/judge.ts';
import type { Judgement } from '../../core/goal/judge.ts';
import type { Goal, GoalCheck, GoalFacts } from '../../core/goal/types.ts';
import type { MeasureOptions } from '../bridge/studio.ts';
import { formatBytes, formatFactor } from '../ui/format.ts';
import { factsOf } from './goal-facts.ts';
import type { StudyEntry } from './state.ts';
import { latencyVerdict, mayBeSlower, overallVerdict, sizeVerdict } from './verdict.ts';

export interface Choice {
  /** Of the entries; null where none may be taken. */
  readonly taken: number | null;
  /** Where none is taken: the best of those that nothing but an uncertain speed speaks against. */
  readonly held: number | null;
  /** A sentence for each entry. */
  readonly reasons: readonly (string | null)[];
}

interface Judged {
  readonly entry: StudyEntry;
  readonly judgement: Judgement;
  /** Null where it may be taken. */
  readonly against: string | null;
  /** That it may be slower is all that speaks against it. */
  readonly held: boolean;
}

/** What must not be taken is told by its first reason: it got worse, or it misses the goal. */
export function chooseEntry(
  goal: Goal,
  entries: readonly StudyEntry[],
  originalBytes: number,
  options: MeasureOptions,
): Choice {
  const judged = entries.map((entry): Judged => {
    const facts = factsOf(entry, options);
    const judgement = judgeGoal(goal, facts);
    const against = againstOf(entry, judgement, originalBytes) ?? probablyMissed(goal, facts);
    if (against !== null || !mayBeSlower(entry)) return { entry, judgement, against, held: false };
    return { entry, judgement, against: maybeSlowerSentence(entry), held: true };
  });
  const able = [...judged.keys()].filter((i) => judged[i].against === null);
  const met = able.filter((i) => judged[i].judgement.state === 'met');
  const pool = met.length > 0 ? met : able;
  const best = (of: readonly number[]): number | null =>
    of.length === 0 ? null : of.reduce((a, b) => (better(goal, judged[b], judged[a]) ? b : a));
  const taken = best(pool);
  const held = taken === null ? best([...judged.keys()].filter((i) => judged[i].held)) : null;
  const reasons = judged.map(({ against }, i) => {
    if (i === taken) return takenSentence(judged[i]);
    if (against !== null) return against;
    return passedOver(goal, judged[i], judged[taken ?? i]);
  });
  return { taken, held, reasons };
}

function againstOf(entry: StudyEntry, { checks }: Judgement, originalBytes: number): string | null {
  if (entry.failure !== null) return `It could not be measured: ${entry.failure.message}`;
  const missed = checks.find(({ state }) => state === 'missed');
  if (missed !== undefined) return `It misses the goal. ${missed.sentence}`;
  const verdict = overallVerdict(entry, originalBytes);
  if (verdict.tone === 'bad' && !lossIsAllowed(entry, checks, originalBytes))
    return `It got worse. ${verdict.text}`;
  return null;
}

/**
 * What was measured, taken at its word: where the interval cannot tell, a value beyond the limit is no reason to take it.
 * Speeds around 1 are left out: arithmetic that stayed as it was is as fast as it was, and other arithmetic is held.
 */
function probablyMissed(goal: Goal, facts: GoalFacts): string | null {
  const { millis, speedup, accuracy } = facts;
  const own = accuracy === null ? undefined : { low: accuracy.value, high: accuracy.value };
  const { checks } = judgeGoal(
    { ...goal, neverSlower: false },
    {
      ...facts,
      millis: millis === null ? null : exactly(millis),
      speedup: speedup === null ? null : exactly(speedup),
      accuracy:
        accuracy === null || own === undefined
          ? null
          : { ...accuracy, low: accuracy.difference, high: accuracy.difference, own },
    },
  );
  const missed = checks.find(({ state }) => state === 'missed');
  return missed === undefined ? null : `It probably misses the goal. ${missed.sentence}`;
}

function exactly({ value }: { readonly value: number }): { value: number; low: number; high: number } {
  return { value, low: value, high: value };
}

/** The goal names a loss, the whole interval keeps within it, and nothing else got worse. */
function lossIsAllowed(entry: StudyEntry, checks: readonly GoalCheck[], originalBytes: number): boolean {
  const kept = checks.some(({ constraint, state }) => constraint === 'maxLoss' && state === 'met');
  const answered = entry.evaluation?.comparison?.unanswered === undefined;
  const others = [sizeVerdict(entry.bytes, originalBytes), latencyVerdict(entry)];
  return kept && answered && others.every((verdict) => verdict?.tone !== 'bad');
}

function maybeSlowerSentence({ measurement }: StudyEntry): string {
  const interval = measurement?.latency?.speedupInterval;
  const range =
    interval === undefined ? '' : ` (${formatFactor(interval.low)} to ${formatFactor(interval.high)})`;
  return `It computes otherwise than the original, and this run cannot rule out that it is slower${range}.`;
}

function better(goal: Goal, a: Judged, b: Judged): boolean {
  const [costA, costB] = [costOf(goal, a.entry), costOf(goal, b.entry)];
  return costA === costB ? a.entry.bytes < b.entry.bytes : costA < costB;
}

/** Less is better. */
function costOf({ objective }: Goal, entry: StudyEntry): number {
  const speedup = entry.measurement?.latency?.speedup ?? null;
  switch (objective) {
    case 'smallest':
      return entry.bytes;
    case 'fastest':
    case 'least-energy':
      return speedup === null ? Number.POSITIVE_INFINITY : 1 / speedup;
    case 'most-accurate':
      return -qualityOf(entry);
    default:
      return objective satisfies never;
  }
}

function qualityOf({ evaluation, measurement }: StudyEntry): number {
  if (evaluation === null) return measurement?.agreement?.cosine ?? Number.NEGATIVE_INFINITY;
  const { value, higherIsBetter } = evaluation.summary;
  return higherIsBetter ? value : -value;
}

function takenSentence({ entry, judgement }: Judged): string {
  const size = formatBytes(entry.bytes);
  if (judgement.state === 'met') {
    const loss = judgement.checks.find(({ constraint }) => constraint === 'maxLoss')?.sentence ?? '';
    return `Taken: ${size}, and it meets the goal. ${loss}`.trim();
  }
  const open = judgement.checks.filter(({ state }) => state === 'undecided').map(({ sentence }) => sentence);
  return `Taken: ${size}. Nothing that was measured speaks against it, but not everything is certain. ${open.join(' ')}`.trim();
}

function passedOver(goal: Goal, { entry, judgement }: Judged, taken: Judged): string {
  if (judgement.state !== taken.judgement.state) {
    const open = judgement.checks.find(({ state }) => state === 'undecided');
    return `It is not certain that it meets the goal. ${open?.sentence ?? ''}`.trim();
  }
  return goal.objective === 'smallest'
    ? `${formatBytes(entry.bytes)}: larger than the one that was taken.`
    : 'The one that was taken is better by the goal.';
}
