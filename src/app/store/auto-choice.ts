/**
 * Which of the tried recipes is taken for a goal, and why the others are not, in words. The judge is the command line's;
 * only what was measured decides. Pure.
 */
import { judgeGoal } from '../../core/goal/judge.ts';
import type { Goal, GoalFacts } from '../../core/goal/types.ts';
import type { HalfName } from '../../core/metrics/tasks/types.ts';
import { bestOf, judgeCandidate } from '../../core/search/recommend.ts';
import type { Judged } from '../../core/search/recommend.ts';
import type { MeasureOptions } from '../bridge/studio.ts';
import { formatBytes } from '../ui/format.ts';
import { factsOf } from './goal-facts.ts';
import type { StudyEntry } from './state.ts';
import { otherArithmetic } from './verdict.ts';

export interface Choice {
  /** Of the entries; null where none may be taken. */
  readonly taken: number | null;
  /** Where none is taken: the best of those that nothing but an uncertain speed speaks against. */
  readonly held: number | null;
  /** A sentence for each entry. */
  readonly reasons: readonly (string | null)[];
}

interface TriedEntry {
  readonly entry: StudyEntry;
  readonly facts: GoalFacts;
  readonly cosine: number | null;
  readonly judged: Judged;
}

/**
 * What must not be taken is told by its first reason: it misses the goal, or it got worse.
 * @param half by its samples alone accuracies are judged, where there are halves
 */
export function chooseEntry(
  goal: Goal,
  entries: readonly StudyEntry[],
  originalBytes: number,
  options: MeasureOptions,
  half?: HalfName,
): Choice {
  const tried = entries.map((entry): TriedEntry => {
    const facts = factsOf(entry, options, half);
    const cosine = entry.measurement?.agreement?.cosine ?? null;
    return { entry, facts, cosine, judged: judgeEntry(goal, entry, facts, cosine, originalBytes) };
  });
  const place = (index: number): number | null => (index < 0 ? null : index);
  const taken = place(bestOf(goal, tried));
  const held = taken === null ? place(bestOf(goal, tried, (judged) => judged.held)) : null;
  const reasons = tried.map((one, i) => {
    if (i === taken) return takenSentence(goal, one);
    if (!one.judged.recommended || taken === null) return one.judged.reasons[0] ?? null;
    return passedOver(goal, one, tried[taken]);
  });
  return { taken, held, reasons };
}

function judgeEntry(
  goal: Goal,
  entry: StudyEntry,
  facts: GoalFacts,
  cosine: number | null,
  originalBytes: number,
): Judged {
  if (entry.failure !== null) {
    const reasons = [`It could not be measured: ${entry.failure.message}`];
    return { recommended: false, reasons, held: false, certain: false };
  }
  return judgeCandidate(goal, {
    facts,
    originalBytes,
    computesOtherwise: otherArithmetic(entry),
    timedOnMadeUp: entry.measurement?.latency?.inputs === 'synthetic',
    unanswered: entry.evaluation?.comparison?.unanswered,
    cosine,
  });
}

function takenSentence(goal: Goal, { entry, facts, judged }: TriedEntry): string {
  const size = formatBytes(entry.bytes);
  const { checks, state } = judgeGoal(goal, facts);
  if (judged.certain && state === 'met') {
    const loss = checks.find(({ constraint }) => constraint === 'maxLoss')?.sentence ?? '';
    return `Taken: ${size}, and it meets the goal. ${loss}`.trim();
  }
  const open = checks.filter((check) => check.state === 'undecided').map(({ sentence }) => sentence);
  return `Taken: ${size}. Nothing that was measured speaks against it, but not everything is certain. ${open.join(' ')}`.trim();
}

function passedOver(goal: Goal, { entry, judged }: TriedEntry, taken: TriedEntry): string {
  if (taken.judged.certain && !judged.certain)
    return `It is not certain that it meets the goal. ${judged.reasons[0] ?? ''}`.trim();
  return goal.objective === 'smallest'
    ? `${formatBytes(entry.bytes)}: larger than the one that was taken.`
    : 'The one that was taken is better by the goal.';
}
