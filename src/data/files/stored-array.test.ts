/** Arrays of numpy and IDX: every type, both byte orders, both memory orders, and headers that lie. */
import { describe, expect, it } from 'vitest';
import { floatToHalf } from '../../core/tensor/float16.ts';
import type { DataType } from '../../core/tensor/dtype.ts';
import { buildIdx, buildNpy } from '../testing/build-arrays.ts';
import { errorOf, memoryFile } from '../testing/open-test-set.ts';
import { readIdxHeader } from './idx.ts';
import { readNpyHeader } from './npy.ts';
import { rowText, storedArray } from './stored-array.ts';
import type { StoredArray } from './stored-array.ts';

async function openNpy(bytes: Uint8Array): Promise<StoredArray> {
  const file = memoryFile('x.npy', bytes);
  return storedArray('x', 'x.npy', await readNpyHeader(file), file);
}

const rows = async (array: StoredArray): Promise<number[][]> =>
  Promise.all(Array.from({ length: array.rows }, async (_, i) => Array.from(await array.readRow(i), Number)));

/** The same values with the bytes of each element reversed. */
function swapped(values: ArrayBufferView, width: number): Uint8Array {
  const bytes = new Uint8Array(values.buffer.slice(0));
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return bytes;
}

describe('.npy', () => {
  const types: [string, DataType, ArrayBufferView, number][] = [
    ['|b1', 'bool', Uint8Array.of(1, 0, 1, 1), 1],
    ['|u1', 'uint8', Uint8Array.of(1, 2, 3, 255), 1],
    ['|i1', 'int8', Int8Array.of(1, -2, 3, -128), 1],
    ['u2', 'uint16', Uint16Array.of(1, 2, 3, 65535), 2],
    ['i2', 'int16', Int16Array.of(1, -2, 3, -32768), 2],
    ['u4', 'uint32', Uint32Array.of(1, 2, 3, 4294967295), 4],
    ['i4', 'int32', Int32Array.of(1, -2, 3, -2147483648), 4],
    ['u8', 'uint64', BigUint64Array.of(1n, 2n, 3n, 4n), 8],
    ['i8', 'int64', BigInt64Array.of(1n, -2n, 3n, -4n), 8],
    [
      'f2',
      'float16',
      Uint16Array.of(floatToHalf(1), floatToHalf(-2.5), floatToHalf(0.1), floatToHalf(65504)),
      2,
    ],
    ['f4', 'float32', Float32Array.of(1, -2.5, 0.1, 1e30), 4],
    ['f8', 'float64', Float64Array.of(1, -2.5, 0.1, 1e300), 8],
  ];
  it.each(types)('%s in both byte orders', async (descr, dataType, data, width) => {
    const little = await openNpy(buildNpy(width === 1 ? descr : `<${descr}`, [2, 2], data));
    expect(little.layout.dataType).toBe(dataType);
    const values = (await rows(little)).flat();
    if (dataType === 'float16') expect(values).toEqual([1, -2.5, Math.fround(0.0999755859375), 65504]);
    else expect(values).toEqual(Array.from(data as Float64Array, Number));
    if (width === 1) return;
    const big = await openNpy(buildNpy(`>${descr}`, [2, 2], swapped(data, width)));
    expect((await rows(big)).flat()).toEqual(values);
  });

  it.each([[[1e12, 0]], [[2 ** 32, 2 ** 32, 0]]])(
    'billions of samples without values are refused: %j',
    async (dims) => {
      const error = await errorOf(() => openNpy(buildNpy('<f4', dims, new Float32Array(0))));
      expect(error.code).toBe('malformed');
      expect(error.message).toMatch(/has samples without values/);
    },
  );

  it('a row is a copy, and rows in any order are right', async () => {
    const array = await openNpy(buildNpy('<i4', [3, 2], Int32Array.of(1, 2, 3, 4, 5, 6)));
    const first = await array.readRow(0);
    first[0] = 99;
    expect(Array.from(await array.readRow(2), Number)).toEqual([5, 6]);
    expect(Array.from(await array.readRow(0), Number)).toEqual([1, 2]);
    expect(await array.readRowBytes(1)).toEqual(Uint8Array.of(3, 0, 0, 0, 4, 0, 0, 0));
  });

  it('Fortran order gives the same rows', async () => {
    // a[i][j][k] = 100 i + 10 j + k, 2 × 3 × 2; column-major: i runs fastest, k slowest.
    const column: number[] = [];
    for (let k = 0; k < 2; k++)
      for (let j = 0; j < 3; j++) for (let i = 0; i < 2; i++) column.push(100 * i + 10 * j + k);
    const array = await openNpy(buildNpy('<i2', [2, 3, 2], Int16Array.from(column), { fortran: true }));
    expect(await rows(array)).toEqual([
      [0, 1, 10, 11, 20, 21],
      [100, 101, 110, 111, 120, 121],
    ]);
  });

  it.each([1, 2, 3] as const)('version %i', async (version) => {
    const array = await openNpy(buildNpy('<f4', [2], Float32Array.of(4, 5), { version }));
    expect(await rows(array)).toEqual([[4], [5]]);
    expect(array.rowDims).toEqual([1]);
  });

  it('strings of fixed width', async () => {
    const wide = await openNpy(buildNpy('<U3', [2], Uint32Array.of(99, 97, 116, 0x1f600, 0, 0)));
    expect(rowText(await wide.readRowBytes(0), wide.layout)).toBe('cat');
    expect(rowText(await wide.readRowBytes(1), wide.layout)).toBe('😀');
    const bytes = await openNpy(buildNpy('|S3', [2], Uint8Array.of(99, 97, 116, 97, 0, 0)));
    expect(rowText(await bytes.readRowBytes(1), bytes.layout)).toBe('a');
  });

  const four = new Uint8Array(4);
  const wrong: [string, Uint8Array, string, RegExp][] = [
    ['text', new TextEncoder().encode('this is no array at all'), 'malformed', /x\.npy is not a \.npy file/],
    ['nothing', new Uint8Array(0), 'malformed', /not a \.npy file/],
    ['objects', buildNpy('|O', [1], four), 'unsupported', /Python objects/],
    ['complex numbers', buildNpy('<c8', [1], four), 'unsupported', /numpy type "<c8"/],
    ['dates', buildNpy('<M8[D]', [1], four), 'unsupported', /numpy type/],
    [
      'records',
      buildNpy('', [1], four, {
        header: "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
      }),
      'unsupported',
      /several fields/,
    ],
    [
      'code in the header',
      buildNpy('', [1], four, { header: "__import__('os').system('true')" }),
      'malformed',
      /header that is not numpy's/,
    ],
    [
      'too many dims',
      buildNpy('<f4', new Array<number>(40).fill(1), four),
      'malformed',
      /shape that no array has/,
    ],
    [
      'an endless dim',
      buildNpy('', [1], four, {
        header: "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
      }),
      'malformed',
      /shape/,
    ],
    ['dims whose product is endless', buildNpy('<f4', [2 ** 40, 2 ** 40], four), 'too-large', /claims/],
    [
      'less data than the shape',
      buildNpy('<f4', [3, 5], Float32Array.of(1, 2)),
      'truncated',
      /8 bytes of data; its header says \[3, 5\] float32, which takes 60/,
    ],
    ['a single number', buildNpy('<f4', [], Float32Array.of(1)), 'unsupported', /single number/],
    [
      'a header longer than the file',
      Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 255, 255, 0, 0),
      'malformed',
      /header of 65535 bytes/,
    ],
    [
      'a later version',
      Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 9, 0, 0, 0, 0, 0),
      'unsupported',
      /version 9/,
    ],
  ];
  it.each(wrong)('%s: a sentence', async (_, bytes, code, message) => {
    const error = await errorOf(() => openNpy(bytes));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

describe('IDX', () => {
  it('is read row by row', async () => {
    const file = memoryFile('a-idx3-ubyte', buildIdx([2, 1, 3], Uint8Array.of(1, 2, 3, 4, 5, 6)));
    const array = storedArray('a', file.path, await readIdxHeader(file), file);
    expect(array.rowDims).toEqual([1, 3]);
    expect(await rows(array)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  it('cut short or of another kind: a sentence', async () => {
    const whole = buildIdx([2, 3], new Uint8Array(6));
    const cut = memoryFile('a-idx2-ubyte', whole.subarray(0, 15));
    const header = await readIdxHeader(cut);
    expect(
      (await errorOf(() => Promise.resolve().then(() => storedArray('a', cut.path, header, cut)))).code,
    ).toBe('truncated');
    expect((await errorOf(() => readIdxHeader(memoryFile('a-idx2-ubyte', 'hello there')))).code).toBe(
      'malformed',
    );
    expect((await errorOf(() => readIdxHeader(memoryFile('a-idx2-ubyte', whole.subarray(0, 9))))).code).toBe(
      'truncated',
    );
  });
});
