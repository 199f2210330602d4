/**
 * Does the page's main thread stay free while a 15 MB model is opened, compressed and measured? Counts the tasks over
 * 50 ms (Long Tasks API) in each phase. `npx tsx bench/long-tasks.ts`, after `npm run build`.
 */
import { asFile, chain } from '../e2e/support/made-models.ts';
import { StudioPage } from '../e2e/support/studio-page.ts';
import { handOver, dropUntil, withStudio } from './support/browser.ts';

/** 4 layers of 960×960 float32. */
const FILE = asFile('chain-15mb.onnx', chain(4, 960));

interface LongTask {
  readonly start: number;
  readonly millis: number;
}

console.log(`${(FILE.bytes.length / 1e6).toFixed(1)} MB; tasks over 50 ms on the main thread`);
await withStudio(async (browser, url) => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(() => {
    const tasks: LongTask[] = [];
    (window as unknown as { longTasks: LongTask[] }).longTasks = tasks;
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries())
        tasks.push({ start: startTime, millis: duration });
    }).observe({ type: 'longtask', buffered: true });
  });
  const studio = new StudioPage(page);
  const report = async (phase: string, work: () => Promise<unknown>): Promise<void> => {
    await page.evaluate(() => (window as unknown as { longTasks: LongTask[] }).longTasks.splice(0));
    const started = performance.now();
    await work();
    const millis = performance.now() - started;
    const tasks = await page.evaluate(() => (window as unknown as { longTasks: LongTask[] }).longTasks);
    const longest = Math.max(0, ...tasks.map((task) => task.millis));
    console.log(
      `${phase.padEnd(34)} ${String(tasks.length).padStart(3)} long tasks, longest ${longest.toFixed(0).padStart(4)} ms, ` +
        `phase ${(millis / 1000).toFixed(1)} s`,
    );
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
