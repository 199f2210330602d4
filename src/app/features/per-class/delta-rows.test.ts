/** Order, search, scale and words of the per-class table. */
import { describe, expect, it } from 'vitest';
import type { GroupDelta, TaskComparison } from '../../../core/metrics/tasks/types.ts';
import {
  barGeometry,
  columnsOf,
  deltaNote,
  deltaRows as rowsBy,
  deltaScale,
  significanceSentence,
  worstOf,
} from './delta-rows.ts';
import type { DeltaQuery } from './delta-rows.ts';

const delta = (name: string, difference: number, over: Partial<GroupDelta> = {}): GroupDelta => ({
  column: '',
  name,
  n: 20,
  baseline: 0.5,
  value: 0.5 + difference,
  difference,
  interval: { low: difference - 0.1, high: difference + 0.1 },
  pValue: 0.5,
  significant: false,
  ...over,
});
const comparison = (over: Partial<TaskComparison> = {}): TaskComparison =>
  ({
    metric: 'top1',
    higherIsBetter: true,
    perClass: [delta('cat 2', 0.1), delta('Dog', -0.2), delta('cat 10', -0.2, { n: 50 })],
    perGroup: [delta('night', -0.3, { column: 'light' }), delta('day', 0, { column: 'light' })],
    ...over,
  }) as TaskComparison;
const deltaRows = (of: TaskComparison, query: DeltaQuery): readonly GroupDelta[] =>
  rowsBy(of, query, ({ name }) => name);
const names = (rows: readonly GroupDelta[]): string[] => rows.map(({ name }) => name);

describe('deltaRows', () => {
  it('puts the worst first, the larger n before the smaller', () => {
    const query = { column: '', search: '', order: 'worst' } as const;
    expect(names(deltaRows(comparison(), query))).toEqual(['cat 10', 'Dog', 'cat 2']);
    expect(names(deltaRows(comparison(), { ...query, order: 'best' }))).toEqual(['cat 2', 'cat 10', 'Dog']);
    expect(names(deltaRows(comparison(), { ...query, order: 'name' }))).toEqual(['cat 2', 'cat 10', 'Dog']);
    expect(names(deltaRows(comparison(), { ...query, order: 'count' }))[0]).toBe('cat 10');
  });

  it('turns the order round where less is better', () => {
    const errors = comparison({ higherIsBetter: false });
    expect(names(deltaRows(errors, { column: '', search: '', order: 'worst' }))[0]).toBe('cat 2');
    expect(worstOf(errors)?.name).toBe('cat 2');
  });

  it('searches names in any case, within the column', () => {
    expect(names(deltaRows(comparison(), { column: '', search: ' CAT ', order: 'name' }))).toHaveLength(2);
    expect(names(deltaRows(comparison(), { column: 'light', search: 'n', order: 'worst' }))).toEqual([
      'night',
    ]);
  });

  it('knows the columns', () => {
    expect(columnsOf(comparison())).toEqual(['', 'light']);
    expect(columnsOf(comparison({ perClass: [] }))).toEqual(['light']);
  });
});

describe('worstOf', () => {
  it('prefers what is certain, and does not stop at a handful of samples', () => {
    const one = delta('one', -1, { n: 1 });
    const many = delta('many', -0.1);
    const sure = delta('sure', -0.05, { significant: true });
    expect(worstOf(comparison({ perClass: [one, many, sure] }))?.name).toBe('sure');
    expect(worstOf(comparison({ perClass: [one, many] }))?.name).toBe('many');
    expect(worstOf(comparison({ perClass: [one] }))?.name).toBe('one');
  });

  it('is the largest loss, null without any', () => {
    expect(worstOf(comparison())?.difference).toBe(-0.2);
    expect(worstOf(comparison({ perClass: [delta('a', 0.1), delta('b', 0)] }))).toBeNull();
    expect(worstOf(comparison({ perClass: [] }))?.name).toBe('night');
  });
});

describe('words', () => {
  it('says significant only where it is, and why not', () => {
    expect(deltaNote(delta('a', -0.5, { significant: true }))).toBe('significant');
    expect(deltaNote(delta('a', -0.5, { n: 3 }))).toBe('too few to tell');
    expect(deltaNote(delta('a', -0.5))).toBe('not significant');
    expect(significanceSentence(comparison().perClass, 'class')).toMatch(/^None of 3 classes/);
    expect(significanceSentence([delta('a', -1, { significant: true })], 'light')).toMatch(
      /^1 of the one light/,
    );
  });
});

describe('barGeometry', () => {
  it('puts zero in the middle and the widest end at the edge', () => {
    const row = delta('a', -0.3);
    // ends −0.4 and −0.2, value −0.3; the scale is 0.4, so that they lie at 0, 0.25 and 0.125.
    const scale = deltaScale([row]);
    expect(scale).toBeCloseTo(0.4, 12);
    const bar = barGeometry(row, scale);
    expect(bar.low).toBeCloseTo(0, 12);
    expect(bar.high).toBeCloseTo(0.25, 12);
    expect(bar.value).toBeCloseTo(0.125, 12);
    expect(bar.zero).toBe(0.5);
  });

  it('keeps at least a point, and survives what is no number', () => {
    expect(deltaScale([])).toBe(0.01);
    const odd = delta('a', 0, { interval: { low: Number.NaN, high: Number.POSITIVE_INFINITY } });
    expect(barGeometry(odd, deltaScale([odd]))).toEqual({ low: 0, high: 1, value: 0.5, zero: 0.5 });
  });
});
