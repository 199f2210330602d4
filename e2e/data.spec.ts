// The user's own data: dropped, fitted by trying, measured, explained; and all of it there again after a reload.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { violations } from './support/axe.ts';
import { pare } from './support/cli.ts';
import { DataPart } from './support/data-part.ts';
import { digit, digitsWithGroups, digitsZip, greyPng } from './support/made-data.ts';
import { SAMPLE_MODEL } from './support/models.ts';
import { StudioPage, fileFrom } from './support/studio-page.ts';

test.describe.configure({ timeout: 300_000 });

const folder = mkdtempSync(join(tmpdir(), 'pare-data-'));
const COUNT = 400;

test('model, zip, proposal, goal, measure, reload: everything is there, and the command line agrees', async ({
  page,
}) => {
  const studio = new StudioPage(page);
  const data = new DataPart(page);
  const zip = digitsZip(COUNT);
  await studio.goto();
  await studio.drop([fileFrom(SAMPLE_MODEL)]);
  await studio.expectOpen();
  await data.add([zip]);
  expect(await data.proposed()).toMatch(/\d+(\.\d)? % with .*, on \d+ /);
  expect(await violations(page), 'proposed').toEqual([]);
  await data.accept();

  await page.getByRole('button', { name: 'Set a goal' }).click();
  await page.getByLabel(/^Loses at most/).fill('1');
  await page.getByRole('button', { name: 'Set goal', exact: true }).click();
  const goal = page.getByRole('region', { name: 'Goal', exact: true });
  await expect(goal).toContainText('1 pt');

  await studio.moveTo(studio.precision, 'fp16');
  await studio.idle();
  const first = await studio.measured('Accuracy');
  await data.measure.click();
  await studio.idle();
  // Measuring again gives the same accuracy: the same samples, the same files.
  expect(await studio.measured('Accuracy')).toEqual(first);
  const shown = await data.accuracy();
  expect(shown.n).toBe(COUNT);
  expect(shown.baseline).toBeGreaterThan(0.9);
  expect(shown.low).toBeLessThanOrEqual(shown.value - shown.baseline);
  expect(shown.high).toBeGreaterThanOrEqual(shown.value - shown.baseline);

  await expect(page.getByText('Saved in this browser')).toBeVisible({ timeout: 60_000 });
  const before = await studio.saved();
  const config = await studio.saved(() => data.card.getByRole('button', { name: /^Save/ }).first().click());

  await page.reload();
  await studio.expectOpen();
  await studio.idle();
  expect(await data.accuracy()).toEqual(shown);
  await expect(goal).toContainText('1 pt');
  await expect(studio.precision).toHaveAttribute('aria-valuetext', 'fp16');
  await expect(data.card).toContainText(`${COUNT} images`);
  // The variant's bytes were not kept: the recipe makes them again.
  const after = await studio.saved();
  expect(Buffer.compare(Buffer.from(after.bytes), Buffer.from(before.bytes))).toBe(0);

  for (const file of [zip, after, config]) writeFileSync(join(folder, file.name), file.bytes);
  const run = await pare(
    'measure',
    join(folder, after.name),
    '--against',
    SAMPLE_MODEL,
    '--data',
    join(folder, zip.name),
    '--data-config',
    join(folder, config.name),
    '--budget',
    '1',
    '--json',
  );
  expect(run.status, run.stdout + run.stderr).toBe(0);
  const { accuracy } = JSON.parse(run.stdout) as { accuracy: Record<string, unknown> };
  expect(accuracy).toMatchObject({
    source: 'measured',
    metric: 'top1',
    value: shown.value,
    baseline: shown.baseline,
    low: shown.low,
    high: shown.high,
    n: COUNT,
  });
});

