/** The measurement worker's work on the bundled model and its held-out images, in the real runtime. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '../core/errors.ts';
import { projectDir } from '../core/testing/shared.ts';
import type { EvaluationSetup, MeasureRequest } from './api.ts';
import { MeasureWorker } from './measure-service.ts';
import { blobOf, digitsConfig, digitsData, digitsModel } from './testing/digits.ts';
import { codecBlobs, nodePlatform, progressPort } from './testing/node-platform.ts';

const IMAGES = 200;
const model = digitsModel();
const progress = progressPort();
const worker = new MeasureWorker(nodePlatform);

const setup: EvaluationSetup = {
  model,
  data: digitsData(IMAGES),
  config: digitsConfig,
  part: 'evaluation',
  provider: 'wasm',
  threads: 1,
};

function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(JSON.stringify(result.error));
}

beforeAll(async () => {
  valueOf(await worker.connect({ progress: progress.port, runtimeWasm: new Blob([]), codecs: codecBlobs() }));
});
afterAll(() => progress.close());

describe('MeasureWorker', () => {
  it('evaluates range by range, in order, with the accuracy that the model is known for', async () => {
    expect(valueOf(await worker.openEvaluation('1', setup))).toEqual({ samples: IMAGES });
    const first = valueOf(await worker.evaluate('2', 0, 70));
    const second = valueOf(await worker.evaluate('3', 70, IMAGES));
    const records = [...first, ...second];
    expect(records.map(({ index }) => index)).toEqual(Array.from({ length: IMAGES }, (_, i) => i));
    const right = records.filter((record) => record.kind === 'class' && record.rank === 0).length;
    // digits.json: 98.4 % of all 1,500. Of 200, four standard deviations (0.9 points each) below is 94.9 %.
    expect(right / IMAGES).toBeGreaterThan(0.949);
    expect(valueOf(await worker.evaluate('4', 0, 0))).toEqual([]);
    expect(await worker.evaluate('5', 0, IMAGES + 1)).toMatchObject({ error: { code: 'usage' } });
    expect(progress.heard.length).toBeGreaterThan(0);
  });

  it('evaluates the part that was asked for, and no sample twice', async () => {
    const config = { ...digitsConfig, split: { seed: 4, calibration: 30, holdBack: 0.25 } };
    const indices: number[] = [];
    for (const part of ['evaluation', 'calibration', 'hold-back'] as const) {
      const { samples } = valueOf(await worker.openEvaluation('6', { ...setup, config, part }));
      indices.push(...valueOf(await worker.evaluate('7', 0, samples)).map(({ index }) => index));
    }
    expect(indices).toHaveLength(IMAGES);
    expect(new Set(indices).size).toBe(IMAGES);
  });

  it('proposes how the data fit the model, with the right scale first', async () => {
    const [best] = valueOf(await worker.propose('8', model, setup.data, 1));
    expect(best.config.task).toMatchObject({ kind: 'classification' });
    expect(best.attempts[0].score).toBeGreaterThan(0.9);
    const fit = best.config.inputs.image;
    expect(fit.kind).toBe('array');
  });

  it('previews samples as the model gets them', async () => {
    const samples = valueOf(await worker.preview('9', setup, [0, 3]));
    expect(samples.map(({ index }) => index)).toEqual([0, 3]);
    for (const { label, predictions } of samples) expect(predictions[0].label).toBe(label);
  });

  it('profiles in a job of its own', async () => {
    const request = { model, provider: 'wasm', threads: 1, seed: 1, dimensions: {}, layerNodes: {} } as const;
    const profile = valueOf(await worker.profile('10', { ...request, budgetMillis: 200 }));
    expect(profile.nodes.some(({ op }) => op === 'Conv' || op === 'FusedConv')).toBe(true);
  });

  it('measures on the samples it is given', async () => {
    const request: MeasureRequest = {
      original: model,
      variant: model,
      provider: 'wasm',
      threads: 1,
      seed: 1,
      dimensions: {},
      budgetMillis: 50,
    };
    const result = valueOf(await worker.measure('11', request, { files: setup.data, config: digitsConfig }));
    expect(result.agreement?.cosine).toBeCloseTo(1, 6);
  });

  it('says why it cannot: provider, model, data, cancelled', async () => {
    expect(await worker.openEvaluation('20', { ...setup, provider: 'webgpu' })).toMatchObject({
      error: { code: 'not-measurable', message: 'Node has no WebGPU.' },
    });
    expect(await worker.evaluate('21', 0, 1)).toMatchObject({ error: { code: 'internal' } });
    const empty = { ...setup, data: [] };
    expect(await worker.openEvaluation('22', empty)).toMatchObject({ ok: false });
    const noModel = { ...setup, model: [{ name: 'm.onnx', parts: [new Uint8Array(9)] }] };
    expect(await worker.openEvaluation('23', noModel)).toMatchObject({ error: { code: 'runtime-refused' } });
    worker.cancel('25');
    expect(await worker.openEvaluation('24', setup)).toMatchObject({ error: { code: 'cancelled' } });
    expect(await new MeasureWorker(nodePlatform).evaluate('1', 0, 1)).toMatchObject({
      error: { code: 'internal' },
    });
  });

  it('counts a damaged picture as failed and goes on', async () => {
    const picture = blobOf(
      new Uint8Array(readFileSync(join(projectDir(), 'public/samples/digits/digits.json'))),
    );
    const data = [
      { path: 'set/1/broken.png', file: picture },
      { path: 'set/2/broken.png', file: picture },
    ];
    const config = {
      ...digitsConfig,
      inputs: {
        image: {
          kind: 'image',
          source: 'image',
          width: 28,
          height: 28,
          resize: 'stretch',
          channels: 'gray',
          layout: 'nchw',
          scale: 1,
          mean: [0],
          std: [255],
        },
      },
    } as const;
    const opened = valueOf(await worker.openEvaluation('30', { ...setup, data, config }));
    const records = valueOf(await worker.evaluate('31', 0, opened.samples));
    expect(records).toHaveLength(2);
    for (const record of records) expect(record).toMatchObject({ kind: 'failed' });
  });
});
