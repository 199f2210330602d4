/** Order by time. */
import { describe, expect, it } from 'vitest';
import type { LayerRow } from '../../store/layers.ts';
import { byTime } from './by-time.ts';

const row = (id: string): LayerRow => ({ layer: { id } }) as unknown as LayerRow;

describe('byTime', () => {
  it('puts the longest first and layers without a time last', () => {
    const sorted = byTime([row('a'), row('b'), row('c'), row('d')], { a: 5, c: 9, d: 0 });
    expect(sorted.map(({ layer }) => layer.id)).toEqual(['c', 'a', 'd', 'b']);
  });
});
