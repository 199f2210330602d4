/**
 * From the drop of a model to its first measured point in the trade-off chart, in Chromium, as a new visitor has it:
 * every run starts with an empty cache and pays for the runtime's download from this machine and its compilation.
 * `npx tsx bench/first-chart.ts`, after `npm run build`.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OCR_CLASSIFIER } from '../e2e/support/models.ts';
import { sharedDir } from '../src/core/testing/shared.ts';
import { dropUntil, handOver, median, withStudio } from './support/browser.ts';

const RUNS = 5;
const STEPS = [
  { what: 'sliders can be moved', selector: '[role="slider"][aria-label="Precision"]' },
  { what: 'first chart (original measured)', selector: '[aria-label="Trade-off"] [data-variant]' },
];

function model(): string {
  const shared = sharedDir();
  const mobilenet = join(shared ?? '', 'models', 'imagenet-mobilenetv1', 'mobilenetv1_0.25_128.onnx');
  if (shared !== undefined && existsSync(mobilenet)) return mobilenet;
  console.log('The shared models are not here: a smaller model from npm takes the place of MobileNet.');
  return OCR_CLASSIFIER;
}

const path = model();
console.log(
  `${basename(path)}, ${(statSync(path).size / 1e6).toFixed(2)} MB, ${RUNS} fresh browser contexts each`,
);
await withStudio(async (browser, url) => {
  for (const { what, selector } of STEPS) {
    const millis: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const page = await context.newPage();
      await page.goto(url, { waitUntil: 'networkidle' });
      await handOver(page, basename(path), readFileSync(path));
      millis.push(await dropUntil(page, selector));
      await context.close();
    }
    const spread = `${Math.min(...millis).toFixed(0)} … ${Math.max(...millis).toFixed(0)}`;
    console.log(`drop → ${what}: median ${median(millis).toFixed(0)} ms (${spread})`);
  }
});
