/** One changed prediction in words: the right answer, what was said before, what is said now. Pure text. */
import type { DataConfig, DataSummary } from '../../../core/dataset/types.ts';
import type { ChangedSample, ClassRecord, TextRecord } from '../../../core/metrics/tasks/types.ts';
import { formatPercent } from '../../ui/format.ts';

export interface ChangeWords {
  /** Null where the sample has no label. */
  readonly truth: string | null;
  readonly before: string;
  /** Null where the model gives no probability. */
  readonly beforeConfidence: string | null;
  readonly after: string;
  readonly afterConfidence: string | null;
  /** Texts are compared letter by letter. */
  readonly isText: boolean;
}

export type ChangeFilter = 'all' | ChangedSample['change'];

export const CHANGE_NAMES: Readonly<Record<ChangedSample['change'], string>> = {
  lost: 'was right, is wrong now',
  gained: 'was wrong, is right now',
  other: 'wrong before and now, differently',
};

/** Names of classes as people know them. */
export interface ClassNames {
  /** Of the model's class `index`; a number where the description has no names. */
  ofIndex(index: number): string;
  /** Of a class that the labels call `name`: the title beside it where the labels are numbers. */
  ofLabel(name: string): string;
}

export function classNames(config: DataConfig | null, summary: DataSummary | null): ClassNames {
  const titles = new Map<string, string>();
  for (const { name, title } of summary?.classes ?? []) {
    if (title !== undefined && title !== '') titles.set(name, title);
  }
  const offset = config?.task.kind === 'classification' ? config.task.classOffset : 0;
  const ofLabel = (name: string): string => titles.get(name) ?? name;
  return {
    ofLabel,
    ofIndex: (index) => {
      const name = config?.classes[index - offset];
      if (name !== undefined) return ofLabel(name);
      // Without names in the description the labels are the numbers themselves.
      const listed = summary?.listedTitles?.[index - offset] ?? '';
      return titles.get(String(index - offset)) ?? (listed === '' ? `class ${index}` : listed);
    },
  };
}

export function changeWords({ before, after }: ChangedSample, names: ClassNames): ChangeWords {
  const truth = before.kind === 'text' ? before.truth : before.truth < 0 ? null : names.ofIndex(before.truth);
  return {
    truth,
    before: said(before, names),
    beforeConfidence: confidence(before),
    after: said(after, names),
    afterConfidence: confidence(after),
    isText: before.kind === 'text',
  };
}

function said(record: ClassRecord | TextRecord, names: ClassNames): string {
  return record.kind === 'text' ? record.predicted : names.ofIndex(record.predicted);
}

function confidence(record: ClassRecord | TextRecord): string | null {
  if (record.kind === 'text' || !Number.isFinite(record.confidence)) return null;
  return formatPercent(record.confidence, 0);
}

/** What a picture's text alternative says: which sample it is, and what changed. */
export function changeSentence(words: ChangeWords, change: ChangedSample['change'], key: string): string {
  const sure = (text: string, confidence: string | null): string =>
    confidence === null ? `“${text}”` : `“${text}” (${confidence})`;
  const label = words.truth === null ? 'no label' : `labelled “${words.truth}”`;
  const before = sure(words.before, words.beforeConfidence);
  return `${key}, ${label}: original ${before}, variant ${sure(words.after, words.afterConfidence)}; ${CHANGE_NAMES[change]}`;
}

export function filterChanges(
  changed: readonly ChangedSample[],
  filter: ChangeFilter,
): readonly ChangedSample[] {
  return filter === 'all' ? changed : changed.filter(({ change }) => change === filter);
}

/** Three samples that stand for all: two that were lost, one that was gained, others where those are missing. */
export function representatives(changed: readonly ChangedSample[], count = 3): readonly ChangedSample[] {
  const of = (change: ChangedSample['change']): readonly ChangedSample[] => filterChanges(changed, change);
  const [lost, gained, other] = [of('lost'), of('gained'), of('other')];
  const share = gained.length > 0 ? count - 1 : count;
  const first = [...lost.slice(0, share), ...gained.slice(0, 1)];
  return [...first, ...gained.slice(1), ...lost.slice(share), ...other].slice(0, count);
}
