/** Writes public/samples/digits: the model, the held-out digits and their description. It must not know training. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatParts } from '../../src/core/bytes/spans.ts';
import { writeModel } from '../../src/core/onnx/write.ts';
import { CLASSES, SIDE, packDigits, type Digits } from './dataset.ts';
import { accuracy, predict } from './evaluate.ts';
import type { Network } from './network.ts';
import { INPUT_NAME, OUTPUT_NAME, toOnnx } from './to-onnx.ts';

/** digits.json; its shape is documented in docs/sample.md. */
export interface SampleDescription {
  readonly name: string;
  readonly model: string;
  readonly data: string;
  readonly count: number;
  readonly dims: readonly number[];
  readonly classes: number;
  readonly input: string;
  readonly output: string;
  readonly layout: string;
  readonly scale: number;
  readonly fp32Accuracy: number;
  readonly seed: number;
}

export async function publish(
  folder: string,
  network: Network,
  heldOut: Digits,
  seed: number,
): Promise<SampleDescription> {
  const model = toOnnx(
    network,
    `Handwritten digits 0-9, 28x28, ink = 1. Trained by scripts/sample, seed ${seed}.`,
  );
  const bytes = concatParts(writeModel(model).model);
  const fp32Accuracy = accuracy(await predict(bytes, heldOut, INPUT_NAME, OUTPUT_NAME), heldOut);
  const description: SampleDescription = {
    name: 'Digits',
    model: 'digits.onnx',
    data: 'heldout.bin',
    count: heldOut.labels.length,
    dims: [1, SIDE, SIDE],
    classes: CLASSES,
    input: INPUT_NAME,
    output: OUTPUT_NAME,
    layout: 'count*784 uint8 pixels then count uint8 labels',
    scale: 1 / 255,
    fp32Accuracy,
    seed,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, description.model), bytes);
  writeFileSync(join(folder, description.data), packDigits(heldOut));
  writeFileSync(join(folder, 'digits.json'), `${JSON.stringify(description, null, 2)}\n`);
  return description;
}
