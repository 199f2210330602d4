/**
 * Takes docs/screenshots: every state of the page at two widths, light and dark, from the built page and real work.
 * `npx tsx e2e/screenshots.ts`, after `npm run build`. It must not change what it photographs.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from '@playwright/test';
import { CHROMIUM_ARGS, WEBGPU_ARGS, findChromium } from '../scripts/chromium.mjs';
import { startCountingServer } from './support/own-server.ts';
import { DataPart } from './support/data-part.ts';
import { digitsWithGroups, digitsZip } from './support/made-data.ts';
import { ROOT, SAMPLE_MODEL } from './support/models.ts';
import { plantedModel } from './support/planted-layer.ts';
import { StudioPage, fileFrom } from './support/studio-page.ts';

const FOLDER = join(ROOT, 'docs', 'screenshots');
const VIEWPORTS = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const SCHEMES = ['light', 'dark'] as const;

async function photograph(
  browser: Browser,
  url: string,
  viewport: (typeof VIEWPORTS)[number],
  colorScheme: (typeof SCHEMES)[number],
): Promise<void> {
  const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' });
  const studio = new StudioPage(page);
  const shoot = async (state: string): Promise<void> => {
    const path = join(FOLDER, `${state}-${viewport.width}-${colorScheme}.png`);
    await page.screenshot({ path });
    console.log(path);
  };
  await studio.goto(url);
  await shoot('empty');
  await studio.sample.click();
  await studio.expectOpen();
  await studio.idle();
  await shoot('loaded');
  await studio.moveTo(studio.precision, 'int8');
  await studio.cancel.waitFor();
  await shoot('running');
  await studio.idle();
  for (const preset of ['fp16', 'sparse50', 'int4', 'int8']) {
    await page.getByRole('button', { name: preset, exact: true }).click();
    await studio.idle();
  }
  await shoot('measured');
  const layer = page.getByRole('button', { name: 'block5.pointwise' });
  await layer.scrollIntoViewIfNeeded();
  await layer.click();
  const inspector = page.getByRole('region', { name: 'Layer', exact: true });
  await inspector.getByRole('img').waitFor();
  await inspector.scrollIntoViewIfNeeded();
  await shoot('inspector');
  await page.evaluate(() => scrollTo(0, 0));
  await studio.drop([
    { name: 'page.onnx', bytes: Buffer.from('<!DOCTYPE html><html><title>404</title></html>') },
  ]);
  await studio.alert.waitFor();
  await shoot('failed');
  await page.close();
  await photographData(browser, url, viewport, colorScheme);
  await photographGuilty(browser, url, viewport, colorScheme);
}

/** The user's own data: proposed, in use with a goal, and what changed. */
async function photographData(
  browser: Browser,
  url: string,
  viewport: (typeof VIEWPORTS)[number],
  colorScheme: (typeof SCHEMES)[number],
): Promise<void> {
  const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' });
  const studio = new StudioPage(page);
  const data = new DataPart(page);
  const shoot = (state: string): Promise<Buffer> =>
    page.screenshot({ path: join(FOLDER, `${state}-${viewport.width}-${colorScheme}.png`) });
  await studio.goto(url);
  await studio.drop([fileFrom(SAMPLE_MODEL), digitsWithGroups(600)]);
  await studio.expectOpen();
  await data.proposed();
  await data.card.scrollIntoViewIfNeeded();
  await shoot('proposed');
  await data.accept();
  await page.getByRole('button', { name: 'Set a goal' }).click();
  await page.getByLabel(/^Loses at most/).fill('1');
  await page.getByRole('button', { name: 'Set goal', exact: true }).click();
  await studio.moveTo(studio.precision, 'int4');
  await studio.idle();
  await studio.measured('Accuracy');
  for (const tab of ['Predictions', 'Per class', 'Profile']) {
    await data.tab(tab).click();
    if (tab === 'Profile') {
      await page.getByRole('button', { name: /^Profile/ }).click();
      await studio.idle();
    }
    await page.getByRole('tabpanel').scrollIntoViewIfNeeded();
    await shoot(tab.toLowerCase().replace(' ', '-'));
  }
  await page.close();
}

/** One layer that 8 bits cannot hold: found, on the graph, repaired. */
async function photographGuilty(
  browser: Browser,
  url: string,
  viewport: (typeof VIEWPORTS)[number],
  colorScheme: (typeof SCHEMES)[number],
): Promise<void> {
  const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' });
  const studio = new StudioPage(page);
  const data = new DataPart(page);
  const card = page.getByRole('region', { name: 'Layer', exact: true });
  const shoot = (state: string): Promise<Buffer> =>
    page.screenshot({ path: join(FOLDER, `${state}-${viewport.width}-${colorScheme}.png`) });
  await studio.goto(url);
  await studio.drop([plantedModel(), digitsZip(500)]);
  await studio.expectOpen();
  await data.accept();
  await page.getByRole('button', { name: 'int8', exact: true }).click();
  await studio.idle();
  await page.getByRole('button', { name: 'Find the guilty layer' }).click();
  const rows = page.getByRole('region', { name: 'Layers, scrollable' });
  await rows.locator('[data-damage]').first().waitFor();
  await studio.idle();
  await rows.scrollIntoViewIfNeeded();
  await shoot('heat-map');
  await data.tab('Graph').click();
  await page.getByRole('application').waitFor();
  await page.getByText(/laid out in/).scrollIntoViewIfNeeded();
  await shoot('graph');
  await card.getByRole('list', { name: 'Fixes' }).getByRole('button').first().click();
  await studio.idle();
  const outcome = card.locator('.fix-outcome[data-state="measured"]');
  await outcome.scrollIntoViewIfNeeded();
  await shoot('fixed');
  await page.close();
}

const executablePath = await findChromium();
const server = await startCountingServer();
const browser = await chromium.launch({
  args: [...CHROMIUM_ARGS, ...WEBGPU_ARGS],
  ...(executablePath === undefined ? {} : { executablePath }),
});
mkdirSync(FOLDER, { recursive: true });
try {
  for (const viewport of VIEWPORTS) {
    for (const scheme of SCHEMES) await photograph(browser, server.url, viewport, scheme);
  }
} finally {
  await browser.close();
  await server.close();
}
