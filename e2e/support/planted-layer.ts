/**
 * The sample with one layer that no 8-bit grid can hold: one channel before a pointwise convolution is scaled down by a
 * power of two, and the weights that read it are scaled up by the same. In floats nothing changes, to the last bit: a
 * power of two only moves exponents, and Relu lets a positive factor through. It must not know the page.
 */
import { readFileSync } from 'node:fs';
import { MemorySource } from '../../src/core/bytes/spans.ts';
import { concatParts } from '../../src/core/bytes/spans.ts';
import { floatTensor } from '../../src/core/onnx/build.ts';
import { openDraft } from '../../src/core/onnx/draft.ts';
import { readModel } from '../../src/core/onnx/read.ts';
import { readWeight } from '../../src/core/onnx/weights.ts';
import { writeModel } from '../../src/core/onnx/write.ts';
import { SAMPLE_MODEL } from './models.ts';
import type { DroppedFile } from './studio-page.ts';

/** The convolution that becomes the guilty one. */
export const GUILTY = 'block4.pointwise';
const BEFORE = 'block4.depthwise';
const CHANNEL = 5;
/** Every row's largest weight is then 4096 times its usual one: of the 7 bits of a code none is left for the others. */
const FACTOR = 4096;

export function plantedModel(): DroppedFile {
  const model = readModel(new MemorySource(new Uint8Array(readFileSync(SAMPLE_MODEL))));
  const draft = openDraft(model);
  const change = (name: string, scale: (value: number, index: readonly number[]) => number): void => {
    const tensor = draft.main.initializers.get(name);
    const values = tensor === undefined ? undefined : readWeight(tensor);
    if (tensor === undefined || values === undefined) throw new Error(`the sample has no ${name}`);
    const [, inner = 1] = tensor.dims;
    const changed = values.map((value, i) => scale(value, [Math.floor(i / inner), i % inner]));
    draft.main.setInitializer(floatTensor(name, tensor.dims, changed));
  };
  // Scale and bias of the normalization are what its output is linear in.
  for (const part of ['scale', 'bias']) {
    change(`${BEFORE}.norm.${part}`, (value, [channel]) => (channel === CHANNEL ? value / FACTOR : value));
  }
  // [outputs, inputs, 1, 1].
  change(`${GUILTY}.weight`, (value, [, input]) => (input === CHANNEL ? value * FACTOR : value));
  return { name: 'planted.onnx', bytes: concatParts(writeModel(draft.finish()).model) };
}
