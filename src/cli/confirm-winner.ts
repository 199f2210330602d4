/**
 * The best of the candidates on samples that chose nothing: the held-back part where there is a large one, else the half
 * of the evaluated samples that chose nothing. What they refute is not written.
 */
import type { Predictor } from '../core/dataset/predictor.ts';
import { LEAST_HALF } from '../core/dataset/set-aside.ts';
import type { PartComparison } from '../core/metrics/tasks/types.ts';
import { confirmChoice, flatteryOf, flatterySentence } from '../core/search/confirm.ts';
import type { ConfirmationState } from '../core/search/confirm.ts';
import { divide } from '../data/prepare/split.ts';
import type { OpenCalibration } from './open-calibration.ts';
import { accuracyOf, evaluated, filesOfMade, type Tried, type TryingHost } from './try-candidates.ts';

export interface Confirmed {
  /** `chosen-on-these`: there are too few samples to confirm anything. */
  readonly state: ConfirmationState | 'chosen-on-these';
  readonly sentence: string;
  /** On samples that chose nothing; null where there are none. */
  readonly comparison: PartComparison | null;
  /** How much better the accuracy looks than it is, at most, on average; 0 where samples that chose nothing tell it. */
  readonly flattery: number | null;
}

/** Whether there are enough samples that no search sees to confirm a choice by them. */
export function hasHeldBack({ set }: OpenCalibration): boolean {
  return set !== undefined && divide(set.dataset, set.config).counts['hold-back'] >= LEAST_HALF;
}

/** @returns null where no accuracy was measured */
export async function confirmWinner(
  winner: Tried,
  tried: readonly Tried[],
  host: Pick<TryingHost, 'goal' | 'opened' | 'calibration' | 'threads' | 'checkpoint' | 'heldBack'>,
  original: () => Promise<Predictor>,
): Promise<Confirmed | null> {
  const { comparison, asked } = winner;
  if (comparison === null) return null;
  const notMeasured: string[] = [];
  const others = host.heldBack
    ? await evaluated(filesOfMade(winner.made, host.opened.path), original, host, notMeasured, 'hold-back')
    : comparison.halves?.confirming;
  if (others === null) {
    const sentence = `Not confirmed: the samples that are held back could not be evaluated. ${notMeasured.join(' ')}`;
    return { state: 'not-confirmed', sentence, comparison: null, flattery: null };
  }
  if (others === undefined) {
    const accuracies = tried.map(({ facts }) => facts.accuracy);
    const flattery = flatteryOf(accuracies);
    const unit = comparison.metric === 'mae' ? 'plain' : 'fraction';
    const sentence = flatterySentence(accuracies.length, flattery, unit);
    return { state: 'chosen-on-these', sentence, comparison: null, flattery };
  }
  const facts = { ...asked.facts, accuracy: accuracyOf(others) };
  const said = confirmChoice(host.goal, { ...asked, facts, unanswered: others.unanswered }, others);
  return { ...said, comparison: others, flattery: 0 };
}
