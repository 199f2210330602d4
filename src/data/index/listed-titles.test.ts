/** A list of classes is believed only where it agrees with every label that is known. */
import { describe, expect, it } from 'vitest';
import { listedTitles } from './listed-titles.ts';

const texts = new Map([
  ['readme.txt', 'Photos of fish.\nDo not distribute.'],
  ['classes.txt', '\uFEFFtench\r\ngoldfish\r\nshark\r\n'],
]);

describe('listedTitles', () => {
  it('gives names of classes that no sample has', () => {
    expect(listedTitles(texts, ['0', '2'], ['tench', 'shark'])?.[1]).toBe('goldfish');
  });
  it('is silent where a label says otherwise, is no number, or has no name', () => {
    expect(listedTitles(texts, ['0', '2'], ['tench', 'whale'])).toBeUndefined();
    expect(listedTitles(texts, ['tench'], ['tench'])).toBeUndefined();
    expect(listedTitles(texts, ['0'], undefined)).toBeUndefined();
    expect(listedTitles(texts, ['7'], ['shark'])).toBeUndefined();
  });
});
