import { describe, expect, it } from 'vitest';
import { rangeSentence } from './range-sentence.ts';

describe('rangeSentence', () => {
  it('counts the bits that one scale for all would lose', () => {
    // log2 64 = 6.
    expect(rangeSentence(64)).toContain('differ 64×. One scale for all loses 6.0 bits');
    expect(rangeSentence(2)).toContain('costs 1.0 bits');
  });
  it('does not count bits that no format has', () => {
    expect(rangeSentence(1e12)).toContain('all but zero');
  });
  it('says nothing where nothing can be compared, and does not print infinity', () => {
    expect(rangeSentence(null)).toBeNull();
    expect(rangeSentence(Number.POSITIVE_INFINITY)).toContain('only zeros');
  });
});
