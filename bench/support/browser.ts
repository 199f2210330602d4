/** A Chromium and the built page for benchmarks, on a server of their own. It must not know what is measured. */
import { chromium, type Browser, type Page } from 'playwright';
import { CHROMIUM_ARGS, WEBGPU_ARGS, findChromium } from '../../scripts/chromium.mjs';
import { startCountingServer } from '../../e2e/support/own-server.ts';

/** Runs `work` with a fresh browser and closes everything after it. */
export async function withStudio(work: (browser: Browser, url: string) => Promise<void>): Promise<void> {
  const executablePath = await findChromium();
  const server = await startCountingServer();
  const browser = await chromium.launch({
    args: [...CHROMIUM_ARGS, ...WEBGPU_ARGS],
    ...(executablePath === undefined ? {} : { executablePath }),
  });
  try {
    await work(browser, server.url);
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Puts a file where the page's scripts can reach it, so that decoding it is not part of what is timed. */
export async function handOver(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await page.evaluate(
    ({ name: fileName, base64 }) => {
      const content = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      (window as unknown as { benchFile: File }).benchFile = new File([content], fileName);
    },
    { name, base64: Buffer.from(bytes).toString('base64') },
  );
}

/** Drops the file that was handed over; resolves when `selector` matches, with the milliseconds between. */
export function dropUntil(page: Page, selector: string): Promise<number> {
  return page.evaluate(
    (wanted) =>
      new Promise<number>((done) => {
        const data = new DataTransfer();
        data.items.add((window as unknown as { benchFile: File }).benchFile);
        const started = performance.now();
        const observer = new MutationObserver(() => {
          if (document.querySelector(wanted) === null) return;
          observer.disconnect();
          // Two frames later it has been painted.
          requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - started)));
        });
        observer.observe(document.documentElement, { subtree: true, childList: true, attributes: true });
        for (const type of ['dragenter', 'dragover', 'drop']) {
          document.body.dispatchEvent(
            new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }),
          );
        }
      }),
    selector,
  );
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
