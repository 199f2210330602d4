// The one path that everything hangs on: open, move sliders, read the cost, undo, save; and the saved file keeps what
// the page said of it.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { unpackDigits } from '../scripts/sample/dataset.ts';
import { accuracy, predict } from '../scripts/sample/evaluate.ts';
import type { SampleDescription } from '../scripts/sample/publish.ts';
import { cosineOutside } from './support/agreement.ts';
import { pare } from './support/cli.ts';
import {
  OCR_CLASSIFIER,
  OCR_DETECTOR,
  OCR_RECOGNIZER,
  SAMPLE_FOLDER,
  SAMPLE_MODEL,
  SILERO,
} from './support/models.ts';
import { StudioPage, fileFrom, type DroppedFile } from './support/studio-page.ts';

/** A model of several megabytes is measured twice, in the page and outside; on a busy machine that takes minutes. */
test.describe.configure({ timeout: 400_000 });

const folder = mkdtempSync(join(tmpdir(), 'pare-e2e-'));
const SAMPLE = JSON.parse(readFileSync(join(SAMPLE_FOLDER, 'digits.json'), 'utf8')) as SampleDescription;
const HELD_OUT = unpackDigits(readFileSync(join(SAMPLE_FOLDER, SAMPLE.data)), SAMPLE.count);

function keep(file: DroppedFile): string {
  const path = join(folder, file.name);
  writeFileSync(path, file.bytes);
  return path;
}

/** The page's recipe, saved as a file. */
async function savedRecipe(studio: StudioPage, page: Page): Promise<string> {
  return keep(await studio.saved(() => page.getByRole('button', { name: 'Save the recipe' }).click()));
}

/** What the page offers and what the command line makes of the same model and recipe are the same bytes. */
async function expectSameAsCommandLine(model: string, recipe: string, fromPage: Uint8Array): Promise<void> {
  const out = join(folder, 'from-cli.onnx');
  const made = await pare('optimize', model, '--recipe', recipe, '-o', out, '--json');
  expect(made.status, made.stdout + made.stderr).toBe(0);
  expect(Buffer.compare(readFileSync(out), fromPage)).toBe(0);
}

test('the sample: both sliders, exact prediction, undo and redo, download, the same accuracy outside', async ({
  page,
}) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.sample.click();
  await studio.expectOpen();
  const original = readFileSync(SAMPLE_MODEL);
  expect(await studio.measured('Size')).toEqual({
    value: original.length,
    baseline: original.length,
    unit: 'B',
    source: 'measured',
  });
  const untouched = await studio.measured('Accuracy');
  expect(untouched).toMatchObject({ value: SAMPLE.fp32Accuracy, unit: 'fraction' });

  const history = await studio.recordKpi('Size');
  // Half floats look at no samples: the accuracy is that of all of them, and the command line needs none either.
  await studio.moveTo(studio.precision, 'fp16');
  await studio.moveTo(studio.sparsity, '50 %');
  await studio.idle();
  const size = await studio.measured('Size');
  expect(size.value).toBeLessThan(original.length / 3);
  // The number shown before the variant was made is, to the byte, the number after.
  const predicted = (await history()).filter(({ source }) => source === 'predicted');
  expect(predicted.length).toBeGreaterThan(0);
  expect(predicted.at(-1)?.value).toBe(size.value);
  const shown = await studio.measured('Accuracy');
  const latency = await studio.measured('Latency');
  expect(latency.unit).toBe('ms');
  expect(latency.value).toBeGreaterThan(0);
  expect(latency.baseline).toBeGreaterThan(0);

  await studio.undo.click();
  await expect(studio.sparsity).not.toHaveAttribute('aria-valuetext', '50 %');
  await studio.redo.click();
  await expect(studio.sparsity).toHaveAttribute('aria-valuetext', '50 %');
  await page.keyboard.press('ControlOrMeta+z');
  await expect(studio.sparsity).not.toHaveAttribute('aria-valuetext', '50 %');
  await page.keyboard.press('ControlOrMeta+Shift+z');
  await expect(studio.sparsity).toHaveAttribute('aria-valuetext', '50 %');
  await studio.idle();
  expect((await studio.measured('Size')).value).toBe(size.value);

  const saved = await studio.saved();
  expect(saved.name).toBe('digits.pare.onnx');
  expect(saved.bytes.length).toBe(size.value);
  const outside = accuracy(await predict(saved.bytes, HELD_OUT, SAMPLE.input, SAMPLE.output), HELD_OUT);
  // The same WebAssembly on the same pixels. Threads may split sums differently, which can turn a near tie: one digit.
  expect(Math.abs(outside - shown.value)).toBeLessThanOrEqual(1 / SAMPLE.count + 1e-9);
  await expectSameAsCommandLine(SAMPLE_MODEL, await savedRecipe(studio, page), saved.bytes);
});

for (const path of [SILERO, OCR_CLASSIFIER, OCR_DETECTOR]) {
  const file = fileFrom(path);
  test(`${file.name} from npm, by drag and drop: shrinks, agrees, and the saved file says so too`, async ({
    page,
  }) => {
    const studio = new StudioPage(page);
    await studio.goto();
    await studio.drop([file]);
    await studio.expectOpen();
    expect((await studio.measured('Size')).value).toBe(file.bytes.length);

    await studio.moveTo(studio.precision, 'int8');
    await studio.idle();
    const size = await studio.measured('Size');
    expect(size.value).toBeLessThan(size.baseline);
    const shown = await studio.measured('Agreement');
    // Labelled for what it is.
    await expect(studio.kpi('Agreement')).toContainText(/synthetic/i);

    const saved = await studio.saved();
    expect(saved.bytes.length).toBe(size.value);
    // A slow machine measures fewer inputs in the time it has; the card says how many.
    const card = await studio.kpi('Agreement').innerText();
    const samples = Number(/(\d+) synthetic/.exec(card)?.[1]);
    expect(samples).toBeGreaterThan(0);
    const outside = await cosineOutside(file.bytes, saved.bytes, samples, await studio.threads());
    // Same seed, same inputs, same WebAssembly, same threads: the same sums. 1e-9 is the rounding of the attribute's text.
    expect(Math.abs(outside - shown.value)).toBeLessThan(1e-9);
    await expectSameAsCommandLine(path, await savedRecipe(studio, page), saved.bytes);
  });
}

test('without a step the saved file is the dropped file, byte for byte', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.goto();
  const file = fileFrom(OCR_RECOGNIZER);
  await studio.drop([file]);
  await studio.expectOpen();
  expect(Buffer.compare((await studio.saved()).bytes, file.bytes)).toBe(0);
});
