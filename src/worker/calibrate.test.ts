/** Calibration in the studio worker, and that the command line gives the same bytes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { optimize } from '../cli/optimize.ts';
import type { DataConfig } from '../core/dataset/types.ts';
import { PRESETS } from '../core/recipe/presets.ts';
import type { Recipe } from '../core/recipe/types.ts';
import { createNodeRunner } from '../runtime/node-runner.ts';
import { pictureDecoder } from './open-data.ts';
import { digitsConfig, digitsData, digitsModel } from './testing/digits.ts';
import { codecBlobs } from './testing/node-platform.ts';
import { Workshop } from './workshop.ts';

const goOn = () => Promise.resolve();
const STATIC: Recipe = {
  format: 'pare-recipe',
  version: 1,
  seed: 1,
  calibration: { samples: 24 },
  steps: [
    { pass: 'simplify' },
    { pass: 'quantize-weights', params: { precision: 'int8' } },
    { pass: 'quantize-activations', params: { mode: 'static' } },
  ],
};
const config: DataConfig = { ...digitsConfig, split: { seed: 1, calibration: 40, holdBack: 0 } };
const DATA = { files: digitsData(200), config };

const [modelFile] = digitsModel();
const modelBytes = modelFile.parts[0] as Uint8Array;

async function opened() {
  const workshop = new Workshop({
    runner: createNodeRunner(),
    now: () => performance.now(),
    decoder: pictureDecoder(codecBlobs()),
  });
  const file = new Blob([Uint8Array.from(modelBytes)]);
  const { modelId } = await workshop.open([{ path: 'digits.onnx', file }], goOn);
  return { workshop, id: modelId };
}

describe('calibration in the studio worker', () => {
  it('makes inputs up where there is no data, and warns', async () => {
    const { workshop, id } = await opened();
    const made = await workshop.makeVariant(id, STATIC, goOn);
    expect(made.calibration).toMatchObject({ origin: 'synthetic', count: 24 });
    const facts = made.steps.flatMap(({ facts: { calibration } }) => calibration ?? []);
    expect(facts.length).toBeGreaterThan(0);
    for (const fact of facts) expect(fact).toContain('24 made-up inputs, because there was no data');
  });

  it('looks at the calibration part of the data, and names the variant by it', async () => {
    const { workshop, id } = await opened();
    const synthetic = await workshop.makeVariant(id, STATIC, goOn);
    const pruned = await workshop.makeVariant(id, { ...STATIC, steps: [{ pass: 'prune-magnitude' }] }, goOn);
    expect(pruned.calibration).toBeUndefined();
    const info = await workshop.calibrate(id, DATA, 256, goOn);
    expect(info).toMatchObject({ origin: 'samples', count: 40 });
    expect(info.description).toMatch(/^40 samples of the calibration part of /);
    const made = await workshop.makeVariant(id, STATIC, goOn);
    // The recipe asks for fewer than there are.
    expect(made.calibration).toMatchObject({ origin: 'samples', count: 24 });
    expect(made.variantId).not.toBe(synthetic.variantId);
    const again = await workshop.makeVariant(id, { ...STATIC, steps: [{ pass: 'prune-magnitude' }] }, goOn);
    expect(again.variantId).toBe(pruned.variantId);
    expect(await workshop.calibrate(id, null, 256, goOn)).toMatchObject({ origin: 'synthetic' });
    expect((await workshop.makeVariant(id, STATIC, goOn)).variantId).toBe(synthetic.variantId);
  });

  it('keeps what was set when new data cannot be used', async () => {
    const { workshop, id } = await opened();
    await workshop.calibrate(id, DATA, 256, goOn);
    const made = await workshop.makeVariant(id, STATIC, goOn);
    const nothing = { ...DATA, config: digitsConfig };
    await expect(workshop.calibrate(id, nothing, 256, goOn)).rejects.toMatchObject({
      code: 'usage',
      at: 'split.calibration',
    });
    expect((await workshop.makeVariant(id, STATIC, goOn)).variantId).toBe(made.variantId);
  });
});

describe('pare optimize', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pare-calibrate-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['with data', ['x.npy', 'y.npy']],
    ['without data', []],
  ])('gives the bytes of the page %s', async (_, names) => {
    const write = (name: string, bytes: Uint8Array | string): string => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const data: string[] = [];
    for (const { path, file } of DATA.files) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (names.includes(name)) data.push(write(name, new Uint8Array(await file.arrayBuffer())));
    }
    const output = join(folder, 'out.onnx');
    const outcome = await optimize({
      name: 'optimize',
      model: write('digits.onnx', modelBytes),
      recipe: write('recipe.json', JSON.stringify(STATIC)),
      output,
      data,
      dataConfig: data.length === 0 ? undefined : write('config.json', JSON.stringify(config)),
      calibration: undefined,
      target: undefined,
      json: true,
    });
    const { workshop, id } = await opened();
    if (data.length > 0) await workshop.calibrate(id, DATA, 256, goOn);
    const { variantId } = await workshop.makeVariant(id, STATIC, goOn);
    const [{ blob }] = workshop.files(id, variantId);
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(new Uint8Array(readFileSync(output)));
    expect(outcome.json).toMatchObject({
      calibration: { origin: data.length === 0 ? 'synthetic' : 'samples', count: 24 },
    });
  });

  it('writes for another target and with fewer samples where it is told to', async () => {
    const model = join(folder, 'digits.onnx');
    const outcome = await optimize({
      name: 'optimize',
      model,
      recipe: 'int8',
      output: join(folder, 'other.onnx'),
      data: [],
      dataConfig: undefined,
      calibration: 7,
      target: 'openvino',
      json: true,
    });
    expect(outcome.json).toMatchObject({
      recipe: { ...PRESETS.int8, target: 'openvino', calibration: { samples: 7 } },
    });
  });
});
