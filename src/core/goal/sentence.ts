/** A goal as one sentence, in pieces so that a page can stress its numbers. It must not know what was measured. */
import type { Goal, Objective } from './types.ts';
import { amountText, bytesText, metricText, millisText, timesText } from './words.ts';

export interface SentencePart {
  readonly text: string;
  readonly strong: boolean;
}

export const OBJECTIVE_WORDS: Readonly<Record<Objective, string>> = {
  smallest: 'Smallest model',
  fastest: 'Fastest model',
  'least-energy': 'Model of least energy',
  'most-accurate': 'Most accurate model',
};

const plain = (text: string): SentencePart => ({ text, strong: false });
const strong = (text: string): SentencePart => ({ text, strong: true });

/** @param unit of the task's metric: fractions are said in percent and points. */
export function goalParts(goal: Goal, unit: 'fraction' | 'plain' = 'fraction'): readonly SentencePart[] {
  const clauses = clausesOf(goal, unit);
  const parts: SentencePart[] = [plain(OBJECTIVE_WORDS[goal.objective])];
  clauses.forEach((clause, i) => {
    const joint = i === 0 ? ' that ' : i === clauses.length - 1 ? ' and ' : ', ';
    parts.push(plain(joint), ...clause);
  });
  return parts;
}

/** "Smallest model that loses at most 0.5 pt and is never slower". */
export function goalSentence(goal: Goal, unit: 'fraction' | 'plain' = 'fraction'): string {
  return goalParts(goal, unit)
    .map(({ text }) => text)
    .join('');
}

function clausesOf(goal: Goal, unit: 'fraction' | 'plain'): readonly (readonly SentencePart[])[] {
  const clauses: (readonly SentencePart[])[] = [];
  const add = (words: string, value: string): void => {
    clauses.push([plain(`${words} `), strong(value)]);
  };
  if (goal.maxLoss !== undefined) add('loses at most', amountText(goal.maxLoss, unit));
  if (goal.minAccuracy !== undefined) {
    add(unit === 'fraction' ? 'reaches at least' : 'errs by at most', metricText(goal.minAccuracy, unit));
  }
  if (goal.maxBytes !== undefined) add('is at most', bytesText(goal.maxBytes));
  if (goal.maxMillis !== undefined) add('answers within', millisText(goal.maxMillis));
  if (goal.minSpeedup !== undefined) add('is at least', `${timesText(goal.minSpeedup)} as fast`);
  if (goal.maxMemoryBytes !== undefined) add('needs at most', `${bytesText(goal.maxMemoryBytes)} of memory`);
  if (goal.neverSlower) add('is', 'never slower');
  return clauses;
}
