import { describe, expect, it } from 'vitest';
import { tradeoffOf } from './points.ts';
import type { TradeoffInput } from './points.ts';
import { withPrecision, EMPTY_DRAFT } from './recipe-edit.ts';
import { DEFAULT_OPTIONS, ORIGINAL, optionsKey, originalEntry } from './state.ts';
import type { StudyEntry } from './state.ts';
import { evaluation, measureResult, modelSummary } from './testing/fake-studio.ts';

const KEY = optionsKey(DEFAULT_OPTIONS);
const base = originalEntry(modelSummary());

function entry(id: string, bytes: number, cosine: number | null): StudyEntry {
  const agreement = { ...measureResult().agreement!, cosine: cosine ?? 0 };
  return {
    ...base,
    id,
    bytes,
    recipe: id === ORIGINAL ? base.recipe : withPrecision(EMPTY_DRAFT, 'int8').recipe,
    measurement: cosine === null ? null : measureResult({ agreement }),
    measuredWith: cosine === null ? null : KEY,
  };
}

const input = (entries: readonly StudyEntry[], over: Partial<TradeoffInput> = {}): TradeoffInput => ({
  entries,
  currentId: ORIGINAL,
  prediction: null,
  options: DEFAULT_OPTIONS,
  cost: 'size',
  gain: 'agreement',
  ...over,
});

const original = entry(ORIGINAL, 1000, 1);

describe('tradeoffOf', () => {
  it('places measured entries, marks the original, the current and the front', () => {
    const { points, front } = tradeoffOf(
      input([original, entry('a', 300, 0.99), entry('b', 400, 0.98)], { currentId: 'b' }),
    );
    expect(points.map(({ id, original: first, current, onFront }) => [id, first, current, onFront])).toEqual([
      [ORIGINAL, true, false, true],
      ['a', false, false, true],
      ['b', false, true, false], // a is smaller and closer
    ]);
    expect(front.map(({ id }) => id)).toEqual(['a', ORIGINAL]);
  });

  it('shows a ghost until the measurement takes its place', () => {
    const prediction = { bytes: 650, exact: true };
    const ahead = tradeoffOf(input([original, entry('a', 300, 0.98)], { currentId: null, prediction }));
    // Half way between 300 and 1000 bytes: half way between 0.98 and 1.
    expect(ahead.ghost?.cost).toBe(650);
    expect(ahead.ghost?.gain).toBeCloseTo(0.99, 12);
    expect(ahead.ghost?.exactCost).toBe(true);

    const made = entry('b', 640, null);
    const making = tradeoffOf(input([original, made], { currentId: 'b', prediction }));
    expect(making.ghost?.cost).toBe(640);
    expect(making.points).toHaveLength(1);

    const measured = tradeoffOf(input([original, entry('b', 640, 0.97)], { currentId: 'b', prediction }));
    expect(measured.ghost).toBeNull();
    expect(measured.points).toHaveLength(2);
  });

  it('has no ghost before anything was measured', () => {
    const { ghost, points } = tradeoffOf(
      input([entry(ORIGINAL, 1000, null)], { currentId: null, prediction: { bytes: 500, exact: true } }),
    );
    expect(ghost).toBeNull();
    expect(points).toEqual([]);
  });

  it('places the original by the measurement of a variant, whose run it shared', () => {
    const entries = [entry(ORIGINAL, 1000, null), entry('a', 300, 0.98)];
    for (const cost of ['size', 'latency'] as const) {
      const found = tradeoffOf(input(entries, { cost, currentId: 'a' })).points[0];
      expect(found).toMatchObject({
        id: ORIGINAL,
        original: true,
        gain: 1,
        cost: cost === 'size' ? 1000 : 1,
      });
    }
    const known = [entries[0], { ...entry('a', 300, 0.98), evaluation: evaluation(0.75) }];
    const labelled = tradeoffOf(input(known, { gain: 'accuracy' })).points;
    expect(labelled.map(({ gain }) => gain)).toEqual([0.8, 0.75]);
    // The difference is −0.05 and known to a hundredth.
    expect(labelled[1]?.gainSpread?.map((side) => side.toFixed(3))).toEqual(['0.010', '0.010']);
  });

  it('leaves out of the front what gave no answer to some samples', () => {
    const front = (unanswered: number | undefined) =>
      tradeoffOf(
        input(
          [
            { ...original, evaluation: evaluation() },
            {
              ...entry('a', 300, 0.98),
              evaluation: evaluation(0.9, unanswered === undefined ? {} : { unanswered }),
            },
          ],
          { gain: 'accuracy' },
        ),
      ).front.map(({ id }) => id);
    expect(front(undefined)).toEqual(['a']);
    expect(front(1)).toEqual([ORIGINAL]);
  });

  it('draws the front below where the gain is an error', () => {
    const error = (value: number) => evaluation(value, { metric: 'mae', higherIsBetter: false });
    const { front, lowerIsBetter, metric } = tradeoffOf(
      input(
        [
          { ...original, evaluation: error(0.8) },
          { ...entry('a', 300, 0.98), evaluation: error(0.9) },
          { ...entry('b', 400, 0.98), evaluation: error(0.95) },
        ],
        { gain: 'accuracy' },
      ),
    );
    expect([lowerIsBetter, metric]).toEqual([true, 'mae']);
    expect(front.map(({ id }) => id)).toEqual(['a', ORIGINAL]);
  });

  it('compares latencies as ratios of one run, with their interval', () => {
    const { points } = tradeoffOf(input([original, entry('a', 300, 0.99)], { cost: 'latency' }));
    expect(points[0]?.cost).toBe(1);
    // speedup 1.25 in [1.2, 1.3]: 0.8 of the time, between 1/1.3 and 1/1.2.
    expect(points[1]?.cost).toBeCloseTo(0.8, 12);
    expect(points[1]?.costSpread?.[0]).toBeCloseTo(0.8 - 1 / 1.3, 12);
    expect(points[1]?.costSpread?.[1]).toBeCloseTo(1 / 1.2 - 0.8, 12);
  });

  it('leaves latencies of other options out', () => {
    const { points } = tradeoffOf(
      input([original, entry('a', 300, 0.99)], {
        cost: 'latency',
        options: { ...DEFAULT_OPTIONS, threads: 2 },
      }),
    );
    expect(points).toEqual([]);
  });
});
