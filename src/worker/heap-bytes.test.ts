import { expect, it } from 'vitest';
import { concatParts } from '../core/bytes/spans.ts';
import type { ByteSource } from '../core/bytes/source.ts';
import { node } from '../core/onnx/build.ts';
import { openDraft } from '../core/onnx/draft.ts';
import { readModel } from '../core/onnx/read.ts';
import { writeModel } from '../core/onnx/write.ts';
import { applyRecipe } from '../core/passes/manager.ts';
import { oneWeight, testContext, weight } from '../core/testing/weight-models.ts';
import { heapBytes } from './heap-bytes.ts';

const bytes = concatParts(
  writeModel(oneWeight({ tensor: weight('w', [16, 32]), consumer: node('MatMul', ['x', 'w'], ['y']) })).model,
);
/** As a worker holds it: no buffer that would count. */
const file: ByteSource = { size: bytes.length, read: (at, length) => bytes.subarray(at, at + length) };
const ELEMENTS = 512;
const int8 = { seed: 1, steps: [{ pass: 'quantize-weights', params: { precision: 'int8' } }] };

it('counts codes and scales, not the file', async () => {
  const model = readModel(file);
  expect(heapBytes(model)).toBe(0);
  const { logical } = await applyRecipe(model, int8, testContext());
  // One scale an output channel.
  expect(heapBytes(logical)).toBe(ELEMENTS + 32 * Float32Array.BYTES_PER_ELEMENT);
});

it('counts the floats that a weight was encoded from when a step has made them', async () => {
  const draft = openDraft(readModel(file));
  draft.main.setInitializer(weight('w', [16, 32], 2));
  const made = draft.finish();
  const { logical } = await applyRecipe(made, int8, testContext());
  const own = ELEMENTS + 32 * Float32Array.BYTES_PER_ELEMENT;
  expect(heapBytes(logical)).toBe(Float32Array.BYTES_PER_ELEMENT * ELEMENTS + own);
  expect(heapBytes(logical, [made])).toBe(own);
});
