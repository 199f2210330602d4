/**
 * 20,000 images: how fast they are evaluated beside a bare loop over onnxruntime-web on the same tensors (Node, one
 * thread, in turn), and how much memory the page takes for a zip of them. `npx tsx bench/large-set.ts`, after
 * `npm run build`. With the shared models: photographs and MobileNet; without: the bundled digits.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync, zipSync, type Zippable } from 'fflate';
import { DataPart } from '../e2e/support/data-part.ts';
import { HELD_OUT, digit, greyPng } from '../e2e/support/made-data.ts';
import { SAMPLE_MODEL } from '../e2e/support/models.ts';
import { StudioPage, fileFrom } from '../e2e/support/studio-page.ts';
import { fitData, openData } from '../src/cli/open-data.ts';
import type { HostTensor } from '../src/core/onnx/graph-runner.ts';
import { sharedDir } from '../src/core/testing/shared.ts';
import { createEvaluator } from '../src/data/evaluate/evaluate.ts';
import { createBatcher } from '../src/data/fit/batcher.ts';
import { openNodePredictor } from '../src/runtime/node-predictor.ts';
import { npy } from './eval/dump.ts';
import { median, withStudio } from './support/browser.ts';

const IMAGES = 20_000;
const ROUNDS = 5;
const calm = (): Promise<void> => Promise.resolve();

interface LargeSet {
  readonly title: string;
  readonly model: string;
  readonly zip: string;
}

function digitsZip(folder: string): LargeSet {
  const files: Zippable = {};
  for (let i = 0; i < IMAGES; i++) {
    const at = i % HELD_OUT.labels.length;
    files[`${HELD_OUT.labels[at]}/${String(i).padStart(5, '0')}.png`] = greyPng(digit(at), 28, 28);
  }
  const zip = join(folder, 'digits-20000.zip');
  writeFileSync(zip, zipSync(files, { level: 0 }));
  return { title: 'bundled digits, PNG 28×28', model: SAMPLE_MODEL, zip };
}

function photographsZip(folder: string, shared: string): LargeSet {
  const at = join(shared, 'models', 'imagenet-mobilenetv1');
  const inside = unzipSync(readFileSync(join(at, 'images-500.zip')));
  const [, ...rows] = new TextDecoder().decode(inside['labels.csv']).trim().split('\n');
  const files: Zippable = {};
  const lines = ['file,label'];
  for (let i = 0; i < IMAGES; i++) {
    const [file = '', label = ''] = rows[i % rows.length].split(',');
    const name = `${String(i).padStart(5, '0')}.jpg`;
    files[name] = inside[file];
    lines.push(`${name},${label}`);
  }
  files['labels.csv'] = new TextEncoder().encode(lines.join('\n'));
  const zip = join(folder, 'photographs-20000.zip');
  writeFileSync(zip, zipSync(files, { level: 0 }));
  return { title: 'photographs, JPEG', model: join(at, 'mobilenetv1_0.25_128.onnx'), zip };
}

/** Evaluation against session.run alone on tensors that are ready, in turn. */
async function throughput(folder: string): Promise<void> {
  const pixels = Buffer.concat(Array.from({ length: IMAGES }, (_, i) => digit(i % HELD_OUT.labels.length)));
  const labels = Uint8Array.from({ length: IMAGES }, (_, i) => HELD_OUT.labels[i % HELD_OUT.labels.length]);
  writeFileSync(join(folder, 'x.npy'), npy('|u1', [IMAGES, 1, 28, 28], pixels));
  writeFileSync(join(folder, 'y.npy'), npy('|u1', [IMAGES], labels));
  const dataset = await openData([join(folder, 'x.npy'), join(folder, 'y.npy')], calm);
  const predictor = await openNodePredictor(
    [{ name: 'digits.onnx', parts: [Uint8Array.from(readFileSync(SAMPLE_MODEL))] }],
    1,
  );
  const { config } = await fitData(undefined, dataset, predictor, { seed: 1, checkpoint: calm });
  const batcher = createBatcher(dataset, config, predictor.inputs);
  const ready: ReadonlyMap<string, HostTensor>[] = [];
  for (let from = 0; from < IMAGES; from += batcher.size) {
    const count = Math.min(batcher.size, IMAGES - from);
    ready.push((await batcher.make(Array.from({ length: count }, (_, i) => from + i))).feeds);
  }
  const evaluator = createEvaluator({ dataset, config, predictor, part: 'evaluation' });
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const ratios: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const bare = await timed(async () => {
      for (const feeds of ready) await predictor.run(feeds);
    });
    const pare = await timed(() => evaluator.evaluate(0, evaluator.samples, calm));
    // The first round compiles.
    if (round === 0) continue;
    ratios.push(bare / pare);
    console.log(`  bare ${bare.toFixed(0)} ms, evaluated ${pare.toFixed(0)} ms, ${(bare / pare).toFixed(3)}`);
  }
  console.log(
    `throughput / bare loop, ${IMAGES} digits in batches of ${batcher.size}: median ${median(ratios).toFixed(3)}`,
  );
}

