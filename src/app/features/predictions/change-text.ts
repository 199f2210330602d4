/** One changed prediction in words: the right answer, what was said before, what is said now. Pure text. */
import type { DataConfig } from '../../../core/dataset/types.ts';
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

/** The name of the model's class `index`; numbers where the description has no names. */
export function className(config: DataConfig | null, index: number): string {
  const offset = config?.task.kind === 'classification' ? config.task.classOffset : 0;
  return config?.classes[index - offset] ?? `class ${index}`;
}

export function changeWords({ before, after }: ChangedSample, config: DataConfig | null): ChangeWords {
  const truth =
    before.kind === 'text' ? before.truth : before.truth < 0 ? null : className(config, before.truth);
  return {
    truth,
    before: said(before, config),
    beforeConfidence: confidence(before),
    after: said(after, config),
    afterConfidence: confidence(after),
    isText: before.kind === 'text',
  };
}

function said(record: ClassRecord | TextRecord, config: DataConfig | null): string {
  return record.kind === 'text' ? record.predicted : className(config, record.predicted);
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
