// Other ways in and out: the file input, a whole folder, and recipes as files.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { asFile, asTwoFiles, chain } from './support/made-models.ts';
import { StudioPage } from './support/studio-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'pare-e2e-'));

test('the file input opens a model, and another one after it', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.goto();
  for (const [name, width] of [
    ['first.onnx', 64],
    ['second.onnx', 96],
  ] as const) {
    const { bytes } = asFile(name, chain(2, width));
    const path = join(folder, name);
    writeFileSync(path, bytes);
    await page.getByLabel('Open a model', { exact: true }).setInputFiles(path);
    await expect(page.getByText(name).first()).toBeVisible();
    await studio.expectOpen();
    await studio.idle();
    expect((await studio.read('Size')).value).toBe(bytes.length);
  }
});

test('a folder with a model and its data file opens', async ({ page }) => {
  const inside = join(folder, 'with-data');
  mkdirSync(inside);
  const files = asTwoFiles('outside.onnx', chain(2, 64));
  for (const { name, bytes } of files) writeFileSync(join(inside, name), bytes);
  writeFileSync(join(inside, 'README.txt'), 'Not a model.\n');
  const studio = new StudioPage(page);
  await studio.goto();
  await page.getByLabel('Open a folder', { exact: true }).setInputFiles(inside);
  await studio.expectOpen();
  await studio.idle();
  expect((await studio.read('Size')).value).toBe(files[0].bytes.length + files[1].bytes.length);
});

test('a recipe saved as a file gives the same variant when it is opened again', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([asFile('chain.onnx', chain(2, 64))]);
  await studio.expectOpen();
  await studio.moveTo(studio.precision, 'int4');
  await studio.moveTo(studio.sparsity, '60 %');
  await studio.idle();
  const first = await studio.saved();
  const recipe = await studio.saved(() => page.getByRole('button', { name: 'Save the recipe' }).click());
  expect(JSON.parse(Buffer.from(recipe.bytes).toString())).toMatchObject({
    format: 'pare-recipe',
    version: 1,
  });

  await page.getByRole('button', { name: /^(Start over|Reset)/ }).click();
  await expect(studio.precision).toHaveAttribute('aria-valuetext', 'fp32');
  const path = join(folder, recipe.name);
  writeFileSync(path, recipe.bytes);
  await page.getByLabel('Open a recipe', { exact: true }).setInputFiles(path);
  await expect(studio.precision).toHaveAttribute('aria-valuetext', 'int4');
  await expect(studio.sparsity).toHaveAttribute('aria-valuetext', '60 %');
  await studio.idle();
  expect(Buffer.compare((await studio.saved()).bytes, first.bytes)).toBe(0);
});

test('a recipe that is none is refused, and the present one stays', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([asFile('chain.onnx', chain(2, 64))]);
  await studio.expectOpen();
  await studio.moveTo(studio.precision, 'int8');
  await page.getByLabel('Open a recipe', { exact: true }).setInputFiles({
    name: 'shopping.json',
    mimeType: 'application/json',
    buffer: Buffer.from('{"milk": 2}'),
  });
  await expect(studio.alert).toHaveAttribute('data-code', 'recipe-invalid');
  await expect(studio.precision).toHaveAttribute('aria-valuetext', 'int8');
});