/**
 * Resident memory of the largest renderer process, bytes: its own pages (anonymous and shared memory), and all of them,
 * which counts the browser's program file too.
 */
function rendererBytes(): { own: number; all: number } {
  let most = { own: 0, all: 0 };
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('--type=renderer')) continue;
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      const bytes = (key: string): number =>
        Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
      const found = { own: bytes('RssAnon') + bytes('RssShmem'), all: bytes('VmRSS') };
      if (found.all > most.all) most = found;
    } catch {
      // The process has ended between two looks.
    }
  }
  return most;
}

const LOOK_EVERY_MILLIS = 200;

async function inThePage({ title, model, zip }: LargeSet): Promise<void> {
  await withStudio(async (browser, url) => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const studio = new StudioPage(page);
    const data = new DataPart(page);
    await page.goto(url, { waitUntil: 'networkidle' });
    const empty = rendererBytes();
    const peak = { ...empty };
    const looking = setInterval(() => {
      const now = rendererBytes();
      peak.own = Math.max(peak.own, now.own);
      peak.all = Math.max(peak.all, now.all);
    }, LOOK_EVERY_MILLIS);
    await studio.drop([fileFrom(model)]);
    await studio.expectOpen();
    await studio.idle();
    await page.getByLabel('Add data', { exact: true }).setInputFiles(zip);
    await data.proposed();
    const start = performance.now();
    await data.accept();
    await page
      .locator(`[role="group"][aria-label="Accuracy"][data-source="measured"][data-n="${IMAGES}"]`)
      .waitFor({ timeout: 900_000 });
    const seconds = (performance.now() - start) / 1000;
    const { value, n } = await data.accuracy();
    const figure = page.getByRole('group', { name: 'Accuracy', exact: true });
    console.log(
      `${title}: ${n} images, ${(100 * value).toFixed(2)} %, ${(await figure.innerText()).split('\n').at(-1)}`,
    );
    clearInterval(looking);
    const megabytes = ({ own, all }: typeof peak): string =>
      `${(own / 1e6).toFixed(0)} MB of its own, ${(all / 1e6).toFixed(0)} MB with the browser's program`;
    console.log(
      `  ${seconds.toFixed(1)} s from "Use this", ${(n / seconds).toFixed(0)} images a second; ` +
        `peak of the renderer process ${megabytes(peak)} (empty page: ${megabytes(empty)})`,
    );
  });
}

const folder = mkdtempSync(join(tmpdir(), 'pare-large-'));
try {
  await throughput(folder);
  await inThePage(digitsZip(folder));
  const shared = sharedDir();
  if (shared !== undefined) await inThePage(photographsZip(folder, shared));
  else console.log('The shared models are not here: no photographs.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