test('what changed: groups of the labels file, classes, changed predictions', async ({ page }) => {
  const studio = new StudioPage(page);
  const data = new DataPart(page);
  await studio.goto();
  await studio.drop([fileFrom(SAMPLE_MODEL), digitsWithGroups(300)]);
  await studio.expectOpen();
  await data.accept();
  // Harsh enough to change some predictions.
  await studio.moveTo(studio.precision, 'int4');
  await studio.moveTo(studio.sparsity, '80 %');
  await studio.idle();
  await studio.measured('Accuracy');
  const reading = await data.accuracy();
  expect(reading.value).toBeLessThan(reading.baseline);

  await data.tab('Per class').click();
  await expect(page.getByRole('tabpanel')).toContainText(/n\b/i);
  await page.getByRole('combobox', { name: /group|by/i }).selectOption({ label: 'writer' });
  await expect(page.getByRole('tabpanel')).toContainText('left-handed');
  expect(await violations(page), 'per class').toEqual([]);

  await data.tab('Predictions').click();
  const lost = Math.round((reading.baseline - reading.value) * reading.n);
  await expect(page.getByRole('tabpanel')).toContainText(/lost/i);
  await expect(page.getByRole('tabpanel').locator('canvas').first()).toBeVisible();
  expect(lost).toBeGreaterThan(0);
  expect(await violations(page), 'predictions').toEqual([]);

  await data.tab('Profile').click();
  await page.getByRole('button', { name: /^Profile/ }).click();
  await expect(page.getByRole('tabpanel')).toContainText('Conv', { timeout: 90_000 });
  expect(await violations(page), 'profile').toEqual([]);
  const trace = await studio.saved(() => page.getByRole('button', { name: /trace/i }).click());
  const { traceEvents } = JSON.parse(Buffer.from(trace.bytes).toString('utf8')) as {
    traceEvents: { ph: string; ts?: number; dur?: number }[];
  };
  expect(traceEvents.filter(({ ph }) => ph === 'X').length).toBeGreaterThan(10);
});

test('a set with broken files: each is named, the rest is measured', async ({ page }) => {
  const studio = new StudioPage(page);
  const data = new DataPart(page);
  const png = greyPng(digit(0), 28, 28);
  const zip = digitsZip(60, {
    'digits/3/cut.png': png.slice(0, png.length >> 1),
    'digits/4/not-a-picture.png': new TextEncoder().encode('<!doctype html><p>Not found'),
    'digits/notes.md': new TextEncoder().encode('hello'),
  });
  await studio.goto();
  await studio.drop([fileFrom(SAMPLE_MODEL)]);
  await studio.expectOpen();
  await data.add([zip]);
  await data.accept();
  await studio.idle();
  await studio.measured('Accuracy');
  expect((await data.accuracy()).n).toBe(60);
  await data.tab('Per class').click();
  await expect(page.getByRole('tabpanel')).toContainText('cut.png');
  await expect(page.getByRole('tabpanel')).toContainText('not-a-picture.png');
});

for (const [title, file] of [
  ['a text named .zip', { name: 'a.zip', bytes: new TextEncoder().encode('this is no zip') }],
  ['an empty file', { name: 'a.npz', bytes: new Uint8Array() }],
] as const) {
  test(`${title} as data is refused in one sentence, and the model stays`, async ({ page }) => {
    const studio = new StudioPage(page);
    const data = new DataPart(page);
    await studio.goto();
    await studio.drop([fileFrom(SAMPLE_MODEL)]);
    await studio.expectOpen();
    await data.add([file]);
    await expect(studio.alert).toBeVisible();
    expect((await studio.alert.innerText()).trim().split(/\s+/).length).toBeGreaterThan(3);
    await expect(studio.precision).toBeEnabled();
  });
}

test('keyboard alone: proposal, goal, measure, tabs', async ({ page }) => {
  const studio = new StudioPage(page);
  const data = new DataPart(page);
  await studio.goto();
  await studio.drop([fileFrom(SAMPLE_MODEL)]);
  await studio.expectOpen();
  await data.add([digitsZip(100)]);
  await data.proposed();
  const press = async (name: string): Promise<void> => {
    await page.getByRole('button', { name, exact: true }).first().focus();
    await page.keyboard.press('Enter');
  };
  await press('Use this');
  await press('Set a goal');
  // The form takes the focus, and gives it back.
  await expect(page.locator('select:focus')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Set a goal' })).toBeFocused();
  await studio.idle();
  await press('Measure');
  await studio.idle();
  await data.tab('Layers').focus();
  for (const name of ['Graph', 'Profile', 'Predictions', 'Per class', 'History']) {
    await page.keyboard.press('ArrowRight');
    await expect(data.tab(name)).toHaveAttribute('aria-selected', 'true');
  }
});

test('nothing is requested while data is used', async ({ page, context }) => {
  const studio = new StudioPage(page);
  const data = new DataPart(page);
  await studio.goto();
  await page.waitForLoadState('networkidle');
  await studio.drop([fileFrom(SAMPLE_MODEL)]);
  await studio.expectOpen();
  await studio.idle();
  await context.setOffline(true);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith('blob:')) asked.push(request.url());
  });
  await data.add([digitsZip(100)]);
  await data.accept();
  await studio.idle();
  await studio.measured('Accuracy');
  expect(asked).toEqual([]);
});
