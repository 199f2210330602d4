import { describe, expect, it } from 'vitest';
import { dominates, interpolateGain, paretoFront } from './pareto.ts';
import type { TradeoffPoint } from './pareto.ts';

const point = (id: string, cost: number, gain: number): TradeoffPoint => ({ id, cost, gain });
const ids = (points: readonly TradeoffPoint[]): string[] => points.map((p) => p.id);

describe('dominates', () => {
  it('needs one strict gain', () => {
    expect(dominates(point('a', 1, 0.9), point('b', 2, 0.9))).toBe(true);
    expect(dominates(point('a', 1, 0.9), point('b', 1, 0.8))).toBe(true);
    expect(dominates(point('a', 1, 0.9), point('b', 1, 0.9))).toBe(false);
    expect(dominates(point('a', 1, 0.8), point('b', 2, 0.9))).toBe(false);
  });
});

describe('paretoFront', () => {
  it('keeps what nothing beats, by rising cost', () => {
    const points = [
      point('original', 10, 0.99),
      point('int8', 3, 0.98),
      point('worse', 4, 0.97), // int8 is smaller and better
      point('int4', 2, 0.9),
      point('same cost, lower', 3, 0.5),
    ];
    expect(ids(paretoFront(points))).toEqual(['int4', 'int8', 'original']);
  });

  it('drops a dearer point of equal gain and keeps twins', () => {
    expect(ids(paretoFront([point('dear', 2, 1), point('cheap', 1, 1)]))).toEqual(['cheap']);
    expect(ids(paretoFront([point('a', 1, 1), point('b', 1, 1)]))).toEqual(['a', 'b']);
  });

  it('leaves out what was not measured and accepts nothing at all', () => {
    expect(ids(paretoFront([point('nan', 1, Number.NaN), point('ok', 2, 0)]))).toEqual(['ok']);
    expect(paretoFront([])).toEqual([]);
  });

  it('agrees with the definition on every subset of a grid', () => {
    // 3 × 3 grid, all 512 subsets: the sweep must equal the quadratic definition.
    const grid = Array.from({ length: 9 }, (_, i) => point(String(i), i % 3, Math.floor(i / 3)));
    for (let mask = 0; mask < 512; mask++) {
      const subset = grid.filter((_, i) => ((mask >> i) & 1) === 1);
      const expected = subset.filter((p) => !subset.some((q) => dominates(q, p)));
      expect(new Set(ids(paretoFront(subset)))).toEqual(new Set(ids(expected)));
    }
  });
});

describe('interpolateGain', () => {
  const points = [point('a', 2, 0.8), point('b', 4, 1)];
  it('is linear between neighbours', () => {
    // Half way between 2 and 4: (0.8 + 1) / 2.
    expect(interpolateGain(points, 3)).toBeCloseTo(0.9, 12);
    expect(interpolateGain(points, 4)).toBe(1);
  });
  it('takes the nearest outside and nothing from nothing', () => {
    expect(interpolateGain(points, 1)).toBe(0.8);
    expect(interpolateGain(points, 9)).toBe(1);
    expect(interpolateGain([], 1)).toBeUndefined();
  });
});
