import { describe, expect, it } from 'vitest';
import { noise } from '../testing/weight-models.ts';
import { chooseRange, codeBounds, gridError, gridOf, RANGE_METHODS } from './ranges.ts';
import type { CodeGrid, CodeScheme } from './ranges.ts';
import type { ValueHistogram } from './types.ts';

const BINS = 2048;
const U8: CodeScheme = { type: 'uint8', symmetric: false };
const S8: CodeScheme = { type: 'int8', symmetric: false };
const S8_SYMMETRIC: CodeScheme = { type: 'int8', symmetric: true };
const SCHEMES = [U8, S8, S8_SYMMETRIC, { type: 'uint8', symmetric: true }] as const;

function histogramOf(values: Float32Array): ValueHistogram {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const counts = new Float64Array(BINS);
  for (const value of values) {
    counts[Math.min(BINS - 1, Math.floor(((value - low) / (high - low)) * BINS))]++;
  }
  return { low, high, counts };
}

function decoded(value: number, { scale, zeroPoint }: CodeGrid, scheme: CodeScheme): number {
  const { low, high } = codeBounds(scheme);
  const code = Math.min(high, Math.max(low, Math.round(value / scale) + zeroPoint));
  return (code - zeroPoint) * scale;
}

function squaredError(values: Float32Array, grid: CodeGrid, scheme: CodeScheme): number {
  return values.reduce((sum, x) => sum + (x - decoded(x, grid, scheme)) ** 2, 0);
}

/** About normal, with a tail: every 97th value is stretched. */
const tailed = (seed: number, stretch: number): Float32Array =>
  noise(20_000, seed).map((x, i) => (i % 97 === 0 ? x * stretch : x));
const relu = (values: Float32Array): Float32Array => values.map((x) => Math.max(0, x));

const SETS: readonly (readonly [string, Float32Array])[] = [
  ['two-sided', noise(20_000, 3)],
  ['after a Relu', relu(noise(20_000, 4))],
  ['with a tail', tailed(5, 6)],
  ['with a tail, after a Relu', relu(tailed(6, 8))],
  ['below 0', noise(20_000, 7).map((x) => -Math.abs(x))],
  ['far from 0', noise(20_000, 8).map((x) => x + 3)],
];

describe('gridOf', () => {
  it('is scale and zero point by hand', () => {
    // 0 … 2.55 in 255 steps; −1 … 1.55: 1 / 0.01 = 100 codes below zero.
    expect(gridOf({ min: 0, max: 2.55 }, U8)).toEqual({
      type: 'uint8',
      scale: Math.fround(0.01),
      zeroPoint: 0,
    });
    expect(gridOf({ min: -1, max: 1.55 }, U8)).toEqual({
      type: 'uint8',
      scale: Math.fround(0.01),
      zeroPoint: 100,
    });
    expect(gridOf({ min: 0, max: 2.55 }, S8).zeroPoint).toBe(-128);
    expect(gridOf({ min: -1.27, max: 0.5 }, S8_SYMMETRIC)).toEqual({
      type: 'int8',
      scale: Math.fround(0.01),
      zeroPoint: 0,
    });
  });

  it.each(SCHEMES)(
    'holds 0 exactly and both ends within half a step ($type, symmetric: $symmetric)',
    (scheme) => {
      for (let seed = 1; seed < 60; seed++) {
        const [a, b] = noise(2, seed).map((x) => x * 10 ** (seed % 7));
        const range = { min: Math.min(a, b), max: Math.max(a, b) };
        const grid = gridOf(range, scheme);
        expect(decoded(0, grid, scheme)).toBe(0);
        for (const end of [Math.min(0, range.min), Math.max(0, range.max)]) {
          // Rounding the zero point moves the range by half a step, rounding to a code costs as much again.
          expect(Math.abs(decoded(end, grid, scheme) - end)).toBeLessThanOrEqual(1.0001 * grid.scale);
        }
      }
    },
  );

  it('never leaves the bounds of a Clip, in float32 as in exact numbers', () => {
    for (const [min, max] of [
      [0, 6],
      [-1, 1],
      [0, 0.7],
      [-3, 5],
      [-0.1, 1e4],
    ]) {
      for (const scheme of [U8, S8]) {
        const { scale, zeroPoint } = gridOf({ min: -1e6, max: 1e6 }, scheme, { min, max });
        const { low, high } = codeBounds(scheme);
        for (const product of [(high - zeroPoint) * scale, Math.fround((high - zeroPoint) * scale)]) {
          expect(product).toBeLessThanOrEqual(max);
        }
        expect((low - zeroPoint) * scale).toBeGreaterThanOrEqual(min);
        // and loses at most one code on either side
        expect((high - zeroPoint + 1) * scale).toBeGreaterThanOrEqual(max * 0.99);
      }
    }
  });

  it('of a Relu has its zero point at the lowest code', () => {
    expect(gridOf({ min: 0, max: 3 }, U8, { min: 0, max: Infinity }).zeroPoint).toBe(0);
    expect(gridOf({ min: 0, max: 3 }, S8, { min: 0, max: Infinity }).zeroPoint).toBe(-128);
  });

  it('of a value that is always 0 has a positive scale', () => {
    for (const scheme of SCHEMES) expect(gridOf({ min: 0, max: 0 }, scheme).scale).toBeGreaterThan(0);
  });
});

