/**
 * How long the page takes over a real model on the user's images: from the click to the bytes of MobileNetV1 in static
 * int8, with 300 images dropped, and its heat-map of 28 layers. Every run is a new visit with an empty cache; what is
 * timed begins when the original has been measured. `npm run bench -- page-quantize`, after `npm run build`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync, zipSync, type Zippable } from 'fflate';
import type { Browser, Page } from 'playwright';
import { DataPart } from '../e2e/support/data-part.ts';
import { StudioPage, fileFrom, type DroppedFile } from '../e2e/support/studio-page.ts';
import { sharedDir } from '../src/core/testing/shared.ts';
import { median, withStudio } from './support/browser.ts';

const RUNS = 3;
const IMAGES = 300;
const MODEL = 'mobilenetv1_0.25_128.onnx';

/** The first images of the set with their labels: a file of labels that names missing files would be warned about. */
function firstImages(path: string): DroppedFile {
  const files = unzipSync(readFileSync(path));
  const [head = '', ...rows] = new TextDecoder().decode(files['labels.csv']).trim().split('\n');
  const kept = rows.slice(0, IMAGES);
  const inside: Zippable = { 'labels.csv': new TextEncoder().encode([head, ...kept].join('\n')) };
  for (const row of kept) {
    const name = row.split(',')[0] ?? '';
    const path = Object.keys(files).find((one) => one === name || one.endsWith(`/${name}`));
    if (path !== undefined) inside[path] = [files[path], { level: 0 }];
  }
  return { name: `images-${IMAGES}.zip`, bytes: zipSync(inside) };
}

interface Times {
  readonly int8Seconds: number;
  readonly fileBytes: number;
  readonly heatSeconds: number;
  readonly layers: number;
}

/** Seconds from a click in the page until `selector` matches, by the page's own clock. */
function clickUntil(page: Page, click: string, selector: string): Promise<number> {
  return page.evaluate(
    ([button, wanted]) =>
      new Promise<number>((done) => {
        const started = performance.now();
        document.querySelector<HTMLElement>(button)?.click();
        // The state before the click may match too: what is waited for starts after the page has answered it.
        requestAnimationFrame(() => {
          // No named function in here: the compiler would mark it with a helper that the page does not have.
          new MutationObserver((_, observer) => {
            if (document.querySelector(wanted) === null) return;
            observer.disconnect();
            done((performance.now() - started) / 1000);
          }).observe(document.documentElement, { subtree: true, childList: true, attributes: true });
        });
      }),
    [click, selector] as const,
  );
}

async function visit(browser: Browser, url: string, files: readonly DroppedFile[]): Promise<Times> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const studio = new StudioPage(page);
  await studio.goto(url);
  await studio.drop(files);
  await studio.expectOpen();
  await new DataPart(page).accept();
  await studio.idle();
  // On a page whose recipe is empty, this one switch makes 8-bit weights, ranges from samples and integer operators.
  const int8Seconds = await clickUntil(
    page,
    'input[aria-label="Integer arithmetic"]',
    '[role="group"][aria-label="Size"][data-source="measured"]:not([data-value="' +
      `${(await studio.read('Size')).value}"])`,
  );
  const fileBytes = (await studio.read('Size')).value;
  await studio.idle();
  await page.getByRole('button', { name: 'Find the guilty layer' }).evaluate((button) => {
    button.id = 'bench-find';
  });
  const heatSeconds = await clickUntil(page, '#bench-find', '[data-damage]');
  const layers = Number(/\d+/.exec(await page.getByRole('tab', { name: /^Layers/ }).innerText())?.[0]);
  await context.close();
  return { int8Seconds, fileBytes, heatSeconds, layers };
}

async function main(): Promise<void> {
  const folder = join(sharedDir() ?? '', 'models', 'imagenet-mobilenetv1');
  if (sharedDir() === undefined || !existsSync(join(folder, MODEL))) {
    console.log(
      'The folder ../shared with the models is absent: there is no real model with images to time.',
    );
    return;
  }
  const files = [
    fileFrom(join(folder, MODEL)),
    firstImages(join(folder, 'images-500.zip')),
    fileFrom(join(folder, 'classes.txt')),
  ];
  const all: Times[] = [];
  await withStudio(async (browser, url) => {
    for (let run = 1; run <= RUNS; run++) {
      const times = await visit(browser, url, files);
      all.push(times);
      console.log(
        `visit ${run}: int8 ${times.int8Seconds.toFixed(1)} s, heat-map ${times.heatSeconds.toFixed(1)} s`,
      );
    }
  });
  const print = (what: string, seconds: readonly number[]): void =>
    console.log(
      `${what}: median ${median(seconds).toFixed(1)} s (${Math.min(...seconds).toFixed(1)} … ${Math.max(...seconds).toFixed(1)}, ${RUNS} visits)`,
    );
  const [first] = all;
  print(
    `${MODEL}, ${IMAGES} images, click → static int8 file of ${(first.fileBytes / 1e3).toFixed(0)} kB`,
    all.map(({ int8Seconds }) => int8Seconds),
  );
  print(
    `${MODEL}, click → heat-map of ${first.layers} layers`,
    all.map(({ heatSeconds }) => heatSeconds),
  );
}

await main();
