import { describe, expect, it } from 'vitest';
import { freeDimensions } from './free-dimensions.ts';

describe('freeDimensions', () => {
  it('joins a name that occurs twice and numbers what has no name', () => {
    const dims = freeDimensions([
      { name: 'ids', dataType: 'int64', shape: ['batch', 'sequence'] },
      { name: 'mask', dataType: 'int64', shape: ['batch', null] },
      { name: 'image', dataType: 'float32', shape: [-1, 3, 224, 224] },
      { name: 'any', dataType: 'float32', shape: null },
    ]);
    expect(dims.map(({ key }) => key)).toEqual(['batch', 'sequence', 'mask:1', 'image:0']);
    expect(dims[0]?.where).toBe('ids[0], mask[0]');
  });
});
