/** Agreement metrics against numbers that can be checked by hand. */
import { describe, expect, it } from 'vitest';
import {
  addDivergence,
  addPair,
  argmax,
  classCount,
  cosineOf,
  NO_DIVERGENCE,
  NO_PAIRS,
  sqnrDbOf,
  winners,
} from './agreement.ts';

const sumsOf = (x: number[], y: number[]) => addPair(NO_PAIRS, x, y);

describe('cosine', () => {
  it('of 3-4-5 vectors', () => {
    // (3·4 + 4·3) / (5·5) = 24/25
    expect(cosineOf(sumsOf([3, 4], [4, 3]))).toBeCloseTo(0.96, 12);
  });
  it('is 1 for equal, −1 for opposite, 0 for orthogonal', () => {
    expect(cosineOf(sumsOf([0.1, 0.2, 0.3], [0.1, 0.2, 0.3]))).toBe(1);
    expect(cosineOf(sumsOf([3, 4], [-3, -4]))).toBe(-1);
    expect(cosineOf(sumsOf([1, 0], [0, 1]))).toBe(0);
  });
  it('of zeros: equal zeros agree, a zero against something does not', () => {
    expect(cosineOf(sumsOf([0, 0], [0, 0]))).toBe(1);
    expect(cosineOf(sumsOf([0, 0], [1, 0]))).toBe(0);
  });
});

describe('SQNR', () => {
  it('of an error of one tenth is 20 dB', () => {
    // Σx² = 200, Σ(x−y)² = 2: 10·log10(100) = 20
    expect(sqnrDbOf(sumsOf([10, 10], [9, 11]))).toBeCloseTo(20, 12);
  });
  it('is infinite for equal arrays, minus infinite for noise without signal', () => {
    expect(sqnrDbOf(sumsOf([1, 2], [1, 2]))).toBe(Infinity);
    expect(sqnrDbOf(sumsOf([0], [1]))).toBe(-Infinity);
  });
});

describe('sums', () => {
  it('add up over pairs', () => {
    const whole = sumsOf([3, 4, 1], [4, 3, 1]);
    expect(addPair(sumsOf([3], [4]), [4, 1], [3, 1])).toEqual(whole);
  });
  it('count what is not finite and leave it out', () => {
    const sums = sumsOf([1, NaN, 2, Infinity, 3], [1, 5, NaN, Infinity, -Infinity]);
    expect(sums).toMatchObject({ originalNonFinite: 2, variantNonFinite: 2, elements: 5, xx: 1, noise: 0 });
  });
  it('refuse different lengths', () => {
    expect(() => sumsOf([1], [1, 2])).toThrow(/1 and 2 elements/);
  });
});

describe('class vectors', () => {
  it('are batches of scores and nothing else', () => {
    expect(classCount([10])).toBe(10);
    expect(classCount([8, 1000])).toBe(1000);
    expect(classCount([8, 1000, 1, 1])).toBe(1000);
    expect(classCount([8, 1])).toBeUndefined();
    expect(classCount([1])).toBeUndefined();
    expect(classCount([])).toBeUndefined();
    expect(classCount([1, 4420, 2])).toBeUndefined();
    expect(classCount([1, 1600, 1])).toBeUndefined();
    expect(classCount([1, 3, 224, 224])).toBeUndefined();
  });
  it('have one winner: the first of equals, never NaN', () => {
    expect(argmax([1, 5, 5, 2], 0, 4)).toBe(1);
    expect(argmax([NaN, -1, NaN], 0, 3)).toBe(1);
    expect(argmax([NaN, NaN], 0, 2)).toBe(-1);
    expect(winners([0, 1, 9, 3, 2, 1], 3)).toEqual([2, 0]);
  });
});

describe('divergence', () => {
  const divergenceOf = (x: number[], y: number[], classes = x.length) =>
    addDivergence(NO_DIVERGENCE, x, y, classes);

  it('of a fair coin from a biased one', () => {
    // ½·ln(½ / ¾) + ½·ln(½ / ¼) = ½·ln(4/3)
    expect(divergenceOf([0.5, 0.5], [0.75, 0.25]).nats).toBeCloseTo(Math.log(4 / 3) / 2, 12);
  });
  it('is the same for logits, whatever is added to them', () => {
    // softmax(7, 7) = ½, ½ and softmax(ln 3, 0) = ¾, ¼
    expect(divergenceOf([7, 7], [Math.log(3), 0]).nats).toBeCloseTo(Math.log(4 / 3) / 2, 12);
  });
  it('is 0 for equal rows, and finite where the variant rules out what the original thinks likely', () => {
    expect(divergenceOf([1, 2, 3], [1, 2, 3])).toEqual({ nats: 0, rows: 1, skipped: 0 });
    expect(divergenceOf([1, 0], [0, 1]).nats).toBeCloseTo(126 * Math.LN2, 9);
  });
  it('takes a variant for probabilities where the original’s are, although their rounded sum is off', () => {
    // Divided by their sum of 0.9: 0.875, 0.0625, 0.0625.
    const { nats } = divergenceOf([0.9, 0.05, 0.05], [0.7875, 0.05625, 0.05625]);
    expect(nats).toBeCloseTo(0.9 * Math.log(0.9 / 0.875) + 0.1 * Math.log(0.05 / 0.0625), 12);
    // Nothing but zeros says nothing: softmax gives ½, ½.
    expect(divergenceOf([0.5, 0.5], [0, 0]).nats).toBe(0);
  });
  it('adds up over rows, and counts those that are not finite', () => {
    const sums = divergenceOf([0.5, 0.5, NaN, 0, 0.5, 0.5], [0.75, 0.25, 0, 0, 0.75, 0.25], 2);
    expect(sums).toMatchObject({ rows: 2, skipped: 1 });
    expect(sums.nats).toBeCloseTo(Math.log(4 / 3), 12);
    expect(() => divergenceOf([1], [1, 2])).toThrow(/1 and 2 elements/);
  });
});
