// Usable by everyone: keyboard alone, narrow screens, dark, and axe's rules in every state.
import { expect, test, type Page } from '@playwright/test';
import { violations } from './support/axe.ts';
import { asFile, chain } from './support/made-models.ts';
import { SAMPLE_MODEL } from './support/models.ts';
import { StudioPage, fileFrom } from './support/studio-page.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    test(`axe finds nothing: empty, loaded, failed; ${colorScheme}, ${width} px`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 844 });
      const studio = new StudioPage(page);
      await studio.goto();
      expect(await violations(page), 'empty').toEqual([]);
      await studio.drop([{ name: 'empty.onnx', bytes: new Uint8Array() }]);
      await expect(studio.alert).toBeVisible();
      expect(await violations(page), 'failed').toEqual([]);
      await studio.drop([fileFrom(SAMPLE_MODEL)]);
      await studio.expectOpen();
      await studio.moveTo(studio.precision, 'int8');
      await studio.idle();
      await studio.measured('Agreement');
      expect(await violations(page), 'loaded').toEqual([]);
    });
  }
}

test('at 390 px nothing is wider than the screen and every control can be reached', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const studio = new StudioPage(page);
  await studio.goto();
  const overflow = (): Promise<number> =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(await overflow()).toBeLessThanOrEqual(0);
  await studio.drop([asFile('chain.onnx', chain(2, 64))]);
  await studio.expectOpen();
  await studio.idle();
  expect(await overflow()).toBeLessThanOrEqual(0);
  for (const control of [studio.precision, studio.sparsity, studio.download, studio.undo, studio.redo]) {
    await control.scrollIntoViewIfNeeded();
    const box = await control.boundingBox();
    expect(box).not.toBeNull();
    expect(box!.x).toBeGreaterThanOrEqual(0);
    expect(box!.x + box!.width).toBeLessThanOrEqual(390);
  }
});

test('dark: the page follows the system, and text stays readable on its background', async ({ page }) => {
  const luminanceOf = (scheme: 'light' | 'dark') => async (): Promise<number> => {
    await page.emulateMedia({ colorScheme: scheme });
    return page.evaluate(() => {
      const [r, g, b] = (getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
      return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
    });
  };
  await new StudioPage(page).goto();
  await expect.poll(luminanceOf('light')).toBeGreaterThan(0.8);
  await expect.poll(luminanceOf('dark')).toBeLessThan(0.2);
});

test('keyboard alone: sample, sliders, undo, download', async ({ page }) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await tabTo(page, studio.sample);
  await page.keyboard.press('Enter');
  await studio.expectOpen();
  await studio.idle();
  await tabTo(page, studio.precision);
  await page.keyboard.press('End');
  await expect(studio.precision).toHaveAttribute('aria-valuetext', 'int2');
  await page.keyboard.press('ArrowLeft');
  await expect(studio.precision).toHaveAttribute('aria-valuetext', 'int3');
  await page.keyboard.press('ControlOrMeta+z');
  await expect(studio.precision).toHaveAttribute('aria-valuetext', 'int2');
  await studio.idle();
  const size = await studio.measured('Size');
  await tabTo(page, studio.download);
  const saved = await studio.saved(() => page.keyboard.press('Enter'));
  expect(saved.bytes.length).toBe(size.value);
});

/** Tab until the control has the focus, which must then be visible. */
async function tabTo(page: Page, control: StudioPage['download']): Promise<void> {
  // Three controls for each row of the layers table lie between: one whole round of the page is the most it may take.
  for (let i = 0; i < 150; i++) {
    if (await control.evaluate((element) => element === document.activeElement)) break;
    await page.keyboard.press('Tab');
  }
  await expect(control).toBeFocused();
  const outlined = await control.evaluate((element) => {
    const marks = [element, element.parentElement].filter((e) => e !== null).map((e) => getComputedStyle(e));
    return marks.some((style) => style.outlineStyle !== 'none' || style.boxShadow !== 'none');
  });
  expect(outlined, 'the focus can be seen').toBe(true);
}
