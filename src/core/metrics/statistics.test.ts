/** Statistics against numbers that can be checked by hand; each derivation stands beside its number. */
import { describe, expect, it } from 'vitest';
import {
  exactInterval,
  mcnemarExact,
  median,
  medianInterval,
  newcombeInterval,
  pairedCounts,
  pairedDifference,
  quantile,
  quantileInterval,
  tangoInterval,
  wilsonInterval,
} from './statistics.ts';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

describe('median', () => {
  it('is the middle, or the mean of the two middles, whatever the order', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([10, 1, 2, 3])).toBe(2.5);
    expect(median([7])).toBe(7);
  });
  it('refuses an empty list', () => {
    expect(() => median([])).toThrow(/no values/);
  });
});

describe('medianInterval', () => {
  it('does not exist below six values', () => {
    // (1/2)^5 on each side = 0.0625 > 0.05
    expect(medianInterval([1, 2, 3, 4, 5])).toBeUndefined();
  });
  it('is the whole range for six', () => {
    // P(X ≤ 0) = 1/64 = 0.0156 ≤ 0.025, P(X ≤ 1) = 7/64 = 0.109: rank 1
    expect(medianInterval(upTo(6))).toEqual({ low: 1, high: 6 });
  });
  it('takes the 2nd and 9th of ten', () => {
    // P(X ≤ 1) = 11/1024 = 0.0107 ≤ 0.025, P(X ≤ 2) = 56/1024 = 0.0547: rank 2
    expect(medianInterval(upTo(10).reverse())).toEqual({ low: 2, high: 9 });
  });
  it('takes the 40th and 61st of a hundred', () => {
    // The usual table: P(X ≤ 39) = 0.0176 ≤ 0.025, P(X ≤ 40) = 0.0284
    expect(medianInterval(upTo(100))).toEqual({ low: 40, high: 61 });
  });
});

describe('wilsonInterval', () => {
  it('gives the textbook interval of 5 of 10', () => {
    // half = z·√(0.25/10 + z²/400) / (1 + z²/10) = 0.3646 / 1.38415 = 0.2634
    const { low, high } = wilsonInterval(5, 10);
    expect(low).toBeCloseTo(0.2366, 4);
    expect(high).toBeCloseTo(0.7634, 4);
  });
  it('stays inside [0, 1] and is open on one side at the ends', () => {
    // 0 of 10: high = z²/(10 + z²) = 3.8415/13.8415 = 0.27753
    expect(wilsonInterval(0, 10).low).toBe(0);
    expect(wilsonInterval(0, 10).high).toBeCloseTo(0.27753, 5);
    expect(wilsonInterval(10, 10).low).toBeCloseTo(1 - 0.27753, 5);
  });
});

describe('exactInterval', () => {
  it('gives the textbook interval of 5 of 10, and closed forms at the ends', () => {
    const { low, high } = exactInterval(5, 10);
    expect(low).toBeCloseTo(0.1871, 4);
    expect(high).toBeCloseTo(0.8129, 4);
    // 0 of n: (1 − p)ⁿ = 0.025
    expect(exactInterval(0, 10)).toEqual({ low: 0, high: expect.closeTo(1 - 0.025 ** 0.1, 9) as number });
    expect(exactInterval(10, 10)).toEqual({ low: expect.closeTo(0.025 ** 0.1, 9) as number, high: 1 });
  });
  it('comes close to the normal interval for many', () => {
    // 0.9 ± 1.96·√(0.09/100,000) = 0.9 ± 0.00186
    const { low, high } = exactInterval(90_000, 100_000);
    expect(low).toBeCloseTo(0.89813, 4);
    expect(high).toBeCloseTo(0.90185, 4);
  });
});

