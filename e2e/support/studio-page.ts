/**
 * The page as its users know it: by the names that are promised to stay. It must not know components or selectors
 * of the implementation.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, type Download, type Locator, type Page } from '@playwright/test';

export interface DroppedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export const fileFrom = (path: string): DroppedFile => ({ name: basename(path), bytes: readFileSync(path) });

export type Kpi = 'Size' | 'Latency' | 'Memory' | 'Accuracy' | 'Agreement';

/** What a KPI card says about itself, for machines. */
export interface KpiReading {
  readonly value: number;
  readonly baseline: number;
  readonly unit: string;
  readonly source: string;
}

/** The first measurement loads the runtime and compiles 14 MB of WebAssembly; on a busy machine that takes a while. */
const MEASURE_LIMIT_MILLIS = 90_000;

export class StudioPage {
  readonly page: Page;
  readonly precision: Locator;
  readonly sparsity: Locator;
  readonly undo: Locator;
  readonly redo: Locator;
  readonly cancel: Locator;
  readonly download: Locator;
  readonly alert: Locator;
  readonly sample: Locator;

  constructor(page: Page) {
    this.page = page;
    this.precision = page.getByRole('slider', { name: 'Precision', exact: true });
    this.sparsity = page.getByRole('slider', { name: 'Sparsity', exact: true });
    this.undo = page.getByRole('button', { name: /^Undo/ });
    this.redo = page.getByRole('button', { name: /^Redo/ });
    this.cancel = page.getByRole('button', { name: 'Cancel', exact: true });
    this.download = page.getByRole('button', { name: /^Download/ });
    this.alert = page.locator('[role="alert"][data-code]');
    this.sample = page.getByRole('button', { name: /digits/i });
  }

  async goto(url = '/'): Promise<void> {
    await this.page.goto(url);
    await expect(this.sample).toBeVisible();
  }

  /** Drops files on the page as a user does: through a DataTransfer. */
  async drop(files: readonly DroppedFile[]): Promise<void> {
    const payload = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }));
    const transfer = await this.page.evaluateHandle((list) => {
      const data = new DataTransfer();
      for (const { name, base64 } of list) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        data.items.add(new File([bytes], name));
      }
      return data;
    }, payload);
    const target = this.page.locator('body');
    for (const type of ['dragenter', 'dragover', 'drop']) {
      await target.dispatchEvent(type, { dataTransfer: transfer });
    }
    await transfer.dispose();
  }

  /** The loaded model's workspace is there: both sliders can be moved. */
  async expectOpen(): Promise<void> {
    await expect(this.precision).toBeEnabled({ timeout: MEASURE_LIMIT_MILLIS });
    await expect(this.sparsity).toBeEnabled();
  }

  kpi(name: Kpi): Locator {
    return this.page.getByRole('group', { name, exact: true });
  }

  async read(name: Kpi): Promise<KpiReading> {
    const card = this.kpi(name);
    const attribute = async (key: string): Promise<string> => (await card.getAttribute(key)) ?? '';
    return {
      value: Number(await attribute('data-value')),
      baseline: Number(await attribute('data-baseline')),
      unit: await attribute('data-unit'),
      source: await attribute('data-source'),
    };
  }

  /** How many threads the page measures with. */
  async threads(): Promise<number> {
    const target = this.page.getByRole('button', { name: /^Target: wasm, \d+ thread/ });
    const name = (await target.getAttribute('aria-label')) ?? '';
    return Number(/(\d+) thread/.exec(name)?.[1]);
  }

  /** Waits until the card holds a measured number. */
  async measured(name: Kpi): Promise<KpiReading> {
    await expect(this.kpi(name)).toHaveAttribute('data-source', 'measured', {
      timeout: MEASURE_LIMIT_MILLIS,
    });
    return this.read(name);
  }

  /** The message of that kind; `codes` = any of these. */
  alertOf(codes: readonly string[]): Locator {
    return this.page.locator(codes.map((code) => `[role="alert"][data-code="${code}"]`).join(', ')).last();
  }

  /** Writes down every state that a card goes through, however short, until the page is left. */
  async recordKpi(name: Kpi): Promise<() => Promise<readonly KpiReading[]>> {
    const log = await this.kpi(name).evaluateHandle((card) => {
      const seen: { value: number; baseline: number; unit: string; source: string }[] = [];
      const note = (): void => {
        const text = (key: string): string => card.getAttribute(key) ?? '';
        seen.push({
          value: Number(text('data-value')),
          baseline: Number(text('data-baseline')),
          unit: text('data-unit'),
          source: text('data-source'),
        });
      };
      note();
      new MutationObserver(note).observe(card, { attributes: true });
      return seen;
    });
    return () => log.jsonValue();
  }

  /** Waits until the variant of the recipe on screen is made and nothing runs any more. */
  async idle(): Promise<void> {
    // The size is predicted from the moment a slider moves until the variant is there: so this waits for the pause too.
    await this.measured('Size');
    await expect(this.cancel).toHaveCount(0, { timeout: MEASURE_LIMIT_MILLIS });
  }

  /** Moves a slider by keyboard until its value text matches. */
  async moveTo(
    slider: Locator,
    text: RegExp | string,
    key: 'ArrowRight' | 'ArrowLeft' = 'ArrowRight',
  ): Promise<void> {
    await slider.focus();
    const matches = async (): Promise<boolean> => {
      const now = (await slider.getAttribute('aria-valuetext')) ?? '';
      return typeof text === 'string' ? now === text : text.test(now);
    };
    // 0–95 % in steps of one are the most a slider here has.
    for (let i = 0; i < 100 && !(await matches()); i++) await slider.press(key);
    await expect(slider).toHaveAttribute('aria-valuetext', text);
  }

  /** Presses the download button and gives the file's bytes. */
  async saved(press: () => Promise<void> = () => this.download.click()): Promise<DroppedFile> {
    const coming: Promise<Download> = this.page.waitForEvent('download');
    await press();
    const download = await coming;
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
  }
}
