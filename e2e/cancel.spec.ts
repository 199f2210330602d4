// Cancel in the middle of a job: the page is idle again, keeps what it had, and works on.
import { expect, test } from '@playwright/test';
import { asFile, chain } from './support/made-models.ts';
import { StudioPage } from './support/studio-page.ts';

/** 15 MB of weights: long enough to be caught in the act. */
const LARGE = asFile('large.onnx', chain(4, 960));

test('a job is cancelled by its button, the recipe stays, and the next change is carried out', async ({
  page,
}) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([LARGE]);
  await studio.expectOpen();
  await studio.idle();
  await studio.moveTo(studio.precision, 'int4');
  await studio.cancel.click();
  // Functional bound only; how quick it is stands in the lifeline's own test and the benchmarks.
  await expect(studio.cancel).toHaveCount(0, { timeout: 5000 });
  await expect(studio.precision).toHaveAttribute('aria-valuetext', 'int4');
  await expect(studio.alert).toHaveCount(0);

  await studio.moveTo(studio.precision, 'int8', 'ArrowLeft');
  await studio.idle();
  const size = await studio.measured('Size');
  expect(size.value).toBeLessThan(size.baseline * 0.3);
  await studio.measured('Agreement');
  expect((await studio.saved()).bytes.length).toBe(size.value);
});
