// One layer that 8 bits cannot hold: measured, found, repaired with one click, measured again, saved, and run elsewhere.
import { expect, test, type Locator, type Page } from '@playwright/test';
import { unpackDigits } from '../scripts/sample/dataset.ts';
import { accuracy, predict } from '../scripts/sample/evaluate.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { violations } from './support/axe.ts';
import { DataPart } from './support/data-part.ts';
import { digitsZip, HELD_OUT, SAMPLE } from './support/made-data.ts';
import { SAMPLE_FOLDER, SAMPLE_MODEL } from './support/models.ts';
import { GUILTY, plantedModel } from './support/planted-layer.ts';
import { StudioPage } from './support/studio-page.ts';

test.describe.configure({ timeout: 400_000 });

const COUNT = 500;
const planted = plantedModel();

const table = (page: Page): Locator => page.getByRole('region', { name: 'Layers, scrollable' });
const card = (page: Page): Locator => page.getByRole('region', { name: 'Layer', exact: true });

/** Presses the button and waits for the heat-map. */
async function findGuilty(page: Page, studio: StudioPage): Promise<void> {
  await page.getByRole('button', { name: 'Find the guilty layer' }).click();
  await expect(table(page).locator('[data-damage]').first()).toBeVisible({ timeout: 180_000 });
  await studio.idle();
}

test('a planted bad layer: heat-map, cause, one click, measured recovery, undo, download, the same in onnxruntime', async ({
  page,
}) => {
  // In floats the planted model is the sample: same answer for every digit.
  const before = await predict(planted.bytes, HELD_OUT, SAMPLE.input, SAMPLE.output);
  const sample = await predict(readFileSync(SAMPLE_MODEL), HELD_OUT, SAMPLE.input, SAMPLE.output);
  expect(Buffer.compare(before, sample)).toBe(0);

  const studio = new StudioPage(page);
  const data = new DataPart(page);
  await studio.goto();
  await studio.drop([planted, digitsZip(COUNT)]);
  await studio.expectOpen();
  await data.accept();
  await page.getByRole('button', { name: 'int8', exact: true }).click();
  await studio.idle();
  const small = (await studio.read('Size')).value;

  await findGuilty(page, studio);
  // Read now: looking for the guilty layer has set samples aside, and what was evaluated before counts them too.
  const broken = await studio.measured('Accuracy');
  expect(broken.baseline).toBeGreaterThan(0.9);
  expect(broken.value).toBeLessThan(0.6);
  // First in the table, named in a sentence, and chosen.
  const first = table(page).getByRole('row').nth(1);
  await expect(first.getByRole('rowheader')).toContainText(GUILTY);
  await expect(page.getByText(new RegExp(`^${GUILTY}.* is guilty`))).toBeVisible();
  await expect(card(page).getByRole('heading', { level: 2 })).toContainText(GUILTY);
  const damages = await table(page)
    .locator('[data-option="int8"]')
    .evaluateAll((cells) =>
      cells.map((cell) => ({
        damage: Number(cell.getAttribute('data-damage')),
        source: cell.getAttribute('data-source'),
      })),
    );
  expect(damages.length).toBeGreaterThan(10);
  expect(damages.every(({ source }) => source === 'measured')).toBe(true);
  expect(damages.slice(1).every(({ damage }) => damage < damages[0].damage / 10)).toBe(true);
  // The cause in words: one input channel is scaled up by 4096; rows have other magnitudes, so not exactly that.
  await expect(card(page).locator('[data-cause="channel-ranges"]').first()).toContainText(/times|factor/);
  expect(await violations(page), 'heat-map').toEqual([]);

  const fixes = card(page).getByRole('list', { name: 'Fixes' }).getByRole('listitem');
  await expect(fixes.first()).toContainText(/predicted: removes (all|over 99 %|\d+ %) of the damage/);
  const label = await fixes.first().getByRole('button').innerText();
  await fixes.first().getByRole('button').click();
  await studio.idle();
  const outcome = card(page).locator('.fix-outcome');
  await expect(outcome).toHaveAttribute('data-state', 'measured', { timeout: 90_000 });
  await expect(outcome).toContainText(label);
  const repaired = await studio.measured('Accuracy');
  // What is left of the loss is less than a tenth of it.
  expect(repaired.baseline - repaired.value).toBeLessThan((broken.baseline - broken.value) / 10);
  // The gain beside the promise is the difference of the two accuracies that the page showed.
  const gain = Number(await outcome.locator('[data-gain]').getAttribute('data-gain'));
  expect(gain).toBeCloseTo(repaired.value - broken.value, 9);

  await studio.undo.click();
  await studio.idle();
  expect((await studio.read('Size')).value).toBe(small);
  expect((await studio.measured('Accuracy')).value).toBe(broken.value);
  await studio.redo.click();
  await studio.idle();
  expect((await studio.measured('Accuracy')).value).toBe(repaired.value);

  // The saved file, run outside of the page on all held-out digits: as good as the page said, on more samples.
  const saved = await studio.saved();
  expect(saved.bytes.length).toBe((await studio.read('Size')).value);
  const digits = unpackDigits(readFileSync(join(SAMPLE_FOLDER, SAMPLE.data)), SAMPLE.count);
  const outside = await predict(saved.bytes, digits, SAMPLE.input, SAMPLE.output);
  const shown = await data.accuracy();
  // The page evaluated a part of these digits. Of the answers on all of them, that part's accuracy is known within the
  // binomial error of a part of that size: four standard errors at 2 % mistakes are 4 · √(0.02 · 0.98 / 400) = 0.028.
  expect(shown.n).toBeGreaterThanOrEqual(300);
  expect(Math.abs(accuracy(outside, digits) - shown.value)).toBeLessThan(0.028);
});

