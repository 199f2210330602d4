/** Samples made small, and samples in words. */
import { describe, expect, it } from 'vitest';
import { labelText, shrink, thumbnailOf } from './thumbnails.ts';

describe('thumbnails', () => {
  it('averages what a pixel covers, and never makes a picture larger', () => {
    // 4 × 2, red values 0 10 20 30 / 40 50 60 70; halved: (0+10+40+50)/4 and (20+30+60+70)/4.
    const rgba = new Uint8Array(32).fill(255);
    for (let i = 0; i < 8; i++) rgba[i * 4] = i * 10;
    const half = shrink({ width: 4, height: 2, rgba }, 2);
    expect([half.width, half.height]).toEqual([2, 1]);
    expect([...half.rgba]).toEqual([25, 255, 255, 255, 45, 255, 255, 255]);
    expect(shrink({ width: 4, height: 2, rgba }, 100)).toEqual({ width: 4, height: 2, rgba });
    expect(shrink({ width: 1000, height: 1, rgba: new Uint8Array(4000) }, 10)).toMatchObject({
      width: 10,
      height: 1,
    });
  });

  it('describes what is no picture', () => {
    const shown = (
      value: Parameters<typeof thumbnailOf>[0] extends ReadonlyMap<string, infer V> ? V : never,
    ) => thumbnailOf(new Map([['x', value]]), 10).text;
    expect(shown({ kind: 'text', text: 'a line' })).toBe('a line');
    expect(shown({ kind: 'audio', sampleRate: 8000, samples: new Float32Array(4000) })).toBe(
      '0.50 s at 8000 Hz',
    );
    const values = [1, 2.34567, 3, 4, 5, 6, 7, 8];
    expect(shown({ kind: 'array', dataType: 'float32', dims: [2, 4], values })).toBe(
      '[2, 4] 1, 2.346, 3, 4, 5, 6, …',
    );
    expect(thumbnailOf(new Map(), 10)).toEqual({ picture: null, text: null });
  });

  it('says labels in words', () => {
    const box = (className: string) => ({ className, left: 0, top: 0, width: 1, height: 1 });
    expect(labelText({ kind: 'boxes', boxes: [box('cat'), box('dog'), box('cat')] })).toBe(
      '2 × cat, 1 × dog',
    );
    expect(labelText({ kind: 'boxes', boxes: [] })).toBe('nothing');
    expect(labelText({ kind: 'numbers', values: [1.5] })).toBe('1.5');
    expect(labelText(null)).toBeNull();
  });
});
