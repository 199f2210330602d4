import { describe, expect, it } from 'vitest';
import type { ModelPort } from '../../core/dataset/predictor.ts';
import type { DataConfig } from '../../core/dataset/types.ts';
import { PareError } from '../../core/errors.ts';
import { arrayDataset } from '../testing/array-dataset.ts';
import { indicesOf } from '../prepare/split.ts';
import type { Dataset, Label } from '../types.ts';
import { createCalibrationSamples } from './samples.ts';

const COUNT = 100;
const PORTS: readonly ModelPort[] = [{ name: 'x', dataType: 'float32', shape: ['N', 2] }];
/** Sample i is [i, −i]. */
const VALUES = Array.from({ length: COUNT }, (_, i) => [i, -i]);

const configOf = (calibration: number, more: Partial<DataConfig> = {}): DataConfig => ({
  format: 'pare-data',
  version: 1,
  name: 'made',
  inputs: { x: { kind: 'array', source: 'x', dims: [2], scale: 1, mean: 0, std: 1 } },
  task: { kind: 'agreement' },
  classes: [],
  split: { seed: 3, calibration, holdBack: 0.1 },
  exclude: [],
  ...more,
});

async function fed(
  set: Dataset,
  config: DataConfig,
  choice: { count: number; seed: number; batch?: number },
) {
  const samples = createCalibrationSamples(set, config, PORTS, choice);
  const seen: number[] = [];
  const rows: number[] = [];
  for (let i = 0; i < samples.batches; i++) {
    const batch = await samples.batch(i);
    const values = new Float32Array(batch.feeds.get('x')?.bytes.slice().buffer ?? new ArrayBuffer(0));
    for (let row = 0; row < batch.rows; row++) seen.push(values[2 * row]);
    rows.push(batch.rows);
  }
  return { samples, seen, rows };
}

describe('calibration samples', () => {
  it('come from the calibration part alone, as many as are asked for, the same for the same seed', async () => {
    const set = arrayDataset(VALUES);
    const config = configOf(40);
    const { samples, seen, rows } = await fed(set, config, { count: 20, seed: 1 });
    expect(samples).toMatchObject({ origin: 'samples', count: 20, batches: 3 });
    expect(samples.description).toBe('20 samples of the calibration part of made');
    expect(rows).toEqual([8, 8, 4]);
    const part = new Set(indicesOf(set, config, 'calibration'));
    expect(new Set(seen).size).toBe(20);
    expect(seen.every((index) => part.has(index))).toBe(true);
    for (const other of ['evaluation', 'hold-back'] as const) {
      const indices = new Set(indicesOf(set, config, other));
      expect(seen.some((index) => indices.has(index))).toBe(false);
    }
    expect((await fed(set, config, { count: 20, seed: 1 })).seen).toEqual(seen);
    expect((await fed(set, config, { count: 20, seed: 2 })).seen).not.toEqual(seen);
    expect((await fed(set, config, { count: 500, seed: 1 })).seen).toHaveLength(40);
    expect((await fed(set, config, { count: 20, seed: 1, batch: 3 })).rows).toEqual([3, 3, 3, 3, 3, 3, 2]);
  });

  it('do not depend on labels', async () => {
    const labels = VALUES.map((_, i): Label => ({ kind: 'class', name: i < 90 ? 'often' : 'seldom' }));
    const plain = await fed(arrayDataset(VALUES), configOf(30), { count: 10, seed: 1 });
    const labelled = await fed(arrayDataset(VALUES, undefined, labels), configOf(30), { count: 10, seed: 1 });
    expect(labelled.seen).toEqual(plain.seen);
    expect(labelled.samples.key).toBe(plain.samples.key);
  });

  it('have a key of data, fit and choice, not of the task', () => {
    const set = arrayDataset(VALUES);
    const key = (config: DataConfig, choice = {}): string =>
      createCalibrationSamples(set, config, PORTS, { count: 10, seed: 1, ...choice }).key;
    const plain = key(configOf(30));
    expect(plain).toMatch(/^[0-9a-f]{16}$/);
    expect(key(configOf(30, { task: { kind: 'regression', output: 'y' } }))).toBe(plain);
    expect(key(configOf(30), { batch: 2 })).toBe(plain);
    const doubled: DataConfig['inputs'] = {
      x: { kind: 'array', source: 'x', dims: [2], scale: 2, mean: 0, std: 1 },
    };
    const others = [
      key(configOf(30, { inputs: doubled })),
      key(configOf(30), { seed: 2 }),
      key(configOf(30), { count: 11 }),
      key(configOf(30), { dataId: 'another set' }),
    ];
    expect(new Set([plain, ...others]).size).toBe(5);
  });

  it('skip what cannot be read, and say so', async () => {
    const set = arrayDataset(VALUES);
    const broken: Dataset = {
      ...set,
      read: (index) =>
        index % 2 === 0
          ? set.read(index)
          : Promise.reject(new PareError('malformed', `sample ${index} is cut off`)),
    };
    const { samples, seen } = await fed(broken, configOf(100), { count: 90, seed: 1 });
    expect(seen.every((index) => index % 2 === 0)).toBe(true);
    expect(seen.length).toBeGreaterThan(0);
    expect(samples.description).toMatch(
      new RegExp(
        `^90 samples of .*, ${90 - seen.length} of which cannot be read \\(sample \\d+ is cut off\\)$`,
      ),
    );
  });

  it('are read once as long as they are small', async () => {
    let reads = 0;
    const set = arrayDataset(VALUES);
    const counted: Dataset = {
      ...set,
      read(index) {
        reads++;
        return set.read(index);
      },
    };
    const samples = createCalibrationSamples(counted, configOf(16), PORTS, { count: 16, seed: 1 });
    for (let sweep = 0; sweep < 3; sweep++) {
      for (let i = 0; i < samples.batches; i++) await samples.batch(i);
    }
    expect(reads).toBe(16);
  });

  it('are refused, with what to do, where nothing is set aside', () => {
    const set = arrayDataset(VALUES);
    const make = () => createCalibrationSamples(set, configOf(0), PORTS, { count: 10, seed: 1 });
    expect(make).toThrow(
      expect.objectContaining({
        code: 'usage',
        at: 'split.calibration',
        message: expect.stringContaining('sets no samples aside') as string,
        hint: expect.stringContaining('made-up inputs') as string,
      }),
    );
  });
});
