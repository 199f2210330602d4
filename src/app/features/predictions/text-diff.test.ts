/** Differences of short texts; expected pieces can be read off by hand. */
import { describe, expect, it } from 'vitest';
import { diffText } from './text-diff.ts';

const shown = (expected: string, found: string): string =>
  diffText(expected, found)
    .map(({ kind, text }) => (kind === 'same' ? text : `${kind === 'missing' ? '-' : '+'}${text};`))
    .join('');

describe('diffText', () => {
  it('marks what is missing and what is too much', () => {
    expect(shown('kitten', 'sitting')).toBe('-k;+s;itt-e;+i;n+g;');
    expect(shown('abc', 'abc')).toBe('abc');
    expect(shown('', 'x')).toBe('+x;');
    expect(shown('x', '')).toBe('-x;');
    expect(diffText('', '')).toEqual([]);
  });

  it('goes by characters, not by halves of them', () => {
    expect(shown('a😀b', 'a😁b')).toBe('a-😀;+😁;b');
  });

  it('does not compare huge texts letter by letter', () => {
    const long = 'x'.repeat(10_000);
    expect(diffText(long, `${long}y`)).toEqual([
      { kind: 'missing', text: long },
      { kind: 'extra', text: `${long}y` },
    ]);
  });
});
