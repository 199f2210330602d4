/** Tests, correction and sample sizes against numbers that can be checked by hand. */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../passes/random.ts';
import { bootstrapRatio, unseenShare } from './bootstrap.ts';
import { normalCdf, studentQuantile } from './distributions.ts';
import { holm, pairsNeeded, pairsNeededForMean, signFlipTest } from './tests.ts';

describe('holm', () => {
  it('steps down and stops at the first that stands', () => {
    // .01 ≤ .05/4, .013 ≤ .05/3, .03 > .05/2: the fourth falls with it although .04 ≤ .05
    expect(holm([0.04, 0.01, 0.03, 0.013])).toEqual([false, true, false, true]);
    expect(holm([])).toEqual([]);
  });
});

describe('signFlipTest', () => {
  it('counts all flips of few changes', () => {
    // All five the same way: 2 of 2⁵ flips are as far; zeros do not count.
    expect(signFlipTest([1, 2, 0, 3, 1, 0, 5], seededRandom(1))).toBe(2 / 32);
    expect(signFlipTest([0, 0], seededRandom(1))).toBe(1);
  });
  it('is McNemar’s test where each change is one', () => {
    // 1 against 5: 2·7/64
    expect(signFlipTest([1, -1, -1, -1, -1, -1], seededRandom(1))).toBeCloseTo(0.21875, 12);
  });
  it('draws flips of some changes: 20 of one size, 15 up', () => {
    // 2·P(X ≥ 15 | 20, ½) = 0.0414; 9,999 draws have a standard error of 0.002
    const p = signFlipTest([...Array<number>(15).fill(1), ...Array<number>(5).fill(-1)], seededRandom(1));
    expect(p).toBeGreaterThan(0.0414 - 4 * 0.002);
    expect(p).toBeLessThan(0.0414 + 4 * 0.002);
  });
  it('takes the normal limit for many: 400 of one size, 220 up', () => {
    // z = 40/√400 = 2, and 2·Φ(−2) = 0.0455
    const many = [...Array<number>(220).fill(1), ...Array<number>(180).fill(-1)];
    expect(signFlipTest(many, seededRandom(1))).toBeCloseTo(0.0455, 4);
  });
  it('does not trust the limit where one change outweighs the rest', () => {
    // Whatever the 150 small signs are, the large one decides: every flip is about as far.
    const outlier = [1000, ...Array.from({ length: 150 }, (_, i) => (i % 2 === 0 ? 1 : -1))];
    expect(signFlipTest(outlier, seededRandom(1))).toBeGreaterThan(0.4);
  });
});

describe('sample sizes', () => {
  it('of pairs that may disagree', () => {
    // (1.95996·√.1 + .84162·√(.1 − .0025))² / .0025 = (.61980 + .26280)²/.0025 = 311.6
    expect(pairsNeeded(0.05, 0.1)).toBe(312);
    // Fewer disagree than the difference asks for: at least those must.
    expect(pairsNeeded(0.05, 0.01)).toBe(pairsNeeded(0.05, 0.05));
  });
  it('of means', () => {
    // ((1.95996 + .84162)·.1/.05)² · 100 = 3139.6
    expect(pairsNeededForMean(0.05, 0.1, 100)).toBe(3140);
  });
});

describe('distributions', () => {
  it('are the tables’', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 6);
    expect(normalCdf(-1.959964)).toBeCloseTo(0.025, 6);
    for (const [freedom, t] of [
      [1, 12.7062],
      [5, 2.5706],
      [10, 2.2281],
      [29, 2.0452],
      [1000, 1.9623],
    ] as const) {
      expect(studentQuantile(freedom)).toBeCloseTo(t, 3);
    }
  });
});

describe('bootstrapRatio', () => {
  const ratio = (numerators: number[], denominators: number[], unit: number) =>
    bootstrapRatio(
      { numerators: Float64Array.from(numerators), denominators: Float64Array.from(denominators) },
      seededRandom(3),
      unit,
    );
  it('bounds nothing with one sample, and nothing is left open where continuous values are equal', () => {
    expect(ratio([1], [2], 1)).toEqual({ value: 0.5, interval: { low: -Infinity, high: Infinity } });
    expect(ratio([2, 2, 2], [1, 1, 1], 0)).toEqual({ value: 2, interval: { low: 2, high: 2 } });
  });
  it('leaves room for changes that were not seen, less with more samples', () => {
    const width = (n: number): number => {
      const { value, interval } = ratio(Array<number>(n).fill(0), Array<number>(n).fill(10), 1);
      expect(value).toBe(0);
      expect(interval.low).toBeLessThan(0);
      expect(interval.high).toBeGreaterThan(0);
      return interval.high - interval.low;
    };
    expect(width(300)).toBeLessThan(width(30) / 5);
  });
  it('is the same for the same seed', () => {
    expect(ratio([1, 0, 2, 0], [9, 8, 7, 6], 1)).toEqual(ratio([1, 0, 2, 0], [9, 8, 7, 6], 1));
  });
});

describe('unseenShare', () => {
  it('is about three in n', () => {
    expect(unseenShare(100)).toBeCloseTo(0.0295, 4);
  });
});
