import { describe, expect, it } from 'vitest';
import type { InputFit } from '../../core/dataset/types.ts';
import type { ModelPort } from '../../core/dataset/predictor.ts';
import { PareError } from '../../core/errors.ts';
import type { HostTensor } from '../../core/onnx/graph-runner.ts';
import { arrayDataset } from '../testing/array-dataset.ts';
import { createBatcher } from './batcher.ts';

const port = (
  shape: ModelPort['shape'],
  dataType: ModelPort['dataType'] = 'float32',
  name = 'x',
): ModelPort => ({
  name,
  dataType,
  shape,
});
const fit: InputFit = { kind: 'array', source: 'x', dims: [3], scale: 1, mean: 0, std: 1 };
const floats = (tensor: HostTensor | undefined): number[] => [
  ...new Float32Array(tensor!.bytes.slice().buffer),
];

/** Three values a sample: 10·index, 10·index + 1, 10·index + 2. */
const rows = (count: number) =>
  arrayDataset(Array.from({ length: count }, (_, i) => [10 * i, 10 * i + 1, 10 * i + 2]));

describe('batches', () => {
  it('of a free axis are as large as allowed and hold each sample once', async () => {
    const batcher = createBatcher(rows(5), { inputs: { x: fit } }, [port(['N', 3])]);
    expect(batcher.size).toBe(32);
    expect(batcher.fixed).toBe(false);
    const batch = await batcher.make([4, 0]);
    expect(batch.feeds.get('x')!.dims).toEqual([2, 3]);
    expect(floats(batch.feeds.get('x'))).toEqual([40, 41, 42, 0, 1, 2]);
    expect(batch.rows.map(({ index }) => index)).toEqual([4, 0]);
  });

  it('of a fixed axis repeat the last sample, which does not count', async () => {
    const batcher = createBatcher(rows(5), { inputs: { x: fit } }, [port([4, 3])]);
    expect([batcher.size, batcher.fixed]).toEqual([4, true]);
    const batch = await batcher.make([1, 2]);
    expect(batch.size).toBe(4);
    expect(floats(batch.feeds.get('x'))).toEqual([10, 11, 12, 20, 21, 22, 20, 21, 22, 20, 21, 22]);
    expect(batch.rows.map(({ index }) => index)).toEqual([1, 2]);
  });

  it('stay within 32 MB', () => {
    const wide = { ...fit, dims: [1_000_000] };
    // 4 MB a sample: 8 of them, as 32 MB are 33,554,432 bytes.
    expect(createBatcher(rows(5), { inputs: { x: wide } }, [port(['N', 1_000_000])]).size).toBe(8);
    const wider = { ...fit, dims: [20_000_000] };
    expect(createBatcher(rows(5), { inputs: { x: wider } }, [port(['N', 20_000_000])]).size).toBe(1);
  });

  it('of a sample that no memory holds are refused', () => {
    const huge = { ...fit, dims: [2 ** 40] };
    expect(() => createBatcher(rows(5), { inputs: { x: huge } }, [port(['N', null])])).toThrow(
      /One run takes 4194304 MB of inputs; at most 1024 MB are fed/,
    );
  });

  it('without an axis for samples take one at a time', async () => {
    const batcher = createBatcher(rows(5), { inputs: { x: fit } }, [port([3])]);
    expect([batcher.size, batcher.fixed]).toEqual([1, true]);
    const batch = await batcher.make([2]);
    expect(batch.feeds.get('x')!.dims).toEqual([3]);
    expect(floats(batch.feeds.get('x'))).toEqual([20, 21, 22]);
  });

  it('go on without samples that cannot be read, and say why', async () => {
    const broken = {
      ...rows(3),
      read: (index: number) =>
        index === 1 ? Promise.reject(new PareError('malformed', 'It is damaged.')) : rows(3).read(index),
    };
    const batch = await createBatcher(broken, { inputs: { x: fit } }, [port(['N', 3])]).make([0, 1, 2]);
    expect(floats(batch.feeds.get('x'))).toEqual([0, 1, 2, 20, 21, 22]);
    expect(batch.failed).toEqual([{ kind: 'failed', index: 1, key: 'x[1]', reason: 'It is damaged.' }]);
  });

  it('tell NaN, infinity and wrong sizes apart', async () => {
    const set = arrayDataset([
      [1, Number.NaN, 3],
      [1, 2, Infinity],
      [1, 2],
      [1, 2, 3],
    ]);
    const batch = await createBatcher(set, { inputs: { x: fit } }, [port(['N', 3])]).make([0, 1, 2, 3]);
    expect(batch.failed.map(({ reason }) => reason)).toEqual([
      "The sample holds NaN (value 1 of 'x').",
      "The sample holds infinity (value 2 of 'x').",
      'The sample has 2 values [2]; the model takes 3 [3].',
    ]);
    expect(floats(batch.feeds.get('x'))).toEqual([1, 2, 3]);
  });

  it('let a stop through', async () => {
    const stopped = { ...rows(1), read: () => Promise.reject(new PareError('cancelled', 'Stopped.')) };
    await expect(
      createBatcher(stopped, { inputs: { x: fit } }, [port(['N', 3])]).make([0]),
    ).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('of all samples that fail are empty', async () => {
    const set = arrayDataset([[1], [2]]);
    const batch = await createBatcher(set, { inputs: { x: fit } }, [port([2, 3])]).make([0, 1]);
    expect([batch.rows.length, batch.failed.length]).toEqual([0, 2]);
  });
});

describe('inputs', () => {
  it('several, with flags and states', async () => {
    const inputs: Record<string, InputFit> = {
      x: fit,
      training: { kind: 'constant', dims: [], value: 0 },
      state: { kind: 'constant', dims: [2], value: 0.5 },
    };
    const ports = [port(['N', 3]), port([], 'int64', 'training'), port(['N', 2], 'float32', 'state')];
    const { feeds } = await createBatcher(rows(3), { inputs }, ports).make([0, 1]);
    expect(feeds.get('training')).toEqual({ dataType: 'int64', dims: [], bytes: new Uint8Array(8) });
    expect(floats(feeds.get('state'))).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('with a state whose samples lie along another axis go one at a time', () => {
    const inputs: Record<string, InputFit> = {
      x: fit,
      state: { kind: 'constant', dims: [2, 1, 8], value: 0 },
    };
    const ports = [port(['N', 3]), port([2, 'N', 8], 'float32', 'state')];
    expect(createBatcher(rows(3), { inputs }, ports).size).toBe(1);
  });

  it('transposed, scaled, in the type of the input', async () => {
    const set = arrayDataset([[1, 2, 3, 4, 5, 6]], [2, 3]);
    const turned: InputFit = {
      kind: 'array',
      source: 'x',
      dims: [3, 2],
      transpose: [1, 0],
      scale: 2,
      mean: 1,
      std: 1,
    };
    const { feeds } = await createBatcher(set, { inputs: { x: turned } }, [port(['N', 3, 2], 'int32')]).make([
      0,
    ]);
    // [[1,2,3],[4,5,6]] turned is [[1,4],[2,5],[3,6]]; value · 2 − 1.
    expect([...new Int32Array(feeds.get('x')!.bytes.slice().buffer)]).toEqual([1, 7, 3, 9, 5, 11]);
  });

  const refusals: [string, Record<string, InputFit>, ModelPort[], RegExp][] = [
    ['nothing said about an input', {}, [port(['N', 3])], /says nothing about the input 'x'/],
    [
      'another size',
      { x: fit },
      [port(['N', 4])],
      /'x' takes \[N, 4\]; the description gives samples of \[3\]/,
    ],
    ['another rank', { x: fit }, [port(['N', 1, 1, 3])], /takes \[N, 1, 1, 3\]/],
    [
      'text inputs',
      { x: fit },
      [port(['N', 3], 'string')],
      /takes string values, which cannot be made from data/,
    ],
    [
      'two batch sizes',
      { x: fit, y: fit },
      [port([2, 3]), port([4, 3], 'float32', 'y')],
      /different numbers of samples at once: 2, 4/,
    ],
  ];
  for (const [name, inputs, ports, message] of refusals) {
    it(`refuse ${name}`, () => {
      expect(() => createBatcher(rows(2), { inputs }, ports)).toThrow(message);
    });
  }

  it('name a source that is not there', async () => {
    const other: InputFit = { ...fit, source: 'y' };
    const { failed } = await createBatcher(rows(1), { inputs: { x: other } }, [port(['N', 3])]).make([0]);
    expect(failed[0]?.reason).toBe("The sample has no 'y', only 'x'.");
  });
});