describe('paired comparison', () => {
  it('counts the four cells', () => {
    expect(pairedCounts([true, true, false, false, true], [true, false, true, false, true])).toEqual({
      both: 2,
      firstOnly: 1,
      secondOnly: 1,
      neither: 1,
    });
    expect(() => pairedCounts([true], [])).toThrow(/differ in length/);
  });

  it('McNemar exact: 1 against 5 disagreements', () => {
    // 2·P(X ≤ 1 | n = 6) = 2·7/64 = 0.21875
    expect(mcnemarExact({ both: 90, firstOnly: 5, secondOnly: 1, neither: 4 })).toBeCloseTo(0.21875, 12);
    expect(mcnemarExact({ both: 9, firstOnly: 0, secondOnly: 0, neither: 1 })).toBe(1);
    // 2·P(X ≤ 0 | n = 10) = 2/1024
    expect(mcnemarExact({ both: 0, firstOnly: 10, secondOnly: 0, neither: 0 })).toBeCloseTo(2 / 1024, 15);
  });

  it('Newcombe without correlation: the score intervals add in squares', () => {
    // Both 5 of 10; ad − bc = 9 − 4 = 5 ≤ n/2, so phi = 0; reach = √2 · 0.26341 = 0.37252
    const { low, high } = newcombeInterval({ both: 3, firstOnly: 2, secondOnly: 2, neither: 3 });
    expect(low).toBeCloseTo(-0.37252, 4);
    expect(high).toBeCloseTo(0.37252, 4);
  });

  it('Newcombe with correlation: the same margins agree more, the interval shrinks', () => {
    // Both 5 of 10, never different: ad − bc = 25, less n/2 = 20; margins 5⁴ = 625, √ = 25; phi = 0.8;
    // reach = 0.26341·√(2 − 2·0.8) = 0.26341·0.63246 = 0.16659
    const { low, high } = newcombeInterval({ both: 5, firstOnly: 0, secondOnly: 0, neither: 5 });
    expect(low).toBeCloseTo(-0.16659, 4);
    expect(high).toBeCloseTo(0.16659, 4);
  });

  it('Tango without disagreement', () => {
    // b = c = 0: q = 0 for δ ≥ 0, so nδ/√(nδ(1 − δ)) = z and δ = z²/(n + z²) = 3.84146/13.84146
    const { low, high } = tangoInterval({ both: 5, firstOnly: 0, secondOnly: 0, neither: 5 });
    expect(high).toBeCloseTo(0.27753, 5);
    expect(low).toBeCloseTo(-0.27753, 5);
  });

  it('Tango where as many pairs disagree each way', () => {
    // b = c = 50 of 1000, δ small: the variance is about 2q = 0.1, so δ is about z·√(0.1/1000) = 0.0196
    const { low, high } = tangoInterval({ both: 500, firstOnly: 50, secondOnly: 50, neither: 400 });
    expect(high).toBeCloseTo(0.0196, 3);
    expect(low).toBeCloseTo(-high, 10);
  });

  it('difference has the sign of second minus first, and the wider bound on each side', () => {
    const counts = { both: 80, firstOnly: 10, secondOnly: 2, neither: 8 };
    const worse = pairedDifference(counts);
    expect(worse.difference).toBeCloseTo(-0.08, 12);
    const parts = [newcombeInterval(counts), tangoInterval(counts)];
    expect(worse.interval.low).toBe(Math.min(...parts.map(({ low }) => low)));
    expect(worse.interval.high).toBe(Math.max(...parts.map(({ high }) => high)));
    expect(worse.interval.low).toBeLessThan(-0.08);
    expect(worse.interval.high).toBeGreaterThan(-0.08);
    const mirrored = pairedDifference({ both: 80, firstOnly: 2, secondOnly: 10, neither: 8 });
    expect(mirrored.interval.high).toBeCloseTo(-worse.interval.low, 12);
  });
});

describe('quantiles', () => {
  it('lie between neighbours', () => {
    // 0.9·(5 − 1) = 3.6: 40 + 0.6·10
    expect(quantile([50, 10, 20, 30, 40], 0.9)).toBeCloseTo(46, 12);
    expect(quantile([1, 2, 3], 0.5)).toBe(2);
    expect(quantile([7], 0.99)).toBe(7);
  });
  it('have intervals where there are values enough', () => {
    // 0.9ⁿ ≤ 0.025 first at n = 36 (0.0225): the largest of 36 is above the 90 % quantile often enough.
    expect(quantileInterval(upTo(35), 0.9)).toBeUndefined();
    expect(quantileInterval(upTo(36), 0.9)?.high).toBe(36);
    // 0.99ⁿ ≤ 0.025 first at n = 368 (0.02476)
    expect(quantileInterval(upTo(367), 0.99)).toBeUndefined();
    expect(quantileInterval(upTo(368), 0.99)?.high).toBe(368);
  });
  it('agree with the interval of the median', () => {
    for (const n of [6, 10, 37, 100]) expect(quantileInterval(upTo(n), 0.5)).toEqual(medianInterval(upTo(n)));
  });
});
