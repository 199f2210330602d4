/** Records of a set, sorted by what can be made of them. It must not know metrics. */
import type { Task } from '../../dataset/types.ts';
import type { FailedRecord, SampleRecord } from './types.ts';

export type ScoredRecord = Exclude<SampleRecord, FailedRecord>;

export function isLabelled(record: ScoredRecord): boolean {
  switch (record.kind) {
    case 'class':
      return record.truth >= 0;
    case 'text':
      return record.length >= 0;
    case 'numbers':
      return record.truth.length > 0;
    case 'boxes':
      return record.unlabelled !== true;
    case 'mask':
      return true;
    default:
      return record satisfies never;
  }
}

export const RECORD_KINDS = {
  classification: 'class',
  text: 'text',
  detection: 'boxes',
  segmentation: 'mask',
  regression: 'numbers',
} as const satisfies Record<Exclude<Task['kind'], 'agreement'>, ScoredRecord['kind']>;

export interface Sorted<K extends ScoredRecord['kind']> {
  /** Labelled, of the kind that the task makes, by index. */
  readonly scored: readonly Extract<ScoredRecord, { kind: K }>[];
  readonly failed: readonly FailedRecord[];
  readonly unlabelled: number;
}

export function sortRecords<K extends ScoredRecord['kind']>(
  kind: K,
  records: readonly SampleRecord[],
): Sorted<K> {
  const scored: Extract<ScoredRecord, { kind: K }>[] = [];
  const failed: FailedRecord[] = [];
  let unlabelled = 0;
  for (const record of records) {
    if (record.kind === 'failed') failed.push(record);
    else if (record.kind !== kind || !isLabelled(record)) unlabelled++;
    else scored.push(record as Extract<ScoredRecord, { kind: K }>);
  }
  scored.sort((a, b) => a.index - b.index);
  return { scored, failed, unlabelled };
}
