/**
 * Runs a digit model in onnxruntime-web (Node) on the held-out digits. It must not know how the model was made.
 */
import { InferenceSession, Tensor, env } from 'onnxruntime-web/wasm';
import { CLASSES, PIXELS, SIDE, copyImage, type Digits } from './dataset.ts';

const BATCH = 100;

/** Predicted classes of all digits, in order. */
export async function predict(
  model: Uint8Array,
  digits: Digits,
  input: string,
  output: string,
): Promise<Uint8Array> {
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(model);
  const count = digits.labels.length;
  const predicted = new Uint8Array(count);
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from);
    const images = new Float32Array(size * PIXELS);
    for (let i = 0; i < size; i++) copyImage(images, i * PIXELS, digits, from + i);
    const feeds = { [input]: new Tensor('float32', images, [size, 1, SIDE, SIDE]) };
    const logits = (await session.run(feeds))[output].data as Float32Array;
    for (let i = 0; i < size; i++) {
      const row = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
      predicted[from + i] = row.indexOf(Math.max(...row));
    }
  }
  await session.release();
  return predicted;
}

/** Share of digits named rightly. */
export function accuracy(predicted: Uint8Array, digits: Digits): number {
  let right = 0;
  predicted.forEach((c, i) => {
    if (c === digits.labels[i]) right++;
  });
  return right / digits.labels.length;
}
