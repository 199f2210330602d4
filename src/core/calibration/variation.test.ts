import { describe, expect, it } from 'vitest';
import { variationOf } from './variation.ts';

describe('variationOf', () => {
  it('is the share of the squares that is not common', () => {
    // y = 1 and 3: mean 2, apart = 1 + 1, total = 1 + 9
    expect(variationOf([[1], [3]])).toBeCloseTo(0.2, 12);
    expect(variationOf([[2], [2]])).toBe(0);
    expect(variationOf([[1], [1, 2]])).toBe(1);
    expect(variationOf([[0], [0]])).toBe(1);
  });
});
