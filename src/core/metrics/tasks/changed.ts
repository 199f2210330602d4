/** Samples whose answer changed, in both directions. It must not know pictures. */
import type { Pair } from './pairs.ts';
import type { ChangedSample, ClassRecord, TaskComparison, TextRecord } from './types.ts';

const MOST_CHANGED = 500;

export function changedSamples<R extends ClassRecord | TextRecord>(
  pairs: readonly Pair<R>[],
  isRight: (record: R) => boolean,
  isSame: (a: R, b: R) => boolean,
): Pick<TaskComparison, 'lost' | 'gained' | 'other' | 'changed'> {
  const found: Record<ChangedSample['change'], ChangedSample[]> = { lost: [], gained: [], other: [] };
  for (const { index, before, after } of pairs) {
    const was = isRight(before);
    const is = isRight(after);
    const change = was && !is ? 'lost' : !was && is ? 'gained' : 'other';
    if (change === 'other' && (was || isSame(before, after))) continue;
    found[change].push({ index, change, before, after });
  }
  const { lost, gained, other } = found;
  const half = MOST_CHANGED / 2;
  // What one direction leaves free, the other may take; what changed from wrong to wrong fills the rest.
  const keptLost = spread(lost, Math.max(half, MOST_CHANGED - gained.length));
  const keptGained = spread(gained, MOST_CHANGED - keptLost.length);
  const keptOther = spread(other, MOST_CHANGED - keptLost.length - keptGained.length);
  return {
    lost: lost.length,
    gained: gained.length,
    other: other.length,
    changed: [...keptLost, ...keptGained, ...keptOther],
  };
}

/** At most `most`, evenly over the set: the first ones would often be one class. */
function spread<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]);
}
