/** Arrays as sets: .npz, .npy, IDX, packed and not, with labels of every kind. */
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { buildIdx, buildNpy, buildNpz } from '../testing/build-arrays.ts';
import { buildZip, bytesOf } from '../testing/build-zip.ts';
import { errorOf, keysOf, labelsOf, openTestSet, problemOf } from '../testing/open-test-set.ts';

describe('arrays', () => {
  const x = buildNpy('<f4', [4, 2, 1], Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7));
  const y = buildNpy('<i8', [4], BigInt64Array.of(2n, 0n, 2n, 11n));

  it.each([true, false])('npz, packed: %s', async (deflate) => {
    const set = await openTestSet({ 'set.npz': buildNpz({ x, y }, deflate) });
    expect(set.kind).toBe('arrays');
    expect(set.sources).toEqual([{ name: 'x', kind: 'array', dataType: 'float32', dims: [2, 1] }]);
    expect(set.classes).toEqual(['0', '2', '11']);
    expect(labelsOf(set)).toEqual(['2', '0', '2', '11']);
    expect(set.info(3).key).toBe('x[3]');
    expect((await set.read(3)).get('x')).toEqual({
      kind: 'array',
      dataType: 'float32',
      dims: [2, 1],
      values: Float32Array.of(6, 7),
    });
    expect(await set.readBytes(0)).toEqual(new Uint8Array(Float32Array.of(0, 1).buffer));
  });

  it('two .npy files, also packed by gzip, also in a zip', async () => {
    const set = await openTestSet({ 'x.npy': x, 'y.npy.gz': gzipSync(y) });
    expect(labelsOf(set)).toEqual(['2', '0', '2', '11']);
    const zipped = buildZip([
      { name: 'd/x.npy', data: x },
      { name: 'd/y.npy', data: y, deflate: true },
    ]);
    expect(labelsOf(await openTestSet({ 'set.zip': zipped }))).toEqual(['2', '0', '2', '11']);
  });

  it('several inputs by name, labels by name or by being the one list of whole numbers', async () => {
    const ids = buildNpy('<i4', [4, 3], new Int32Array(12));
    const named = await openTestSet({ 's.npz': buildNpz({ input_ids: ids, image: x, labels: y }, false) });
    expect(named.sources.map(({ name }) => name)).toEqual(['input_ids', 'image']);
    expect(named.info(2).key).toBe('input_ids[2]');
    const unnamed = await openTestSet({ 's.npz': buildNpz({ arr_0: x, arr_1: y }, false) });
    expect(unnamed.sources.map(({ name }) => name)).toEqual(['arr_0']);
    expect(labelsOf(unnamed)).toEqual(['2', '0', '2', '11']);
  });

  it('of train and test the test part', async () => {
    const set = await openTestSet({
      'm.npz': buildNpz({ x_train: x, y_train: y, x_test: x, y_test: y }, true),
    });
    expect(set.length).toBe(4);
    expect(set.sources[0].name).toBe('x');
    expect(problemOf(set, 'unused-array')).toMatchObject({ count: 2 });
  });

  it.each([
    [
      'one-hot rows',
      buildNpy('|u1', [4, 3], Uint8Array.of(0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1)),
      'class',
      ['2', '0', '1', '2'],
    ],
    [
      'vectors',
      buildNpy('<f4', [4, 2], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
      'numbers',
      ['1 2', '3 4', '5 6', '7 8'],
    ],
    [
      'floats that are classes',
      buildNpy('<f4', [4], Float32Array.of(1, 0, 1, 0)),
      'class',
      ['1', '0', '1', '0'],
    ],
    ['floats', buildNpy('<f8', [4], Float64Array.of(1.5, 0, 1, NaN)), 'numbers', ['1.5', '0', '1', '-']],
    ['columns', buildNpy('<i4', [4, 1], Int32Array.of(3, 1, 3, 1)), 'class', ['3', '1', '3', '1']],
    ['strings', buildNpy('|S1', [4], bytesOf('abab')), 'class', ['a', 'b', 'a', 'b']],
  ])('labels as %s', async (_, labels, kind, expected) => {
    const set = await openTestSet({ 'x.npy': x, 'y.npy': labels });
    expect(set.summary().label).toBe(kind);
    expect(labelsOf(set)).toEqual(expected);
  });

  it('a lone array is a set without labels', async () => {
    const set = await openTestSet({ 'features.npy': x });
    expect(set.length).toBe(4);
    expect(set.name).toBe('features');
    expect(problemOf(set, 'no-labels')).toBeDefined();
  });

  it('labels of another length are not guessed', async () => {
    const set = await openTestSet({ 'x.npy': x, 'y.npy': buildNpy('|u1', [3], new Uint8Array(3)) });
    expect(problemOf(set, 'length-mismatch')).toMatchObject({
      severity: 'error',
      message: expect.stringMatching(/y has 3 labels for 4 samples/) as string,
    });
    expect(labelsOf(set)).toEqual(['-', '-', '-', '-']);
  });

  it('NaN and infinity are told for the sample that holds them', async () => {
    const bad = buildNpy('<f4', [3, 2], Float32Array.of(1, 2, 3, NaN, -Infinity, 6));
    const set = await openTestSet({ 'x.npy': bad });
    expect((await set.read(0)).size).toBe(1);
    const error = await errorOf(() => set.read(1));
    expect(error).toMatchObject({ code: 'data-invalid', at: 'x[1]' });
    expect(error.message).toMatch(/x\[1\] holds NaN at position 1/);
    expect((await errorOf(() => set.read(2))).message).toMatch(/-Infinity at position 0/);
  });

  it('IDX pair, packed', async () => {
    const set = await openTestSet({
      't10k-labels-idx1-ubyte.gz': gzipSync(buildIdx([3], Uint8Array.of(7, 2, 7))),
      't10k-images-idx3-ubyte.gz': gzipSync(
        buildIdx(
          [3, 2, 2],
          Uint8Array.from({ length: 12 }, (_, i) => i),
        ),
      ),
    });
    expect(set.sources).toEqual([{ name: 'images', kind: 'array', dataType: 'uint8', dims: [2, 2] }]);
    expect(labelsOf(set)).toEqual(['7', '2', '7']);
    expect((await set.read(2)).get('images')).toMatchObject({ values: Uint8Array.of(8, 9, 10, 11) });
  });

  it.each([
    ['a text called .npy', 'x.npy', bytesOf('hello hello hello'), /x\.npy is not a \.npy file/],
    ['a text called .npz', 'x.npz', bytesOf('hello hello hello'), /x\.npz cannot be read as a zip/],
    ['a text called .gz', 'x.npy.gz', bytesOf('hello hello hello hello'), /x\.npy\.gz/],
    [
      'a cut .gz',
      'x.npy.gz',
      gzipSync(new Uint8Array(5000).map((_, i) => i * i)).subarray(0, 300),
      /x\.npy\.gz/,
    ],
    ['an array without rows', 'x.npy', buildNpy('<f4', [0, 3], new Float32Array(0)), /./],
  ])('%s: a sentence', async (_, name, bytes, message) => {
    const error = await errorOf(() => openTestSet({ [name]: bytes }));
    expect(error.message).toMatch(message);
  });

  it('many .npy files are a sample each', async () => {
    const one = (value: number) => buildNpy('<f4', [2, 1], Float32Array.of(value, 0));
    const files = Object.fromEntries(
      Array.from({ length: 24 }, (_, i) => [
        `${i % 2 === 0 ? 'no' : 'yes'}/${String(i).padStart(2, '0')}.npy`,
        one(i === 3 ? NaN : i),
      ]),
    );
    const set = await openTestSet(files);
    expect(set.length).toBe(24);
    expect(set.sources).toEqual([{ name: 'array', kind: 'array', dataType: 'float32', dims: [2, 1] }]);
    expect(set.classes).toEqual(['no', 'yes']);
    expect((await set.read(1)).get('array')).toEqual({
      kind: 'array',
      dataType: 'float32',
      dims: [2, 1],
      values: Float32Array.of(2, 0),
    });
    const bad = keysOf(set).indexOf('yes/03.npy');
    expect((await errorOf(() => set.read(bad))).message).toMatch(/yes\/03\.npy holds NaN/);
  });

  it('a packed array beyond what is held is refused, with what to do', async () => {
    // The directory claims 1.2 GB; nothing of that size is made.
    const zip = buildZip([
      {
        name: 'x.npy',
        data: new Uint8Array(2_000_000).map((_, i) => i * i),
        deflate: true,
        claim: { size: 1_200_000_000 },
      },
    ]);
    const error = await errorOf(() => openTestSet({ 'big.npz': zip }));
    expect(error.message).toMatch(/more than 1 GB unpacked.*Store them uncompressed/);
  });
});
