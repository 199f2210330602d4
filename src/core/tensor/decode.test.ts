import { describe, expect, it } from 'vitest';
import { decodeWeight } from './decode.ts';
import { groupCount, layoutOf, precisionLabel } from './encoding.ts';
import type { Granularity, WeightEncoding } from './encoding.ts';
import { floatToHalf, halfToFloat } from './float16.ts';
import { floorLog2, halfAtLeast } from './half.ts';

function encoding(parts: Partial<WeightEncoding> & Pick<WeightEncoding, 'codes'>): WeightEncoding {
  return {
    precision: 'int8',
    signed: true,
    granularity: { kind: 'tensor' },
    scaleType: 'float32',
    scaleExponent: 0,
    masked: parts.mask !== undefined,
    kept: parts.codes.length,
    storage: { form: 'decode-at-load', sparse: 'dense' },
    ...parts,
  };
}

describe('groups', () => {
  it('reads a tensor around its axis', () => {
    expect(layoutOf([2, 3, 4, 5], 1)).toEqual({ outer: 2, channels: 3, inner: 20, reduction: 40 });
    expect(layoutOf([6, 7], 1)).toEqual({ outer: 6, channels: 7, inner: 1, reduction: 6 });
  });

  it.each<[Granularity, number]>([
    [{ kind: 'tensor' }, 1],
    [{ kind: 'channel', axis: 0 }, 4],
    // 27 elements a channel in blocks of 16: one whole, one short.
    [{ kind: 'block', axis: 0, size: 16 }, 8],
  ])('counts %o', (granularity, count) => {
    expect(groupCount(granularity, [4, 3, 3, 3])).toBe(count);
  });

  it('names them', () => {
    expect(precisionLabel({ precision: 'int4', granularity: { kind: 'block', axis: 0, size: 32 } })).toBe(
      'int4 b32',
    );
    expect(precisionLabel({ precision: 'int8', granularity: { kind: 'channel', axis: 0 } })).toBe('int8 ch');
    expect(precisionLabel({ precision: 'fp16', granularity: { kind: 'tensor' } })).toBe('fp16');
  });
});

describe('decodeWeight', () => {
  it('multiplies codes by the scale of their channel, wherever the axis lies', () => {
    const codes = Int8Array.of(1, 2, 3, 4, 5, 6);
    const rows = encoding({
      codes,
      granularity: { kind: 'channel', axis: 0 },
      scales: Float32Array.of(1, 10),
    });
    expect([...decodeWeight(rows, [2, 3])]).toEqual([1, 2, 3, 40, 50, 60]);
    const columns = encoding({
      codes,
      granularity: { kind: 'channel', axis: 1 },
      scales: Float32Array.of(1, 10, 100),
    });
    expect([...decodeWeight(columns, [2, 3])]).toEqual([1, 20, 300, 4, 50, 600]);
  });

  it('counts blocks along the inputs of a channel, channel by channel; the last may be short', () => {
    // [3 inputs, 2 channels], blocks of 2: channel 0 has scales 1 and 10, channel 1 has 100 and 1000.
    const blocks = encoding({
      codes: Int8Array.of(1, 1, 1, 1, 1, 1),
      granularity: { kind: 'block', axis: 1, size: 2 },
      scales: Float32Array.of(1, 10, 100, 1000),
    });
    expect([...decodeWeight(blocks, [3, 2])]).toEqual([1, 100, 1, 100, 10, 1000]);
  });

  it('takes the zero point away, and makes pruned elements 0 whatever their code is', () => {
    const affine = encoding({
      codes: Uint8Array.of(0, 128, 255),
      signed: false,
      scales: Float32Array.of(0.5),
      zeroPoints: Uint8Array.of(128),
      mask: Uint8Array.of(0b110),
      kept: 2,
    });
    expect([...decodeWeight(affine, [3])]).toEqual([0, 0, 63.5]);
  });

  it('rounds float16 weights once more, to what the graph reads', () => {
    // 2049 lies between 2048 and 2050, the neighbours in binary16; ties go to the even 2048.
    const one = encoding({ codes: Int8Array.of(3), scales: Float32Array.of(683) });
    expect([...decodeWeight(one, [1])]).toEqual([2049]);
    expect([...decodeWeight(one, [1], 'float16')]).toEqual([2048]);
  });
});

describe('scales as float16', () => {
  it('gives back every half, and the next one above a number between two', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const value = halfToFloat(bits);
      const next = halfToFloat(bits + 1);
      if (halfAtLeast(value) !== bits || halfAtLeast((value + next) / 2) !== bits + 1) {
        throw new Error(`wrong at pattern ${bits} (${value})`);
      }
    }
    expect(halfAtLeast(65504)).toBe(floatToHalf(65504));
  });

  it.each([
    [1, 0],
    [1.999, 0],
    [2, 1],
    [0.75, -1],
    [2 ** -126, -126],
    [2 ** -149, -149],
    [3 * 2 ** -149, -148],
  ])('finds the binade of %f', (x, exponent) => {
    expect(floorLog2(x)).toBe(exponent);
  });
});
