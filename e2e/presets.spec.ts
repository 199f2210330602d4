// Presets and single layers: what a click in the page makes, the command line makes too, byte for byte.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { pare } from './support/cli.ts';
import { SAMPLE_MODEL } from './support/models.ts';
import { StudioPage, fileFrom } from './support/studio-page.ts';

test.describe.configure({ timeout: 400_000 });

const folder = mkdtempSync(join(tmpdir(), 'pare-e2e-'));
const PRESETS = ['fp16', 'int8', 'int4', 'sparse50', 'sparse80', 'int8-sparse80'];

async function fromCommandLine(recipe: string): Promise<Uint8Array> {
  const out = join(folder, 'out.onnx');
  const made = await pare('optimize', SAMPLE_MODEL, '--recipe', recipe, '-o', out, '--json');
  expect(made.status, made.stdout + made.stderr).toBe(0);
  return readFileSync(out);
}

test('every preset: the predicted size is the real one, and the bytes are those of the command line', async ({
  page,
}) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([fileFrom(SAMPLE_MODEL)]);
  await studio.expectOpen();
  await studio.idle();
  const history = await studio.recordKpi('Size');
  for (const preset of PRESETS) {
    await test.step(preset, async () => {
      await page.getByRole('button', { name: preset, exact: true }).click();
      await expect(studio.kpi('Size')).toHaveAttribute('data-source', /predicted|estimated|measured/);
      await studio.idle();
      const { value } = await studio.read('Size');
      const predicted = (await history()).findLast(({ source }) => source === 'predicted');
      expect(predicted?.value).toBe(value);
      const saved = await studio.saved();
      expect(saved.bytes.length).toBe(value);
      expect(Buffer.compare(saved.bytes, await fromCommandLine(preset))).toBe(0);
    });
  }
});

test('one layer kept at full precision: larger by its share, undone by one undo, the same in the command line', async ({
  page,
}) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([fileFrom(SAMPLE_MODEL)]);
  await studio.expectOpen();
  await studio.moveTo(studio.precision, 'int8');
  await studio.idle();
  const all = await studio.read('Size');

  // The largest weight of the model: 256 × 256 × 4 bytes in fp32, a quarter of that in int8.
  const own = page.getByRole('combobox', { name: /^Precision of .*block7\.pointwise/ });
  await own.scrollIntoViewIfNeeded();
  await own.selectOption('fp32');
  await studio.idle();
  const kept = await studio.read('Size');
  expect(kept.value - all.value).toBeGreaterThan(256 * 256 * 3 * 0.9);
  const saved = await studio.saved();
  const recipe = await studio.saved(() => page.getByRole('button', { name: 'Save the recipe' }).click());
  const path = join(folder, 'layer.json');
  writeFileSync(path, recipe.bytes);
  expect(Buffer.compare(saved.bytes, await fromCommandLine(path))).toBe(0);

  await studio.undo.click();
  await studio.idle();
  expect(await studio.read('Size')).toEqual(all);
});
