/** What was tried, in words: titles, evidence, doubts. It must not choose. */
import type { Attempt, DataProblem, Task } from '../../core/dataset/types.ts';
import { wilsonInterval } from '../../core/metrics/statistics.ts';
import type { FailedRecord } from '../../core/metrics/tasks/types.ts';
import type { Dataset } from '../types.ts';
import { meanScore } from './choose.ts';
import type { InputPlan } from './plan-inputs.ts';
import type { Reading } from './readings.ts';
import type { Attempted, RoundsResult } from './rounds.ts';

export const METRIC_NAMES = {
  classification: 'top-1',
  text: 'characters',
  detection: 'boxes found (F1)',
  segmentation: 'mean IoU',
  regression: 'closeness',
  agreement: 'agreement',
} as const satisfies Record<Task['kind'], string>;

const SAMPLE_NAMES = {
  images: 'images',
  arrays: 'samples',
  table: 'rows',
  audio: 'sounds',
  text: 'texts',
} as const satisfies Record<Dataset['kind'], string>;

export function titleOf(plan: InputPlan, values: number, size: number, reading = ''): string {
  const exact = plan.sizes.length === 1;
  return [plan.values[values], exact ? '' : plan.sizes[size], reading]
    .filter((part) => part !== '')
    .join(', ');
}

const percent = (score: number): string => `${(100 * score).toFixed(1)} %`;

export function describeAttempts(
  dataset: Dataset,
  plan: InputPlan,
  readings: readonly Reading[],
  { attempts, chance }: RoundsResult,
  kind: Task['kind'],
): {
  readonly attempts: readonly Attempt[];
  readonly evidence: string;
  readonly sure: boolean;
  readonly problems: readonly DataProblem[];
} {
  const [winner, ...rest] = attempts;
  const title = (each: Attempted): string =>
    titleOf(plan, each.values, each.size, readings.length > 1 ? readings[each.reading].title : '');
  const samples = SAMPLE_NAMES[dataset.kind];
  const n = winner.scores.length;
  const said = (each: Attempted): string =>
    `${percent(meanScore(each.scores))} with ${title(each)}${each.scores.length === n ? '' : ` (${each.scores.length} ${samples})`}`;
  const otherValues = rest.filter(({ values }) => values !== winner.values);
  const shown = [winner, ...otherValues.slice(0, 1), ...otherValues.slice(1).slice(-1)];
  const evidence = [`${shown.map(said).join(', ')}, on ${n} ${samples}`];
  const tried = titleOf(plan, winner.values, winner.size) === '' && rest.length === 0;
  if (tried) evidence[0] = `${percent(meanScore(winner.scores))} on ${n} ${samples}`;
  const ahead = rest.filter(
    (each) => meanScore(each.scores) > meanScore(winner.scores) && each.scores.length === n,
  );
  if (ahead.length > 0) {
    evidence.push(
      `${said(ahead[0])} is more, yet not beyond chance after ${attempts.length} attempts, so that the customary way is proposed`,
    );
  }
  const useful = beatsGuessing(dataset, winner, kind);
  const apart = otherValues.length === 0 || chance < 0.05;
  if (useful && !apart) evidence.push('these are not told apart for certain');
  const problems: DataProblem[] = useful ? [] : [useless(winner, attempts.length, n, samples)];
  return {
    attempts: attempts.map((each) => ({
      title: title(each) === '' ? 'as it is' : title(each),
      score: meanScore(each.scores),
      samples: each.scores.length,
    })),
    evidence: `${evidence.join('; ')}.`,
    sure: useful && apart,
    problems,
  };
}

/** Least share that a model which knows its task reaches, where guessing has no share of its own. */
const LEAST_SHARE = 0.2;

/** The lower end of the 95 % interval lies above what guessing the commonest class gives. */
function beatsGuessing(dataset: Dataset, winner: Attempted, kind: Task['kind']): boolean {
  const n = winner.scores.length;
  const mean = meanScore(winner.scores);
  if (kind !== 'classification') return mean >= LEAST_SHARE;
  const guess = 1 / Math.max(2, dataset.classes.length);
  return n > 0 && wilsonInterval(mean * n, n).low > guess;
}

function useless(winner: Attempted, tried: number, n: number, samples: string): DataProblem {
  return {
    severity: 'warning',
    code: 'no-better-than-guessing',
    message: `The best of ${tried} attempts scores ${percent(meanScore(winner.scores))} on ${n} ${samples}, no better than guessing: labels and model may not belong together, or the preprocessing is another one.`,
    count: n,
    examples: [],
  };
}

/** Samples that no attempt could be tried on. */
export function unreadProblems(
  unread: readonly FailedRecord[],
  tried: number,
  counted: boolean,
): DataProblem[] {
  if (unread.length === 0) return [];
  const [{ reason }] = unread;
  const what = counted ? ' They count as wrong here, and are left out and listed when measuring.' : '';
  return [
    {
      severity: 'warning',
      code: 'unreadable-samples',
      message: `${unread.length} of the ${tried} samples tried cannot be used. The first: ${reason}${what}`,
      count: unread.length,
      examples: unread.slice(0, SHOWN_KEYS).map(({ key }) => key),
    },
  ];
}

const SHOWN_KEYS = 5;
