import { describe, expect, it } from 'vitest';
import { concatParts, MemorySource, spanOf } from '../bytes/spans.ts';
import type { DataType } from '../tensor/dtype.ts';
import {
  boolTensor,
  floatTensor,
  halfTensor,
  int64Tensor,
  int8Tensor,
  rawTensor,
  stringTensor,
} from './build.ts';
import type { Tensor, TypedField } from './ir.ts';
import {
  hasValues,
  packedSpan,
  tensorBigints,
  tensorByteLength,
  tensorBytes,
  tensorFloats,
  tensorNumbers,
  tensorStrings,
} from './tensor-data.ts';
import { PartSink } from './wire-write.ts';

const invalid = expect.objectContaining({ code: 'invalid-graph' }) as unknown;
const FIELD: Record<TypedField, number> = {
  float_data: 4,
  int32_data: 5,
  string_data: 6,
  int64_data: 7,
  double_data: 10,
  uint64_data: 11,
};

/** Varints of `values` in a typed field: all in one packed field, or one field each. */
function typed(
  type: DataType,
  field: TypedField,
  values: readonly (number | bigint)[],
  packed: boolean,
): Tensor {
  const sink = new PartSink();
  if (packed) {
    const inner = new PartSink();
    for (const v of values) inner.varint(1, v);
    // Cut the tags away: what is left are the bare numbers.
    const bare: number[] = [];
    const all = concatParts(inner.finish());
    for (let i = 0; i < all.length;) {
      i++;
      do bare.push(all[i]);
      while (all[i++] >= 128);
    }
    sink.bytes(FIELD[field], Uint8Array.from(bare));
  } else for (const v of values) sink.varint(FIELD[field], v);
  return {
    ...rawTensor('t', type, [values.length], new Uint8Array(0)),
    data: { kind: 'typed', field, fields: [spanOf(concatParts(sink.finish()))] },
  };
}

function typedFixed(
  type: DataType,
  field: 'float_data' | 'double_data',
  bytes: Uint8Array,
  dims: number[],
): Tensor {
  const sink = new PartSink();
  // Twice packed and once in the middle empty: pieces of one list may be spread over fields.
  const half = bytes.byteLength / 2;
  for (const piece of [bytes.subarray(0, half), new Uint8Array(0), bytes.subarray(half)])
    sink.bytes(FIELD[field], piece);
  return {
    ...rawTensor('t', type, dims, new Uint8Array(0)),
    data: { kind: 'typed', field, fields: [spanOf(concatParts(sink.finish()))] },
  };
}

