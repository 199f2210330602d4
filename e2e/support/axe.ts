/** axe's rules over the page as it is now. It must not know which state that is. */
import { readFileSync } from 'node:fs';
import type { AxeResults } from 'axe-core';
import type { Page } from '@playwright/test';
import { AXE } from './models.ts';

const AXE_SOURCE = readFileSync(AXE, 'utf8');

/** Through evaluate: the page's policy rightly refuses a script tag. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE_SOURCE);
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<AxeResults> } };
    return axe.run();
  });
  return results.violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map((n) => `${n.target.join(' ')} (${n.failureSummary ?? ''})`).join('; ')}`,
  );
}
