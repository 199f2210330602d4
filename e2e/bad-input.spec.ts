// Files that are not models: a coded sentence, and what was open stays open with its recipe.
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { badFiles } from './support/bad-files.ts';
import { asFile, chain, chainWithUnknownOperator } from './support/made-models.ts';
import { SAMPLE_MODEL } from './support/models.ts';
import { StudioPage, fileFrom } from './support/studio-page.ts';

const CASES = badFiles({ name: 'digits.onnx', bytes: readFileSync(SAMPLE_MODEL) });

for (const { title, files, codes } of CASES) {
  test(`${title}, dropped on the empty page, is refused with a code and a sentence`, async ({ page }) => {
    const studio = new StudioPage(page);
    await studio.goto();
    await studio.drop(files);
    await expect(studio.alert).toHaveCount(1);
    expect(codes).toContain(await studio.alert.getAttribute('data-code'));
    await expect(studio.alert).toBeVisible();
    // A sentence: what was found and what to do. Three words are the least that could say it.
    expect((await studio.alert.innerText()).trim().split(/\s+/).length).toBeGreaterThan(3);
    await expect(studio.sample).toBeVisible();
  });
}

test('a refused file leaves the open model, its recipe and its numbers as they were', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([asFile('chain.onnx', chain(2, 64))]);
  await studio.expectOpen();
  await studio.moveTo(studio.precision, /int8/);
  await studio.idle();
  const size = await studio.measured('Size');
  for (const { title, files, codes } of CASES) {
    await test.step(title, async () => {
      await studio.drop(files);
      await expect(studio.alertOf(codes)).toBeVisible();
      await expect(studio.precision).toHaveAttribute('aria-valuetext', /int8/);
      expect(await studio.read('Size')).toEqual(size);
    });
  }
  // Still alive: the recipe can be changed and the file saved.
  await studio.moveTo(studio.precision, /fp16/, 'ArrowLeft');
  await studio.idle();
  const saved = await studio.saved();
  expect(saved.bytes.length).toBe((await studio.measured('Size')).value);
});

test('a model that the runtime refuses is compressed all the same, and the page says why it is not measured', async ({
  page,
}) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([asFile('unknown-op.onnx', chainWithUnknownOperator(128))]);
  await studio.expectOpen();
  await studio.moveTo(studio.precision, /int8/);
  await studio.idle();
  const size = await studio.measured('Size');
  // Two 128×128 fp32 matrices are nearly the whole file; in int8 they are a quarter of that.
  expect(size.value).toBeLessThan(size.baseline * 0.5);
  await expect(studio.kpi('Latency')).not.toHaveAttribute('data-source', 'measured');
  await expect(page.getByText(/Whatever/).first()).toBeVisible();
  const saved = await studio.saved();
  expect(saved.bytes.length).toBe(size.value);
});

test('a good model after a bad one opens', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop(CASES[0].files);
  await expect(studio.alert).toBeVisible();
  await studio.drop([fileFrom(SAMPLE_MODEL)]);
  await studio.expectOpen();
});
