/**
 * Does the page's main thread stay free while a 15 MB model is opened, compressed and measured? Prints the tasks over
 * 50 ms in each phase, by CPU time (what the page does) and by wall time (what the user of this machine feels).
 * `npx tsx bench/long-tasks.ts`, after `npm run build`; with `-v` also what each of them was.
 */
import { asFile, chain } from '../e2e/support/made-models.ts';
import { StudioPage } from '../e2e/support/studio-page.ts';
import { dropUntil, handOver, withStudio } from './support/browser.ts';
import { traceTasks } from './support/tasks.ts';

/** 4 layers of 960×960 float32. */
const FILE = asFile('chain-15mb.onnx', chain(4, 960));
/** A task over this is called long: https://www.w3.org/TR/longtasks-1/ */
const LONG_MILLIS = 50;
const verbose = process.argv.includes('-v');

console.log(`${(FILE.bytes.length / 1e6).toFixed(1)} MB; tasks over ${LONG_MILLIS} ms on the main thread`);
console.log(`${'phase'.padEnd(36)} by CPU, longest | by wall clock, longest | phase`);
await withStudio(async (browser, url) => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const studio = new StudioPage(page);
  const report = async (phase: string, work: () => Promise<unknown>): Promise<void> => {
    const started = performance.now();
    const tasks = await traceTasks(browser, page, work);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const cpu = tasks.map((task) => task.cpuMillis);
    const wall = tasks.map((task) => task.wallMillis);
    const column = (values: readonly number[]): string => {
      const long = values.filter((value) => value > LONG_MILLIS).length;
      return `${String(long).padStart(3)}, ${Math.max(0, ...values)
        .toFixed(0)
        .padStart(4)} ms`;
    };
    console.log(`${phase.padEnd(36)} ${column(cpu)}    | ${column(wall)}           | ${seconds} s`);
    if (!verbose) return;
    for (const { cpuMillis, wallMillis, mostly } of tasks) {
      if (wallMillis > LONG_MILLIS)
        console.log(`    ${cpuMillis.toFixed(0)} ms CPU, ${wallMillis.toFixed(0)} ms wall: ${mostly}`);
    }
  };
  await page.goto(url, { waitUntil: 'networkidle' });
  await handOver(page, FILE.name, FILE.bytes);
  await report('drop, open, first measurement', async () => {
    await dropUntil(page, '[aria-label="Trade-off"] [data-variant]');
    await studio.idle();
  });
  const moveAndWait =
    (slider: typeof studio.precision, text: string, key?: 'ArrowLeft') => async (): Promise<void> => {
      await studio.moveTo(slider, text, key);
      await studio.idle();
    };
  await report('int8: slider, variant, measurement', moveAndWait(studio.precision, 'int8'));
  await report('50 % sparse: the same', moveAndWait(studio.sparsity, '50 %'));
  await report('int4: the same', moveAndWait(studio.precision, 'int4'));
  await report('download', () => studio.saved());
});
