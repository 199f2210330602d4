/** What is kept and what goes when there is too much of it. */
import { describe, expect, it } from 'vitest';
import { VariantShelf } from './variant-shelf.ts';

const item = (heldBytes: number) => ({ heldBytes });

describe('VariantShelf', () => {
  it('drops the least recently used until the rest fits', () => {
    const shelf = new VariantShelf(100);
    shelf.put('a', item(40));
    shelf.put('b', item(40));
    shelf.get('a');
    shelf.put('c', item(40));
    // b was used least recently; 40 + 40 fit again.
    expect([shelf.get('a'), shelf.get('b'), shelf.get('c')].map((found) => found !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('keeps the newest even when it alone is too much', () => {
    const shelf = new VariantShelf(100);
    shelf.put('a', item(10));
    shelf.put('b', item(500));
    expect(shelf.get('a')).toBeUndefined();
    expect(shelf.get('b')).toBeDefined();
  });

  it('counts a variant once when it is put again', () => {
    const shelf = new VariantShelf(100);
    for (let i = 0; i < 5; i++) shelf.put('a', item(60));
    shelf.put('b', item(40));
    expect(shelf.get('a')).toBeDefined();
    shelf.delete('a');
    expect(shelf.get('a')).toBeUndefined();
  });
});
