import { describe, expect, it } from 'vitest';
import { bfloatsToFloats, floatToHalf, halfToFloat, halvesToFloats } from './float16.ts';
import { codeValues, unpackBits } from './small-types.ts';

describe('binary16', () => {
  it('has the values that IEEE 754 gives its bits', () => {
    // sign 1 bit, exponent 5 bits with bias 15, fraction 10 bits
    const values: [number, number][] = [
      [0x0000, 0],
      [0x8000, -0],
      [0x0001, 2 ** -24],
      [0x03ff, (1023 / 1024) * 2 ** -14],
      [0x0400, 2 ** -14],
      [0x3c00, 1],
      [0x3c01, 1 + 1 / 1024],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
    ];
    for (const [bits, value] of values) {
      expect(halfToFloat(bits)).toBe(value);
      expect(floatToHalf(value)).toBe(bits);
    }
    expect(halfToFloat(0x7e00)).toBeNaN();
    expect(floatToHalf(NaN)).toBe(0x7e00);
  });

  it('converts every pattern there and back', () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const values = halvesToFloats(all);
    let wrong = 0;
    for (let bits = 0; bits < 65536; bits++) {
      if (!Number.isNaN(values[bits]) && floatToHalf(values[bits]) !== bits) wrong++;
    }
    expect(wrong).toBe(0);
  });

  it('rounds to nearest, ties to even', () => {
    const step = 1 / 1024;
    expect(floatToHalf(1 + step * 0.5)).toBe(0x3c00);
    expect(floatToHalf(1 + step * 1.5)).toBe(0x3c02);
    expect(floatToHalf(1 + step * 0.51)).toBe(0x3c01);
    expect(floatToHalf(2 - step / 2)).toBe(0x4000);
    expect(floatToHalf(2 ** -25)).toBe(0);
    expect(floatToHalf(2 ** -25 * 1.01)).toBe(1);
    expect(floatToHalf(65519.99)).toBe(0x7bff);
    expect(floatToHalf(65520)).toBe(0x7c00);
  });
});

describe('bfloat16', () => {
  it('is the upper half of a float32', () => {
    expect([...bfloatsToFloats(Uint16Array.of(0x3f80, 0xc040, 0x7f80, 0x0001))]).toEqual([
      1,
      -3,
      Infinity,
      // exponent field 0: 2^-126 · (2^16 / 2^23)
      2 ** -133,
    ]);
  });
});

describe('types of at most eight bits', () => {
  const value = (type: Parameters<typeof codeValues>[0], code: number): number => codeValues(type)![code];

  it('have the values that their formats give', () => {
    // E4M3: bias 7, largest 1.75 · 2^8 = 448; E5M2: bias 15, largest 1.75 · 2^15; the uz kinds have one more bias
    expect(value('float8e4m3fn', 0x38)).toBe(1);
    expect(value('float8e4m3fn', 0x7e)).toBe(448);
    expect(value('float8e4m3fn', 0x7f)).toBeNaN();
    expect(value('float8e4m3fn', 0x81)).toBe(-(2 ** -9));
    expect(value('float8e4m3fnuz', 0x7f)).toBe(240);
    expect(value('float8e4m3fnuz', 0x80)).toBeNaN();
    expect(value('float8e5m2', 0x7b)).toBe(57344);
    expect(value('float8e5m2', 0x7c)).toBe(Infinity);
    expect(value('float8e5m2', 0x7d)).toBeNaN();
    expect(value('float8e5m2fnuz', 0x7f)).toBe(57344);
    expect(value('float8e5m2fnuz', 0x80)).toBeNaN();
    expect(value('float8e8m0', 127)).toBe(1);
    expect(value('float8e8m0', 0)).toBe(2 ** -127);
    expect(value('float8e8m0', 255)).toBeNaN();
    expect([...codeValues('float4e2m1')!.subarray(0, 8)]).toEqual([0, 0.5, 1, 1.5, 2, 3, 4, 6]);
    expect(codeValues('int8')).toBeUndefined();
  });

  it('unpack from the low bits up', () => {
    const packed = Uint8Array.of(0x8f, 0x07);
    expect([...unpackBits(packed, 3, 4, true)]).toEqual([-1, -8, 7]);
    expect([...unpackBits(packed, 3, 4, false)]).toEqual([15, 8, 7]);
    // 0x8f = 10 00 11 11
    expect([...unpackBits(packed, 5, 2, true)]).toEqual([-1, -1, 0, -2, -1]);
    expect([...unpackBits(packed, 4, 2, false)]).toEqual([3, 3, 0, 2]);
  });
});
