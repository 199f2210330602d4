import { describe, expect, it } from 'vitest';
import { balanceOf, balanceSentence } from './balance.ts';

const classes = (...counts: number[]) => counts.map((count, i) => ({ name: `c${i}`, count }));

describe('balanceOf', () => {
  it('shows all classes where there are few', () => {
    const balance = balanceOf(classes(1, 5, 3))!;
    expect(balance.top.map(({ count }) => count)).toEqual([5, 3, 1]);
    expect(balance).toMatchObject({ most: 5, least: 1, median: 3, thin: 1, between: 0, tail: [] });
    expect(balanceSentence(balance, 3)).toBe(
      '1 to 5 samples a class, half have 3 or more. 1 of 3 classes have one sample or none.',
    );
  });
  it('shows both ends of many', () => {
    const balance = balanceOf(classes(...Array.from({ length: 100 }, (_, i) => i + 2)))!;
    expect(balance.top.map(({ count }) => count)).toEqual([101, 100, 99, 98, 97]);
    expect(balance.tail.map(({ count }) => count)).toEqual([4, 3, 2]);
    // 2..101: the middle two are 51 and 52.
    expect(balance).toMatchObject({ between: 92, median: 51.5, thin: 0 });
  });
  it('has nothing to say of no classes, and something of one', () => {
    expect(balanceOf([])).toBeNull();
    expect(balanceSentence(balanceOf(classes(7))!, 1)).toContain('one class only');
    expect(balanceSentence(balanceOf(classes(4, 4))!, 2)).toBe('4 samples in each class.');
  });
});