describe('gridError', () => {
  it.each(SETS)('is what the elements say: %s', (_, values) => {
    const histogram = histogramOf(values);
    for (const share of [1, 0.6, 0.3]) {
      const grid = gridOf({ min: histogram.low * share, max: histogram.high * share }, U8);
      const exact = squaredError(values, grid, U8);
      // Bins are an eighth of a step or wider, and hold about 10 elements: 5 % for where in a bin they lie.
      expect(Math.abs(gridError(histogram, grid, U8) - exact)).toBeLessThan(0.05 * exact);
    }
  });
});

describe('chooseRange', () => {
  it.each(RANGE_METHODS)('%s lies within what was seen, and holds 0', (method) => {
    for (const [, values] of SETS) {
      const histogram = histogramOf(values);
      const range = chooseRange(histogram, method, U8);
      expect(range.min).toBeGreaterThanOrEqual(Math.min(0, histogram.low));
      expect(range.max).toBeLessThanOrEqual(Math.max(0, histogram.high));
      expect(range.min).toBeLessThanOrEqual(0);
      expect(range.max).toBeGreaterThanOrEqual(0);
      expect(range.max).toBeGreaterThan(range.min);
    }
  });

  it('percentile cuts off 0.01 % at most, and not a bin less than it could', () => {
    for (const [, values] of SETS) {
      const histogram = histogramOf(values);
      const { min, max } = chooseRange(histogram, 'percentile', U8);
      const cut = values.filter((x) => x < min || x > max).length;
      expect(cut).toBeLessThanOrEqual(0.0001 * values.length + 1e-9);
      const width = (histogram.high - histogram.low) / BINS;
      if (max > 0) {
        const more = values.filter((x) => x > max - width * 1.0001).length;
        expect(more).toBeGreaterThan(histogram.low < 0 ? 0.00005 * values.length : 0.0001 * values.length);
      }
    }
  });

  it.each([U8, S8_SYMMETRIC])('mse is as good as a search over 200 × 200 ranges ($type)', (scheme) => {
    for (const [, values] of SETS) {
      const histogram = histogramOf(values);
      const found = squaredError(values, gridOf(chooseRange(histogram, 'mse', scheme), scheme), scheme);
      let best = Infinity;
      const some = values.filter((_, i) => i % 10 === 0);
      let bestRange = { min: 0, max: 0 };
      for (let i = 1; i <= 30; i++) {
        for (let j = 1; j <= 30; j++) {
          const range = {
            min: Math.min(0, (histogram.low * i) / 30),
            max: Math.max(0, (histogram.high * j) / 30),
          };
          const error = squaredError(some, gridOf(range, scheme), scheme);
          if (error >= best) continue;
          best = error;
          bestRange = range;
        }
      }
      const brute = squaredError(values, gridOf(bestRange, scheme), scheme);
      // The histogram knows where a value lies to within a bin: 5 %, as above.
      expect(found).toBeLessThan(1.05 * brute);
    }
  });

  it('auto keeps everything of a plain distribution and cuts off far outliers', () => {
    const plain = histogramOf(noise(20_000, 3));
    expect(chooseRange(plain, 'auto', U8)).toEqual({ min: plain.low, max: plain.high });
    const outlier = noise(20_000, 3);
    outlier[0] = 100;
    expect(chooseRange(histogramOf(outlier), 'auto', U8).max).toBeGreaterThan(50);
    // One in 20,000 at 20: with it a step is 20 times as wide, and 20,000 · (s² − s²/400) / 12 is far above 20².
    outlier[0] = 2;
    const { max } = chooseRange(histogramOf(outlier), 'auto', U8);
    expect(max).toBeLessThanOrEqual(2);
  });

  it('entropy keeps a uniform distribution whole and cuts a long thin tail', () => {
    const uniform = { low: -1, high: 1, counts: new Float64Array(BINS).fill(100) };
    const whole = chooseRange(uniform, 'entropy', S8_SYMMETRIC);
    expect(whole.max).toBeGreaterThan(0.98);
    // Two-sided exponential with a scale of 1/50 of the range: nearly everything lies in the first tenth.
    const counts = Float64Array.from({ length: BINS }, (_, i) =>
      Math.floor(1e6 * Math.exp(-Math.abs(i - BINS / 2 + 0.5) / (BINS / 100))),
    );
    const tail = chooseRange({ low: -1, high: 1, counts }, 'entropy', S8_SYMMETRIC);
    expect(tail.max).toBeLessThan(0.6);
    expect(tail.max).toBeGreaterThan(0.05);
  });

  it('entropy of a value with one sign counts the codes that a symmetric scheme has on that side', () => {
    // Exponential, as in the test above. Pairs of equal bins, so that the mirrored histogram says the same of |x|.
    const pair = (i: number): number => Math.floor(1e6 * Math.exp(-(i + 0.5) / (BINS / 100)));
    const oneSided = { low: 0, high: 1, counts: Float64Array.from({ length: BINS }, (_, i) => pair(i >> 1)) };
    const mirrored = {
      low: -1,
      high: 1,
      counts: Float64Array.from({ length: BINS }, (_, i) =>
        pair(i < BINS / 2 ? BINS / 2 - 1 - i : i - BINS / 2),
      ),
    };
    const { max } = chooseRange(mirrored, 'entropy', S8_SYMMETRIC);
    expect(chooseRange(oneSided, 'entropy', S8_SYMMETRIC)).toEqual({ min: 0, max });
    // 256 codes on the one side cut elsewhere.
    expect(chooseRange(oneSided, 'entropy', S8).max).not.toBe(max);
  });

  it('an empty histogram gives what was seen', () => {
    const empty = { low: 0, high: 0, counts: new Float64Array(BINS) };
    for (const method of RANGE_METHODS) expect(chooseRange(empty, method, U8)).toEqual({ min: 0, max: 0 });
  });
});
