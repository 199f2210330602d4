// Integers that are slower: said before the recipe runs, measured afterwards, never recommended, and one click away from better.
import { expect, test } from '@playwright/test';
import { concatParts } from '../src/core/bytes/spans.ts';
import { graph, int, ints, model, node, valueInfo } from '../src/core/onnx/build.ts';
import { writeModel } from '../src/core/onnx/write.ts';
import { weight } from '../src/core/testing/weight-models.ts';
import { violations } from './support/axe.ts';
import { StudioPage, type DroppedFile } from './support/studio-page.ts';

test.describe.configure({ timeout: 300_000 });

/** One product over each position, then depthwise filters, for which no runtime here has a fast integer kernel. */
function depthwise(): DroppedFile {
  const channels = 32;
  const layers = Array.from({ length: 6 }, (_, i) => i);
  const name = (i: number): string => (i === 0 ? 'first' : `deep${i - 1}`);
  const made = model(
    graph({
      nodes: [
        node('Conv', ['x', 'w_first'], ['first'], {
          attrs: { pads: ints([1, 1, 1, 1]) },
          name: 'first',
        }),
        ...layers.map((i) =>
          node('Conv', [name(i), `w_deep${i}`], [`deep${i}`], {
            attrs: { group: int(channels), pads: ints([1, 1, 1, 1]) },
            name: `deep${i}`,
          }),
        ),
        node('GlobalAveragePool', [name(layers.length)], ['y'], { name: 'pool' }),
      ],
      initializers: [
        weight('w_first', [channels, 3, 3, 3]),
        ...layers.map((i) => weight(`w_deep${i}`, [channels, 1, 3, 3], i + 2)),
      ],
      inputs: [valueInfo('x', 'float32', [1, 3, 64, 64])],
      outputs: [valueInfo('y', 'float32', [1, channels, 1, 1])],
    }),
  );
  return { name: 'depthwise.onnx', bytes: concatParts(writeModel(made).model) };
}

const EVERYWHERE = {
  format: 'pare-recipe',
  version: 1,
  seed: 1,
  steps: [
    { pass: 'simplify' },
    { pass: 'quantize-weights', params: { precision: 'int8' } },
    { pass: 'quantize-activations', params: { mode: 'static' } },
  ],
};

test('a recipe that is slower is warned about, not recommended, and repaired with one click', async ({
  page,
}) => {
  const studio = new StudioPage(page);
  await studio.goto();
  await studio.drop([depthwise()]);
  await studio.expectOpen();
  await studio.idle();
  await page.getByLabel('Open a recipe').setInputFiles({
    name: 'everywhere.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(EVERYWHERE)),
  });
  const warning = page.getByRole('note', { name: 'Predicted speed' });
  await expect(warning).toContainText(
    /Predicted 0\.\d+× the speed of the original on this device: it will be slower/,
    {
      timeout: 90_000,
    },
  );
  await expect(warning).toContainText('deep0');
  expect(await violations(page), 'warning').toEqual([]);

  await studio.idle();
  const verdict = page.locator('.status-dot');
  await expect(verdict).toHaveClass(/dot-bad/);
  await expect(page.getByText(/slower than the original/).first()).toBeVisible();

  await warning.getByRole('button', { name: /^Leave what loses in floats/ }).click();
  await studio.idle();
  await expect(warning).toHaveCount(0);
});
