import { describe, expect, it } from 'vitest';
import type { DataConfig } from '../../core/dataset/types.ts';
import { PareError } from '../../core/errors.ts';
import type { Checkpoint, Label } from '../types.ts';
import { arrayDataset } from '../testing/array-dataset.ts';
import { fakePredictor } from '../testing/fake-predictor.ts';
import { createEvaluator } from './evaluate.ts';
import { preview } from './preview.ts';

const go: Checkpoint = () => Promise.resolve();

function configOf(more: Partial<DataConfig> = {}): DataConfig {
  return {
    format: 'pare-data',
    version: 1,
    name: 'made',
    inputs: { input: { kind: 'array', source: 'x', dims: [3], scale: 1, mean: 0, std: 1 } },
    task: { kind: 'classification', output: 'output', values: 'logits', classOffset: 0 },
    classes: [],
    split: { seed: 1, calibration: 0, holdBack: 0 },
    exclude: [],
    ...more,
  };
}

/** Sample i has its largest value at i mod 3; every tenth is labelled otherwise. */
function set(count: number, spoil: (values: number[], index: number) => number[] = (v) => v) {
  const samples = Array.from({ length: count }, (_, i) =>
    spoil(
      [0, 1, 2].map((k) => (k === i % 3 ? 2 : 0)),
      i,
    ),
  );
  const labels = samples.map((_, i): Label => ({
    kind: 'class',
    name: String(i % 10 === 9 ? (i + 1) % 3 : i % 3),
  }));
  return arrayDataset(samples, undefined, labels);
}

const echo = (values: Float32Array): number[] => [...values];

