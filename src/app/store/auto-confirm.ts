/**
 * What samples that chose nothing say of the recipe that *auto* chose: the held-back part of the data where it is large
 * enough, else one half of the evaluated samples, of which the other half alone chose. It must not know React.
 */
import { LEAST_HALF } from '../../core/dataset/set-aside.ts';
import type { ComparedPart, HalfName } from '../../core/metrics/tasks/types.ts';
import { confirmChoice, flatteryOf, flatterySentence } from '../../core/search/confirm.ts';
import type { Confirmation } from '../../core/search/confirm.ts';
import { accuracyOfPart, factsOf } from './goal-facts.ts';
import type { AppState, AppStore, StudyEntry } from './state.ts';
import type { StudyWork } from './study-work.ts';
import { FIRST_GOAL } from './tuning-state.ts';
import { otherArithmetic } from './verdict.ts';

/** By which samples recipes are chosen; undefined = by all that are evaluated, because others are held back. */
export function choosingPart({ data }: Pick<AppState, 'data'>): HalfName | undefined {
  return (data?.split?.counts['hold-back'] ?? 0) >= LEAST_HALF ? undefined : 'choosing';
}

/**
 * @param tried all that were chosen among
 * @returns null where there is no accuracy, or the work was stopped
 */
export async function confirmEntry(
  store: AppStore,
  study: StudyWork,
  entry: StudyEntry,
  tried: readonly StudyEntry[],
  signal: AbortSignal,
): Promise<Confirmation | null> {
  const { goal, options, model } = store.getState();
  const half = choosingPart(store.getState());
  const facts = factsOf(entry, options);
  if (facts.accuracy === null) return null;
  const judged = (part: ComparedPart): Confirmation =>
    confirmChoice(
      goal ?? FIRST_GOAL,
      {
        facts: { ...facts, accuracy: accuracyOfPart(part) },
        originalBytes: model?.bytes ?? 0,
        computesOtherwise: otherArithmetic(entry),
        unanswered: part.unanswered,
      },
      part,
    );
  if (half === undefined) {
    const held = await study.evaluateHeldBack(entry.id, signal);
    if (held === null) return null;
    if (!held.ok) return notConfirmed(held.error.message);
    const { comparison, summary } = held.value;
    return comparison === null ? null : judged({ ...comparison, own: summary.interval });
  }
  const confirming = entry.evaluation?.comparison?.halves?.confirming;
  if (confirming !== undefined) return judged(confirming);
  const accuracies = tried.map((one) => factsOf(one, options).accuracy);
  const { unit = 'fraction' } = facts.accuracy;
  const sentence = flatterySentence(accuracies.length, flatteryOf(accuracies), unit);
  return { state: 'not-confirmed', sentence };
}

function notConfirmed(reason: string): Confirmation {
  return {
    state: 'not-confirmed',
    sentence: `Not confirmed: the samples that are held back could not be evaluated. ${reason}`,
  };
}
