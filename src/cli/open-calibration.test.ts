/** How many samples the command line sets aside where the description says nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digitsZip } from '../../e2e/support/made-data.ts';
import { divide } from '../data/prepare/split.ts';
import { createNodeRunner } from '../runtime/node-runner.ts';
import { openCalibration } from './open-calibration.ts';
import { fitData, openData } from './open-data.ts';
import { filesOf } from './model-files.ts';
import { openModelFile } from './open-model.ts';
import type { OpenModel } from './open-model.ts';
import { openNodePredictor } from '../runtime/node-predictor.ts';
import type { DataConfig } from '../core/dataset/types.ts';
import { ROOT } from './testing/built-cli.ts';

const breathe = (): Promise<void> => Promise.resolve();
let folder = '';
let opened: OpenModel;
let proposed: DataConfig;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pare-set-aside-'));
  opened = openModelFile(join(ROOT, 'public/samples/digits/digits.onnx'));
  const predictor = await openNodePredictor(filesOf(opened), 1);
  const dataset = await openData([zip(50)], breathe);
  proposed = (await fitData(undefined, dataset, predictor, { seed: 1, checkpoint: breathe })).config;
}, 60_000);

afterAll(() => {
  opened.dispose();
  rmSync(folder, { recursive: true, force: true });
});

function zip(count: number): string {
  const path = join(folder, `${count}.zip`);
  writeFileSync(path, digitsZip(count).bytes);
  return path;
}

const open = (count: number, config: DataConfig = proposed, samples?: number) =>
  openCalibration(
    opened,
    { data: [zip(count)], dataConfig: undefined, config, ...(samples !== undefined && { samples }) },
    createNodeRunner(),
    breathe,
  );

describe('openCalibration', () => {
  it('sets a fifth of what would be evaluated aside, without excluded samples', async () => {
    const all = await open(50);
    expect(all.set?.config.split.calibration).toBe(10);
    const { dataset } = all.set!;
    const exclude = Array.from({ length: 26 }, (_, i) => dataset.info(i).key);
    const fewer = await open(50, { ...proposed, exclude });
    // 24 are left: a fifth is 4.8.
    expect(fewer.set?.config.split.calibration).toBe(4);
    expect(divide(dataset, fewer.set!.config).counts).toMatchObject({ calibration: 4, evaluation: 20 });
    expect((await open(50, proposed, 3)).set?.config.split.calibration).toBe(3);
  });

  it('leaves one of two, and says so where there is only one', async () => {
    const two = await open(2);
    expect(divide(two.set!.dataset, two.set!.config).counts).toMatchObject({ calibration: 1, evaluation: 1 });
    await expect(open(1)).rejects.toMatchObject({ code: 'usage', at: 'split.calibration' });
    // On purpose it can be had.
    const own = await open(1, { ...proposed, split: { ...proposed.split, calibration: 1 } });
    expect(own.set?.config.split.calibration).toBe(1);
  });
});
