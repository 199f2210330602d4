// The exported graph computes what the trainer computes; the published files agree with each other.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor, env } from 'onnxruntime-web/wasm';
import { expect, test } from 'vitest';
import { concatParts } from '../../src/core/bytes/spans.ts';
import { writeModel } from '../../src/core/onnx/write.ts';
import { PIXELS, readDigits, split, unpackDigits } from './dataset.ts';
import { accuracy, predict } from './evaluate.ts';
import { DIGITS_PLAN, createNetwork } from './network.ts';
import type { SampleDescription } from './publish.ts';
import { seededRandom } from './random.ts';
import { INPUT_NAME, OUTPUT_NAME, toOnnx } from './to-onnx.ts';

env.wasm.numThreads = 1;
/** 1,500 images through onnxruntime on a machine that may be busy with other suites; nothing here is timed. */
const LIMIT_MILLIS = 120_000;
const FOLDER = join(import.meta.dirname, '..', '..', 'public', 'samples', 'digits');

test(
  'an untrained network gives the same logits here and in onnxruntime',
  { timeout: LIMIT_MILLIS },
  async () => {
    const batch = 3;
    const random = seededRandom(7);
    const network = createNetwork(DIGITS_PLAN, { batch, floats: (n) => new Float32Array(n), random });
    const images = new Float32Array(batch * PIXELS).map(() => random.uniform());
    // Two training passes move the running statistics away from their start, so that their export counts.
    network.forward(images, true);
    network.forward(images, true);
    const own = Float32Array.from(network.forward(images, false));
    const session = await InferenceSession.create(concatParts(writeModel(toOnnx(network, '')).model));
    const feeds = { [INPUT_NAME]: new Tensor('float32', images, [batch, 1, 28, 28]) };
    const theirs = (await session.run(feeds))[OUTPUT_NAME].data as Float32Array;
    // Float32 sums of at most 256 terms through 15 convolutions: a relative error of about 15·√256·2⁻²⁴ = 1.4e-5 of the
    // largest logit; ten times that for cancellation.
    const largest = Math.max(...own.map(Math.abs));
    for (let image = 0; image < batch; image++) {
      for (let c = 0; c < 10; c++) {
        const difference = Math.abs(theirs[image * 10 + c] - own[c * batch + image]);
        expect(difference).toBeLessThan(1.4e-4 * largest);
      }
    }
  },
);

test(
  'the published model has the published accuracy on the published digits, which the trainer never saw',
  { timeout: LIMIT_MILLIS },
  async () => {
    const description = JSON.parse(readFileSync(join(FOLDER, 'digits.json'), 'utf8')) as SampleDescription;
    const heldOut = unpackDigits(readFileSync(join(FOLDER, description.data)), description.count);
    const model = readFileSync(join(FOLDER, description.model));
    expect(heldOut.labels.length).toBeGreaterThanOrEqual(1000);
    const measured = accuracy(await predict(model, heldOut, description.input, description.output), heldOut);
    expect(measured).toBe(description.fp32Accuracy);
    expect(measured).toBeGreaterThanOrEqual(0.98);
    const again = split(readDigits(), description.count, seededRandom(description.seed)).heldOut;
    expect(Buffer.compare(again.images, heldOut.images)).toBe(0);
    expect(Buffer.compare(again.labels, heldOut.labels)).toBe(0);
  },
);
