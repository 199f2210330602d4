/**
 * What a fix promises and what it did, in words. A promise is a prediction and says so; a result is the difference of
 * two measurements of the same kind on the same samples, or it is not there. Pure; it must not know React or the store.
 */
import type { MetricId } from '../../../core/metrics/tasks/types.ts';
import { formatDifference, formatMetric, metricWords } from '../../store/metric-text.ts';
import type { StudyEntry } from '../../store/state.ts';
import { formatBytes, groupThousands } from '../../ui/format.ts';
import { shareText } from './heat-scale.ts';
import type { OfferedFix } from './in-recipe.ts';

/** 'predicted: removes 83 % of the damage, +1.2 kB', or why there is nothing to gain. */
export function promiseOf({ already, promise, fix }: OfferedFix): string {
  if (already !== null) return already;
  if (promise === null) return 'gain not predicted for what this recipe gives the layer';
  const { gain, damage, bytes } = promise;
  const size = bytes === null ? '' : bytesText(bytes);
  const share = damage <= 0 ? '' : `removes ${shareText(gain / damage)} of the damage`;
  const said = [share, size].filter((part) => part !== '').join(', ');
  return said === '' ? fix.label : `predicted: ${said}`;
}

export function bytesText(bytes: number): string {
  if (bytes === 0) return 'same size';
  return `${bytes > 0 ? '+' : '−'}${formatBytes(Math.abs(bytes))}`;
}

/** What was clicked, and the recipes before and after; entries are found by them. */
export interface AppliedFix {
  readonly modelId: string;
  readonly layer: string;
  readonly label: string;
  readonly beforeKey: string;
  readonly afterKey: string;
}

export type FixResult =
  | { readonly state: 'waiting'; readonly text: string }
  | { readonly state: 'unknown'; readonly text: string }
  | {
      readonly state: 'measured';
      /** 'Top-1 61.0 % → 98.2 % (+37.2 pt), n 1,500' */
      readonly text: string;
      /** Positive = better, in the unit of the measure. */
      readonly gain: number;
      readonly bytes: string;
    };

/** Entries by recipe: the fix is judged by what was measured of both, whenever that was. */
export function resultOf(before: StudyEntry | undefined, after: StudyEntry | undefined): FixResult {
  if (after === undefined) return { state: 'waiting', text: 'The variant is not made yet.' };
  if (before === undefined)
    return { state: 'unknown', text: 'Not measured before the fix: there is nothing to compare with.' };
  const bytes = bytesText(after.bytes - before.bytes);
  const accuracy = accuracyGain(before, after);
  if (accuracy !== null) return { state: 'measured', bytes, ...accuracy };
  const evaluating = before.evaluation !== null && after.evaluatedWith === null;
  if (after.measuredWith === null || evaluating) return { state: 'waiting', text: 'Being measured…' };
  const agreement = agreementGain(before, after);
  if (agreement !== null) return { state: 'measured', bytes, ...agreement };
  return {
    state: 'unknown',
    text: 'Not measured in the same way before and after: there is nothing to compare.',
  };
}

interface Gain {
  readonly text: string;
  readonly gain: number;
}

function accuracyGain(before: StudyEntry, after: StudyEntry): Gain | null {
  if (before.evaluation === null || after.evaluation === null) return null;
  if (before.evaluatedWith !== after.evaluatedWith) return null;
  const [a, b] = [before.evaluation.summary, after.evaluation.summary];
  if (a.main !== b.main || a.n !== b.n) return null;
  const id: MetricId = a.main;
  const difference = b.value - a.value;
  const { name, higherIsBetter } = metricWords(id);
  return {
    text: `${name} ${formatMetric(id, a.value)} → ${formatMetric(id, b.value)} (${formatDifference(id, difference)}), n ${groupThousands(a.n)}`,
    gain: higherIsBetter ? difference : -difference,
  };
}

function agreementGain(before: StudyEntry, after: StudyEntry): Gain | null {
  const a = before.measurement?.agreement ?? null;
  const b = after.measurement?.agreement ?? null;
  if (a === null || b === null || before.measuredWith !== after.measuredWith) return null;
  if (a.inputs !== b.inputs) return null;
  const on = a.inputs === 'synthetic' ? 'made-up inputs' : 'samples';
  const counts = a.samples === b.samples ? String(a.samples) : `${a.samples} and ${b.samples}`;
  return {
    text: `agreement with the original ${a.cosine.toFixed(4)} → ${b.cosine.toFixed(4)} (cosine, ${counts} ${on})`,
    gain: b.cosine - a.cosine,
  };
}
