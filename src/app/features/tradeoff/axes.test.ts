import { describe, expect, it } from 'vitest';
import { domainOf, gainText, niceTicks } from './axes.ts';

describe('axes', () => {
  it('leaves air and respects the ends', () => {
    // 12 % of 0.1 on each side, cut at 1.
    const [low, high] = domainOf([0.9, 1], 0, 1, 0.001);
    expect(low).toBeCloseTo(0.888, 12);
    expect(high).toBe(1);
  });

  it('gives a single point an axis of some width', () => {
    const [low, high] = domainOf([5], 0, 100, 2);
    expect(high - low).toBeGreaterThan(2);
    expect(domainOf([], 0, 1, 0.1)).toEqual([0, 1]);
  });

  it('puts ticks on round numbers', () => {
    expect(niceTicks([0, 10], 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(niceTicks([0.03, 0.97], 4).map((t) => t.toFixed(1))).toEqual(['0.5']);
    expect(niceTicks([1, 1], 4)).toEqual([1]);
  });

  it('does not round an agreement of less than one to one', () => {
    expect(gainText('agreement', 0.99998)).toBe('0.999980');
    expect(gainText('agreement', 1)).toBe('1.0000');
    expect(gainText('accuracy', 0.9996)).toBe('99.96 %');
  });
});
