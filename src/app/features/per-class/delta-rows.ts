/** Rows of the per-class and per-group tables: which to show, in which order, and what each means in words. Pure. */
import type { GroupDelta, TaskComparison } from '../../../core/metrics/tasks/types.ts';

/** Made once: with ten thousand names a comparison that sets itself up each time is felt. */
const byName = new Intl.Collator(undefined, { numeric: true });

export type DeltaOrder = 'worst' | 'best' | 'count' | 'name';

/** '' stands for the classes; the rest are columns of the labels file. */
export function columnsOf(comparison: TaskComparison): readonly string[] {
  const columns = new Set(comparison.perGroup.map(({ column }) => column));
  return comparison.perClass.length > 0 ? ['', ...columns] : [...columns];
}

export interface DeltaQuery {
  readonly column: string;
  /** Part of the name, in any case. */
  readonly search: string;
  readonly order: DeltaOrder;
}

/** @param nameOf a row's name for people: searched and sorted by */
export function deltaRows(
  comparison: TaskComparison,
  query: DeltaQuery,
  nameOf: (row: GroupDelta) => string,
): readonly GroupDelta[] {
  const rows =
    query.column === ''
      ? comparison.perClass
      : comparison.perGroup.filter(({ column }) => column === query.column);
  const wanted = query.search.trim().toLowerCase();
  const found = wanted === '' ? rows : rows.filter((row) => nameOf(row).toLowerCase().includes(wanted));
  const gain = (row: GroupDelta): number => (comparison.higherIsBetter ? row.difference : -row.difference);
  switch (query.order) {
    case 'worst':
      // Of two equal losses the one on more samples says more.
      return found.toSorted((a, b) => gain(a) - gain(b) || b.n - a.n);
    case 'best':
      return found.toSorted((a, b) => gain(b) - gain(a) || b.n - a.n);
    case 'count':
      return found.toSorted((a, b) => b.n - a.n);
    case 'name':
      return found.toSorted((a, b) => byName.compare(nameOf(a), nameOf(b)));
    default:
      return query.order satisfies never;
  }
}

/**
 * The class (or else the group) that lost most; null where none lost anything. Losses that are certain go before those
 * that are not, and those before losses on a handful of samples, where one of them makes a hundred points.
 */
export function worstOf(comparison: TaskComparison): GroupDelta | null {
  const rows = comparison.perClass.length > 0 ? comparison.perClass : comparison.perGroup;
  const loss = (row: GroupDelta): number => (comparison.higherIsBetter ? -row.difference : row.difference);
  const weight = (row: GroupDelta): number => (row.significant ? 2 : row.n < FEW ? 0 : 1);
  let worst: GroupDelta | null = null;
  for (const row of rows) {
    if (loss(row) <= 0) continue;
    const order = worst === null ? 1 : weight(row) - weight(worst) || loss(row) - loss(worst);
    if (order > 0) worst = row;
  }
  return worst;
}

/** Below this many samples a class cannot show a loss of a tenth, whatever the variant does. */
const FEW = 10;

export function deltaNote(row: GroupDelta): string {
  if (row.significant) return 'significant';
  return row.n < FEW ? 'too few to tell' : 'not significant';
}

/** How many of the rows are significant, in one sentence; the correction is named. */
export function significanceSentence(rows: readonly GroupDelta[], what: string): string {
  const significant = rows.filter((row) => row.significant).length;
  const of = rows.length === 1 ? `the one ${what}` : `${rows.length} ${plural(what)}`;
  const found = significant === 0 ? 'None' : String(significant);
  return `${found} of ${of} changed significantly, after Holm’s correction: with many comparisons some look bad by chance alone.`;
}

function plural(what: string): string {
  return what.endsWith('s') ? `${what}es` : `${what}s`;
}

export interface BarGeometry {
  /** All 0..1 from left to right. */
  readonly low: number;
  readonly high: number;
  readonly value: number;
  readonly zero: number;
}

/** The scale that all rows share: the widest interval, at least ±1 point, symmetric around zero. */
export function deltaScale(rows: readonly GroupDelta[]): number {
  let widest = 0.01;
  for (const { interval, difference } of rows) {
    for (const end of [interval.low, interval.high, difference]) {
      if (Number.isFinite(end)) widest = Math.max(widest, Math.abs(end));
    }
  }
  return widest;
}

export function barGeometry({ interval, difference }: GroupDelta, scale: number): BarGeometry {
  const at = (value: number, otherwise: number): number =>
    Number.isFinite(value) ? Math.min(1, Math.max(0, 0.5 + value / scale / 2)) : otherwise;
  return { low: at(interval.low, 0), high: at(interval.high, 1), value: at(difference, 0.5), zero: 0.5 };
}
