// A model that keeps its weights in a second file: opened from two dropped files, written back with a second file.
import { unzipSync } from 'fflate';
import { expect, test } from '@playwright/test';
import { asTwoFiles, chain } from './support/made-models.ts';
import { outputsOf } from './support/node-runtime.ts';
import { StudioPage, type DroppedFile } from './support/studio-page.ts';

const WIDTH = 96;
const INPUT = { x: { data: new Float32Array(WIDTH).map((_, i) => Math.sin(i)), dims: [1, WIDTH] } };

/** The files of a download: one zip, or the model alone. */
function filesOf(saved: DroppedFile): Readonly<Record<string, Uint8Array>> {
  return saved.name.endsWith('.zip') ? unzipSync(saved.bytes) : { [saved.name]: saved.bytes };
}

test('model and data file, dropped together, open, shrink and are saved together', async ({ page }) => {
  const files = asTwoFiles('outside.onnx', chain(2, WIDTH));
  expect(files).toHaveLength(2);
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop(files);
  await studio.expectOpen();
  const before = await studio.measured('Size');
  // The size of a model is that of all its files.
  expect(before.value).toBe(files[0].bytes.length + files[1].bytes.length);

  await studio.moveTo(studio.precision, /fp16/);
  await studio.idle();
  await studio.measured('Agreement');
  const saved = filesOf(await studio.saved());
  const names = Object.keys(saved);
  const modelName = names.find((name) => name.endsWith('.onnx'));
  expect(modelName).toBe('outside.pare.onnx');
  const total = Object.values(saved).reduce((sum, bytes) => sum + bytes.length, 0);
  expect(total).toBe((await studio.measured('Size')).value);
  expect(total).toBeLessThan(before.value * 0.6);

  const data = names.filter((name) => name !== modelName).map((name) => ({ name, bytes: saved[name] }));
  const original = await outputsOf(files[0].bytes, INPUT, [files[1]]);
  const smaller = await outputsOf(saved['outside.pare.onnx'], INPUT, data);
  // fp16 weights have a relative error of at most 2⁻¹¹; through two layers of 96 random terms it stays below 4·2⁻¹¹.
  const scale = Math.max(...original.r1.map(Math.abs));
  for (let i = 0; i < WIDTH; i++)
    expect(Math.abs(smaller.r1[i] - original.r1[i])).toBeLessThan(scale * 2 ** -9);
});

test('a model without its data file is refused with the name of what is missing', async ({ page }) => {
  const [model] = asTwoFiles('outside.onnx', chain(2, WIDTH));
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([model]);
  await expect(studio.alert).toHaveAttribute('data-code', 'external-missing');
  await expect(studio.alert).toContainText('outside.onnx.data');
});