test('the measurement can be stopped, and without data it says what it was made on', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([planted]);
  await studio.expectOpen();
  await studio.idle();
  await page.getByRole('button', { name: 'Find the guilty layer' }).click();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await studio.idle();
  await expect(table(page).locator('[data-damage]')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Find the guilty layer' })).toBeEnabled();

  await findGuilty(page, studio);
  await expect(page.getByText(/made-up inputs: your own data may answer differently/)).toBeVisible();
});

test('the graph: drawn, walked by keys, coloured, as a list; the chosen layer is chosen everywhere', async ({
  page,
}) => {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([planted]);
  await studio.expectOpen();
  await studio.idle();
  await page.getByRole('tab', { name: 'Graph' }).click();
  const drawing = page.getByRole('application', { name: /^Graph, \d+ nodes/ });
  await expect(drawing).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/laid out in/)).toBeVisible();
  // Something was painted: not one colour.
  const colours = await drawing.evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const pixels = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data;
    return new Set(new Uint32Array(pixels?.buffer ?? new ArrayBuffer(0))).size;
  });
  expect(colours).toBeGreaterThan(10);

  // Wheel and drag move the drawing.
  const picture = (): Promise<string> =>
    drawing.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  await drawing.hover();
  let seen = await picture();
  await page.mouse.wheel(0, 300);
  await expect.poll(picture).not.toBe(seen);
  seen = await picture();
  await page.mouse.down();
  await page.mouse.move(500, 500, { steps: 4 });
  await page.mouse.up();
  await expect.poll(picture).not.toBe(seen);

  await drawing.focus();
  await page.keyboard.press('Home');
  const said = page.locator('.graph-frame').getByRole('status');
  await expect(said).toContainText('input image');
  // Input, then the first convolution, whose layer Enter chooses.
  await page.keyboard.press('ArrowDown');
  await expect(said).toContainText('stem');
  await page.keyboard.press('Enter');
  await expect(card(page).getByRole('heading', { level: 2 })).toContainText('stem');
  await page.keyboard.press('ArrowUp');
  await expect(said).toContainText('input image');
  for (const key of ['+', '-', '0', 'Shift+ArrowDown', 'End']) await page.keyboard.press(key);
  await expect(said).toContainText('output logits');
  expect(await violations(page), 'drawing').toEqual([]);

  await page.getByRole('radiogroup', { name: 'Form' }).getByText('List').click();
  const list = page.getByRole('region', { name: 'Nodes, scrollable' });
  await list.getByRole('button', { name: new RegExp(GUILTY) }).click();
  await expect(card(page).getByRole('heading', { level: 2 })).toContainText(GUILTY);
  expect(await violations(page), 'list').toEqual([]);
  await page.getByRole('tab', { name: /^Layers/ }).click();
  await expect(table(page).getByRole('button', { name: new RegExp(GUILTY), pressed: true })).toBeVisible();
  expect(faults).toEqual([]);
});
