/** Two models' records, paired by sample. It must not know metrics. */
import { PareError } from '../../errors.ts';
import { sortRecords } from './scored.ts';
import type { ScoredRecord } from './scored.ts';
import type { SampleRecord } from './types.ts';

export interface Pair<R extends ScoredRecord> {
  readonly index: number;
  readonly before: R;
  readonly after: R;
}

export interface Pairs<R extends ScoredRecord> {
  /** In the order of the set. */
  readonly pairs: readonly Pair<R>[];
  /** Samples with a record that has no partner. */
  readonly unpaired: number;
  /** Those of them that the first scored and the second failed on. */
  readonly unanswered: number;
}

/** @throws PareError `not-measurable` when nothing pairs. */
export function pairRecords<K extends ScoredRecord['kind']>(
  kind: K,
  baseline: readonly SampleRecord[],
  variant: readonly SampleRecord[],
): Pairs<Extract<ScoredRecord, { kind: K }>> {
  const before = new Map(sortRecords(kind, baseline).scored.map((record) => [record.index, record] as const));
  const pairs: Pair<Extract<ScoredRecord, { kind: K }>>[] = [];
  for (const after of sortRecords(kind, variant).scored) {
    const partner = before.get(after.index);
    if (partner !== undefined) pairs.push({ index: after.index, before: partner, after });
  }
  const all = new Set([...baseline, ...variant].map(({ index }) => index));
  if (pairs.length === 0) {
    throw new PareError(
      'not-measurable',
      `None of the ${all.size} samples could be scored with both models.`,
    );
  }
  const unanswered = variant.filter(({ kind: made, index }) => made === 'failed' && before.has(index)).length;
  return { pairs, unpaired: all.size - pairs.length, unanswered };
}