describe('evaluating', () => {
  it('gives one record a sample, in order, however the part is cut', async () => {
    const dataset = set(70);
    const predictor = fakePredictor(['N', 3], [3], echo);
    const evaluator = createEvaluator({ dataset, config: configOf(), predictor, part: 'evaluation' });
    expect(evaluator.samples).toBe(70);
    const whole = await evaluator.evaluate(0, 70, go);
    expect(whole.map(({ index }) => index)).toEqual(Array.from({ length: 70 }, (_, i) => i));
    expect(whole.filter((record) => record.kind === 'class' && record.rank === 0).length).toBe(63);
    expect(predictor.runs).toEqual([32, 32, 6]);
    const parts = [...(await evaluator.evaluate(0, 33, go)), ...(await evaluator.evaluate(33, 200, go))];
    expect(parts).toEqual(whole);
  });

  it('counts every sample of a batch that does not divide', async () => {
    const predictor = fakePredictor([4, 3], [3], echo);
    const evaluator = createEvaluator({
      dataset: set(10),
      config: configOf(),
      predictor,
      part: 'evaluation',
    });
    const records = await evaluator.evaluate(0, 10, go);
    expect(records.length).toBe(10);
    expect(predictor.runs).toEqual([4, 4, 4]);
    expect(records.filter((record) => record.kind === 'class' && record.rank === 0).length).toBe(9);
  });

  it('reports what cannot be read or scored, and goes on', async () => {
    const dataset = set(40, (values, i) => (i === 7 ? [Number.NaN, 0, 0] : i === 8 ? [1, 2] : values));
    const broken = {
      ...dataset,
      read: (i: number) =>
        i === 9 ? Promise.reject(new PareError('malformed', 'It is damaged.')) : dataset.read(i),
    };
    const predictor = fakePredictor(['N', 3], [3], (v) => (v[1] === 2 ? [Number.NaN, 0, 0] : [...v]));
    const evaluator = createEvaluator({ dataset: broken, config: configOf(), predictor, part: 'evaluation' });
    const records = await evaluator.evaluate(0, 40, go);
    const failed = records.filter((record) => record.kind === 'failed');
    expect(records.length).toBe(40);
    expect(failed.slice(0, 5).map(({ index }) => index)).toEqual([1, 4, 7, 8, 9]);
    expect(failed.find(({ index }) => index === 4)?.reason).toMatch(/no numbers \(NaN\)/);
    expect(failed.find(({ index }) => index === 7)?.reason).toMatch(/holds NaN/);
    expect(failed.find(({ index }) => index === 9)?.reason).toBe('It is damaged.');
  });

  it('goes one by one where a model refuses batches that it declares', async () => {
    const refuse = (rows: number): void => {
      if (rows > 1) throw new PareError('runtime-refused', 'The shape inside holds for one sample.');
    };
    const predictor = fakePredictor(['N', 3], [3], echo, refuse);
    const evaluator = createEvaluator({
      dataset: set(50),
      config: configOf(),
      predictor,
      part: 'evaluation',
    });
    const records = await evaluator.evaluate(0, 50, go);
    expect(records.filter((record) => record.kind === 'class' && record.rank === 0).length).toBe(45);
    expect(predictor.runs).toEqual(new Array<number>(50).fill(1));
    expect(records.map(({ index }) => index)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('throws what the runtime says when nothing runs', async () => {
    const predictor = fakePredictor(['N', 3], [3], echo, () => {
      throw new PareError('runtime-refused', 'It cannot run.');
    });
    const evaluator = createEvaluator({ dataset: set(5), config: configOf(), predictor, part: 'evaluation' });
    await expect(evaluator.evaluate(0, 5, go)).rejects.toMatchObject({ code: 'runtime-refused' });
  });

  it('stops where the checkpoint says so', async () => {
    const predictor = fakePredictor(['N', 3], [3], echo);
    const evaluator = createEvaluator({
      dataset: set(500),
      config: configOf(),
      predictor,
      part: 'evaluation',
    });
    let calls = 0;
    const stop: Checkpoint = () =>
      ++calls === 3 ? Promise.reject(new PareError('cancelled', 'Stopped.')) : Promise.resolve();
    await expect(evaluator.evaluate(0, 500, stop)).rejects.toMatchObject({ code: 'cancelled' });
    expect(predictor.runs.length).toBe(3);
  });

  it('leaves out what the description excludes', async () => {
    const config = configOf({ exclude: ['x[0]', 'x[3]'] });
    const predictor = fakePredictor(['N', 3], [3], echo);
    const evaluator = createEvaluator({ dataset: set(6), config, predictor, part: 'evaluation' });
    expect((await evaluator.evaluate(0, 9, go)).map(({ index }) => index)).toEqual([1, 2, 4, 5]);
  });

  it('refuses agreement, which needs two models', () => {
    const config = configOf({ task: { kind: 'agreement' } });
    const predictor = fakePredictor(['N', 3], [3], echo);
    expect(() => createEvaluator({ dataset: set(6), config, predictor, part: 'evaluation' })).toThrow(
      /Without labels/,
    );
  });
});

describe('preview', () => {
  it('shows answers with names, rights and wrongs, and why a sample is missing', async () => {
    const dataset = set(12, (values, i) => (i === 2 ? [1] : values));
    const config = configOf();
    const predictor = fakePredictor(['N', 3], [3], echo);
    const shown = await preview(
      { dataset: { ...dataset, classTitles: ['ant', 'bee', 'cat'] }, config, predictor },
      [1, 9, 2],
      go,
    );
    expect(shown.map(({ label, right }) => [label, right])).toEqual([
      ['1 bee', true],
      ['1 bee', false],
      ['2 cat', null],
    ]);
    expect(shown[0]?.predictions.map(({ label }) => label)).toEqual(['bee', 'ant', 'cat']);
    // softmax of 0, 2, 0
    expect(shown[0]?.predictions[0]?.confidence).toBeCloseTo(Math.exp(2) / (Math.exp(2) + 2), 6);
    expect(shown[0]?.text).toBe('input [1, 3]: 0 2 0');
    expect(shown[2]?.text).toMatch(/has 1 values/);
  });

  it('calls classes without a sample as a list that came along calls them', async () => {
    const dataset = set(12);
    const summary = { listedTitles: ['ant', '', 'cat'] } as unknown as ReturnType<typeof dataset.summary>;
    const predictor = fakePredictor(['N', 3], [3], echo);
    const [shown] = await preview(
      { dataset: { ...dataset, summary: () => summary }, config: configOf(), predictor },
      [1],
      go,
    );
    expect(shown?.predictions.map(({ label }) => label)).toEqual(['class 1', 'ant', 'cat']);
  });
});
