import { describe, expect, it } from 'vitest';
import { factLines, headline } from './facts.ts';

describe('facts', () => {
  it('joins before and after, and writes bytes as bytes', () => {
    const facts = {
      'nodes before': 48,
      'bytes before': 693_405,
      'nodes after': 33,
      'bytes after': 667_659,
      folded: 15,
    };
    expect(factLines(facts)).toEqual(['nodes: 48 → 33', 'bytes: 693 kB → 668 kB', 'folded: 15']);
    expect(headline(facts)).toBe('48 → 33 nodes');
  });

  it('leaves a lone half alone', () => {
    expect(factLines({ 'nodes before': 48 })).toEqual(['nodes before: 48']);
    expect(factLines({ 'nodes after': 33 })).toEqual(['nodes after: 33']);
  });

  it('has a headline only where something was done', () => {
    expect(headline({ 'weights encoded': 16, skipped: 2 })).toBe('16 weights encoded');
    expect(headline({ folded: 0 })).toBeUndefined();
    expect(headline({ 'nodes before': 5, 'nodes after': 5 })).toBe('nothing left to simplify');
  });
});