describe('values of tensors', () => {
  it('come from raw bytes at any alignment, as arrays of their own', () => {
    const shifted = new Uint8Array(9);
    shifted.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 1);
    const t: Tensor = {
      ...floatTensor('t', [2], []),
      data: { kind: 'raw', bytes: { source: new MemorySource(shifted), start: 1, length: 8 } },
    };
    const values = tensorFloats(t);
    values[0] = 9;
    expect([...tensorFloats(t)]).toEqual([1.5, -2]);
  });

  it('come from packed and unpacked fields alike', () => {
    const cases: [DataType, TypedField, (number | bigint)[], number[]][] = [
      ['int32', 'int32_data', [1, -2n, 2 ** 31 - 1, -(2n ** 31n)], [1, -2, 2 ** 31 - 1, -(2 ** 31)]],
      ['int8', 'int32_data', [127, -128n], [127, -128]],
      ['uint8', 'int32_data', [0, 255], [0, 255]],
      ['int16', 'int32_data', [32767, -32768n], [32767, -32768]],
      ['uint16', 'int32_data', [0, 65535], [0, 65535]],
      ['bool', 'int32_data', [1, 0, 1], [1, 0, 1]],
      ['float16', 'int32_data', [0x3c00, 0xc000], [1, -2]],
      ['bfloat16', 'int32_data', [0x3f80, 0xc040], [1, -3]],
      ['float8e4m3fn', 'int32_data', [0x38, 0xb8], [1, -1]],
      ['int64', 'int64_data', [5, -5n, 2n ** 53n], [5, -5, 2 ** 53]],
      ['uint64', 'uint64_data', [5, 2n ** 53n], [5, 2 ** 53]],
      ['uint32', 'uint64_data', [2 ** 32 - 1, 0], [2 ** 32 - 1, 0]],
    ];
    for (const [type, field, stored, expected] of cases) {
      for (const packed of [true, false]) {
        const t = typed(type, field, stored, packed);
        expect([...tensorNumbers(t)], `${type} ${packed}`).toEqual(expected);
        expect(tensorBytes(t).byteLength).toBe(tensorByteLength(t));
        expect([...tensorFloats(t)]).toEqual(expected.map(Math.fround));
      }
    }
  });

  it('keep every bit of 64-bit integers', () => {
    const values = [2n ** 63n - 1n, -(2n ** 63n), -1n, 0x0123456789abcdefn];
    for (const packed of [true, false])
      expect([...tensorBigints(typed('int64', 'int64_data', values, packed))]).toEqual(values);
    expect([...tensorBigints(int64Tensor('t', [4], values))]).toEqual(values);
  });

  it('come from float and double fields', () => {
    const f = typedFixed('float32', 'float_data', new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer), [4]);
    expect([...tensorFloats(f)]).toEqual([1, 2, 3, 4]);
    const d = typedFixed('float64', 'double_data', new Uint8Array(Float64Array.of(0.1, -1e300).buffer), [2]);
    expect([...tensorNumbers(d)]).toEqual([0.1, -1e300]);
  });

  it('come from packed types below a byte, raw or a byte a stored value', () => {
    const raw = rawTensor('t', 'int4', [3], Uint8Array.of(0x8f, 0x07));
    expect([...tensorNumbers(raw)]).toEqual([-1, -8, 7]);
    const stored = { ...typed('uint4', 'int32_data', [0x8f, 0x07], true), dims: [3] };
    expect([...tensorNumbers(stored)]).toEqual([15, 8, 7]);
    expect([...tensorNumbers(rawTensor('t', 'float4e2m1', [2], Uint8Array.of(0xf7)))]).toEqual([6, -6]);
    expect([...tensorNumbers(rawTensor('t', 'uint2', [4], Uint8Array.of(0x8f)))]).toEqual([3, 3, 0, 2]);
  });

  it('are made from typed arrays', () => {
    expect([...tensorNumbers(int8Tensor('t', [2], Int8Array.of(-1, 1)))]).toEqual([-1, 1]);
    expect([...tensorNumbers(boolTensor('t', [2], [true, false]))]).toEqual([1, 0]);
    expect([...tensorFloats(halfTensor('t', [1], Uint16Array.of(0x3c00)))]).toEqual([1]);
    const part = Float32Array.of(1, 2, 3).subarray(1);
    expect([...tensorFloats(floatTensor('t', [2], part))]).toEqual([2, 3]);
    expect(tensorStrings(stringTensor('t', [1], ['ä']))[0]).toEqual(new TextEncoder().encode('ä'));
    expect(packedSpan(floatTensor('t', [1], [1]))?.length).toBe(4);
  });

  it('of nothing are nothing', () => {
    expect([...tensorFloats(floatTensor('t', [0], []))]).toEqual([]);
    expect([...tensorBigints(typed('int64', 'int64_data', [], true))]).toEqual([]);
    expect(tensorStrings(stringTensor('t', [0], []))).toEqual([]);
  });

  it('are refused where they do not fill the dims', () => {
    expect(() => tensorBytes(rawTensor('t', 'float32', [2], new Uint8Array(7)))).toThrow(invalid);
    expect(() => tensorBytes(rawTensor('t', 'float32', [-1], new Uint8Array(0)))).toThrow(invalid);
    expect(() => tensorBytes(rawTensor('t', 'float32', [2 ** 40, 2 ** 40], new Uint8Array(0)))).toThrow(
      invalid,
    );
    for (const packed of [true, false]) {
      const t = typed('int64', 'int64_data', [1, 2, 3], packed);
      expect(() => tensorBytes({ ...t, dims: [2] })).toThrow(/more values/);
      expect(() => tensorBytes({ ...t, dims: [4] })).toThrow(/fewer values/);
      // Checked against the file's bytes before memory is asked for.
      expect(() => tensorBytes({ ...t, dims: [2 ** 40] })).toThrow(/fewer values/);
    }
    expect(() => tensorBytes({ ...typed('int64', 'int64_data', [1], true), dataType: 'float32' })).toThrow(
      /does not allow/,
    );
    expect(() => tensorStrings(stringTensor('t', [2], ['a']))).toThrow(invalid);
  });

  it('are refused for types without numbers', () => {
    expect(() => tensorFloats(stringTensor('t', [1], ['a']))).toThrow(invalid);
    expect(() => tensorFloats(rawTensor('t', 'complex64', [1], new Uint8Array(8)))).toThrow(invalid);
    expect(() => tensorFloats(rawTensor('t', 'undefined', [1], new Uint8Array(4)))).toThrow(
      expect.objectContaining({ code: 'unknown-dtype' }),
    );
    expect(() => tensorBigints(floatTensor('t', [1], [1]))).toThrow(invalid);
  });

  it('that were not given are missing', () => {
    const t: Tensor = {
      ...floatTensor('t', [1], []),
      data: { kind: 'external', location: 'w.data', offset: 0, entries: [] },
    };
    expect(hasValues(t)).toBe(false);
    expect(() => tensorBytes(t)).toThrow(expect.objectContaining({ code: 'external-missing' }));
  });
});
