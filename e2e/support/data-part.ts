/** The part of the page that deals with the user's data, by the names that are promised to stay. */
import { expect, type Locator, type Page } from '@playwright/test';
import type { DroppedFile } from './studio-page.ts';

/** Proposals try dozens of ways on up to 500 samples; on a busy machine that takes a while. */
const TRY_LIMIT_MILLIS = 120_000;

export interface AccuracyReading {
  readonly value: number;
  readonly baseline: number;
  /** 95 % interval of the difference. */
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

export class DataPart {
  readonly page: Page;
  readonly card: Locator;
  readonly use: Locator;
  readonly measure: Locator;

  constructor(page: Page) {
    this.page = page;
    this.card = page.getByRole('region', { name: 'Data', exact: true });
    this.use = this.card.getByRole('button', { name: 'Use this', exact: true });
    this.measure = page.getByRole('button', { name: 'Measure', exact: true });
  }

  async add(files: readonly DroppedFile[]): Promise<void> {
    await this.page.getByLabel('Add data', { exact: true }).setInputFiles(
      files.map(({ name, bytes }) => ({
        name,
        mimeType: 'application/octet-stream',
        buffer: Buffer.from(bytes),
      })),
    );
  }

  /** Waits for the proposal; its evidence. */
  async proposed(): Promise<string> {
    await expect(this.use.first()).toBeVisible({ timeout: TRY_LIMIT_MILLIS });
    return this.card.innerText();
  }

  async accept(): Promise<void> {
    await this.proposed();
    await this.use.first().click();
  }

  tab(name: string): Locator {
    return this.page.getByRole('tab', { name: new RegExp(`^${name}`) });
  }

  async accuracy(): Promise<AccuracyReading> {
    const card = this.page.getByRole('group', { name: 'Accuracy', exact: true });
    const number = async (key: string): Promise<number> => Number(await card.getAttribute(key));
    return {
      value: await number('data-value'),
      baseline: await number('data-baseline'),
      low: await number('data-low'),
      high: await number('data-high'),
      n: await number('data-n'),
    };
  }
}
