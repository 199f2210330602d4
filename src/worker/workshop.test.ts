/** The studio worker's work on the bundled sample, in Node: the same code that the browser runs, without the thread. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { concatParts, MemorySource } from '../core/bytes/spans.ts';
import type { ErrorCode } from '../core/errors.ts';
import { PareError } from '../core/errors.ts';
import { openDraft } from '../core/onnx/draft.ts';
import { readModel } from '../core/onnx/read.ts';
import { writeModel } from '../core/onnx/write.ts';
import { predictSize } from '../core/recipe/predict.ts';
import { PRESETS } from '../core/recipe/presets.ts';
import type { Recipe } from '../core/recipe/types.ts';
import { projectDir } from '../core/testing/shared.ts';
import { createNodeRunner } from '../runtime/node-runner.ts';
import type { OpenFile } from './api.ts';
import { makeVariant } from './make-variant.ts';
import { Workshop } from './workshop.ts';

const digits = new Uint8Array(readFileSync(join(projectDir(), 'public/samples/digits/digits.onnx')));
const goOn = () => Promise.resolve();
const host = { runner: createNodeRunner(), now: () => performance.now(), checkpoint: goOn };
const file = (path: string, bytes: BlobPart): OpenFile => ({ path, file: new Blob([bytes]) });
const NO_STEPS: Recipe = { format: 'pare-recipe', version: 1, seed: 1, steps: [] };

const makeWorkshop = () => new Workshop({ runner: host.runner, now: host.now });

async function opened() {
  const workshop = makeWorkshop();
  const model = await workshop.open([file('digits.onnx', digits)], goOn);
  return { workshop, model, id: model.modelId };
}

async function codeOf(work: () => unknown): Promise<ErrorCode> {
  try {
    await work();
  } catch (error) {
    if (error instanceof PareError) return error.code;
    throw error;
  }
  throw new Error('was not refused');
}

const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());

describe('Workshop', () => {
  it('opens a model and says what is in it', async () => {
    const { model } = await opened();
    expect(model).toMatchObject({ fileName: 'digits.onnx', bytes: digits.length, externalData: false });
    expect(model.inputs).toEqual([{ name: 'image', dataType: 'float32', shape: ['N', 1, 28, 28] }]);
    // The sample's weights are float32 and none is frozen.
    expect(model.weightBytes).toBe(model.layers.reduce((sum, layer) => sum + 4 * layer.elements, 0));
  });

  it('counts what a run costs, the same for a variant whose weights are decoded at load', async () => {
    const { workshop, model, id } = await opened();
    const costs = await workshop.costs(id, null, { N: 2 });
    expect(costs).toMatchObject({ source: 'counted', dimensions: { N: 2 }, uncounted: {} });
    expect(costs.parameters).toBe(model.parameters);
    expect(costs.layers.map(({ layerId }) => layerId)).toEqual(model.layers.map((layer) => layer.id));
    expect(costs.macs).toBe(costs.layers.reduce((sum, { macs }) => sum + macs, 0));
    // Twice the batch is twice the work; a free dimension that is not given is guessed.
    expect((await workshop.costs(id, null, {})).macs).toBe(costs.macs / 2);
    const variant = await workshop.makeVariant(id, PRESETS['int8-sparse80'], goOn);
    expect(await workshop.costs(id, variant.variantId, { N: 2 })).toMatchObject({
      macs: costs.macs,
      layers: costs.layers,
    });
  });

  it('names the nodes of each layer, in a variant too', async () => {
    const { workshop, model, id } = await opened();
    const nodes = workshop.layerNodes(id, null);
    expect(Object.keys(nodes)).toEqual(model.layers.map((layer) => layer.id));
    expect(Object.values(nodes).every((names) => names.length > 0 && !names.includes(''))).toBe(true);
    const variant = await workshop.makeVariant(id, PRESETS.int4, goOn);
    expect(Object.keys(workshop.layerNodes(id, variant.variantId))).toEqual(Object.keys(nodes));
  });

  it('reads nothing of a dropped folder but the model and the data that it names', async () => {
    const unread = new Blob(['x']);
    unread.arrayBuffer = () => Promise.reject(new Error('was read'));
    const files = [
      { path: 'net/other.bin', file: unread },
      file('net/digits.onnx', digits),
      { path: 'net/w.data', file: unread },
    ];
    expect((await makeWorkshop().open(files, goOn)).bytes).toBe(digits.length);
    const source = new MemorySource(digits);
    const draft = openDraft(readModel(source));
    const [tensor] = draft.main.initializers.values();
    draft.main.setInitializer({
      ...tensor,
      data: {
        kind: 'external',
        location: 'w.data',
        offset: 0,
        entries: [{ key: 'location', value: 'w.data' }],
      },
    });
    const outside = concatParts(writeModel(draft.finish()).model);
    const named = [files[0], file('net/digits.onnx', outside), files[2]];
    expect(await codeOf(() => makeWorkshop().open(named, goOn))).toBe('not-a-file');
  });

  it('gives the bytes that the command line gives, for every preset, and predicts their number', async () => {
    const { workshop, id, model } = await opened();
    const simplified = await workshop.simplifiedSkeleton(id, goOn);
    for (const [name, recipe] of Object.entries(PRESETS)) {
      const made = await workshop.makeVariant(id, recipe, goOn);
      const [written] = workshop.files(id, made.variantId);
      const source = new MemorySource(digits);
      const elsewhere = await makeVariant(readModel(source), recipe, 'other.onnx', host);
      const bytes = await bytesOf(written.blob);
      expect(Buffer.compare(bytes, concatParts(elsewhere.written.model)), name).toBe(0);
      expect(made.bytes).toBe(bytes.length);
      expect(predictSize(simplified, recipe).bytes, name).toBe(bytes.length);
      expect(written.name).toBe('digits.pare.onnx');
    }
    expect(model.skeleton.bytes).toBe(digits.length);
  }, 60_000);

  it('gives the file back, byte for byte, when the recipe has no steps', async () => {
    const { workshop, id } = await opened();
    const { variantId } = await workshop.makeVariant(id, NO_STEPS, goOn);
    const [same] = workshop.files(id, variantId);
    expect(Buffer.compare(await bytesOf(same.blob), digits)).toBe(0);
  });

  it('names variants by model and recipe, and keeps them', async () => {
    const { workshop, id } = await opened();
    const first = await workshop.makeVariant(id, PRESETS.int8, goOn);
    const shuffled = { steps: PRESETS.int8.steps, seed: 1, version: 1, format: 'pare-recipe' };
    expect(await workshop.makeVariant(id, shuffled, goOn)).toBe(first);
    expect((await workshop.makeVariant(id, PRESETS.int4, goOn)).variantId).not.toBe(first.variantId);
    workshop.dropVariant(id, first.variantId);
    expect(await codeOf(() => workshop.files(id, first.variantId))).toBe('usage');
  });

  it('shows a layer before and after', async () => {
    const { workshop, id, model } = await opened();
    const layer = model.layers[model.layers.length - 1];
    const before = await workshop.layerDetail(id, null, layer.id);
    expect(before.after).toBeNull();
    expect(before.before.counts.reduce((a, b) => a + b)).toBe(layer.elements);
    const steps = [
      { pass: 'prune-magnitude', params: { sparsity: 0.8, scope: 'uniform' } },
      { pass: 'quantize-weights', params: { precision: 'int8' } },
    ];
    const { variantId } = await workshop.makeVariant(id, { ...PRESETS.int8, steps }, goOn);
    const after = await workshop.layerDetail(id, variantId, layer.id);
    expect(after.after?.counts.reduce((a, b) => a + b)).toBe(layer.elements);
    // 80 % of the elements are pruned; int8 may round a few more to zero.
    expect(after.zeros / layer.elements).toBeGreaterThan(0.79);
    expect(after.sqnrDb).toBeGreaterThan(3);
    expect(after.sqnrDb).toBeLessThan(40);
    expect(await codeOf(() => workshop.layerDetail(id, null, 'nowhere'))).toBe('layer-unknown');
  });

  it('refuses a recipe that makes no sense', async () => {
    const { workshop, id } = await opened();
    expect(await codeOf(() => workshop.makeVariant(id, { format: 'x' }, goOn))).toBe('recipe-invalid');
  });

  it('stops where the checkpoint says so, and works on afterwards', async () => {
    const { workshop, id } = await opened();
    let calls = 0;
    const stop = () => {
      if (++calls > 2) throw new PareError('cancelled', 'stop');
      return Promise.resolve();
    };
    expect(await codeOf(() => workshop.makeVariant(id, PRESETS.int8, stop))).toBe('cancelled');
    expect((await workshop.makeVariant(id, PRESETS.int8, goOn)).bytes).toBeLessThan(digits.length / 2);
  });
});

describe('Workshop, opening', () => {
  const refused: [string, OpenFile[], ErrorCode][] = [
    ['nothing', [], 'usage'],
    ['an empty file', [file('a.onnx', '')], 'empty-file'],
    ['a web page', [file('a.onnx', '<!doctype html><html>not found</html>')], 'html-page'],
    ['ten models', Array.from({ length: 10 }, (_, i) => file(`m${i}.onnx`, digits)), 'several-models'],
    ['a cut file', [file('a.onnx', digits.slice(0, 1000))], 'truncated'],
    ['two other files', [file('a.txt', 'hello hello hello'), file('b.txt', 'hello')], 'not-onnx'],
  ];
  it.each(refused)('refuses %s and keeps what is open', async (_what, files, code) => {
    const { workshop, id } = await opened();
    expect(await codeOf(() => workshop.open(files, goOn))).toBe(code);
    expect((await workshop.makeVariant(id, NO_STEPS, goOn)).bytes).toBe(digits.length);
  });

  it('refuses what the browser cannot read, such as a folder', async () => {
    const folder = new Blob(['x']);
    folder.arrayBuffer = () => Promise.reject(new Error('NotFoundError'));
    expect(await codeOf(() => makeWorkshop().open([{ path: 'folder', file: folder }], goOn))).toBe(
      'not-a-file',
    );
  });

  it('says that a closed model is closed', async () => {
    const { workshop, id } = await opened();
    workshop.close(id);
    expect(await codeOf(() => workshop.makeVariant(id, NO_STEPS, goOn))).toBe('usage');
  });
});

describe('Workshop with external data', () => {
  let model: Uint8Array<ArrayBuffer>;
  let data: Uint8Array<ArrayBuffer>;
  beforeAll(() => {
    const draft = openDraft(readModel(new MemorySource(digits)));
    const tensor = draft.main.initializers.get('classifier.weight');
    if (tensor?.data.kind !== 'raw') throw new Error('the sample has no classifier.weight');
    const { bytes } = tensor.data;
    const entries = [{ key: 'location', value: 'weights.bin' }];
    draft.main.setInitializer({
      ...tensor,
      data: { kind: 'external', location: 'weights.bin', offset: 0, length: bytes.length, entries, bytes },
    });
    const written = writeModel(draft.finish(), { dataFileName: 'weights.bin' });
    model = concatParts(written.model);
    data = concatParts(written.data[0].parts);
  });

  it('opens both files, from a folder too, and writes both', async () => {
    const workshop = makeWorkshop();
    const files = [file('net/weights.bin', data), file('net/model.onnx', model)];
    const summary = await workshop.open(files, goOn);
    expect(summary).toMatchObject({ fileName: 'model.onnx', externalData: true });
    expect(summary.bytes).toBe(model.length + data.length);
    const same = workshop.files(
      summary.modelId,
      (await workshop.makeVariant(summary.modelId, NO_STEPS, goOn)).variantId,
    );
    expect(same.map(({ name }) => name)).toEqual(['model.pare.onnx', 'weights.bin']);
    expect(Buffer.compare(await bytesOf(same[1].blob), data)).toBe(0);
    const made = await workshop.makeVariant(summary.modelId, PRESETS.sparse50, goOn);
    const total = workshop
      .files(summary.modelId, made.variantId)
      .reduce((sum, { blob }) => sum + blob.size, 0);
    expect(made.bytes).toBe(total);
  });

  it('says which file is missing', async () => {
    expect(await codeOf(() => makeWorkshop().open([file('model.onnx', model)], goOn))).toBe(
      'external-missing',
    );
  });
});
