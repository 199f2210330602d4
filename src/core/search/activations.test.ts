import { describe, expect, it } from 'vitest';
import { openDraft } from '../onnx/draft.ts';
import { readWeight } from '../onnx/weights.ts';
import { applyRecipe } from '../passes/manager.ts';
import type { RangeMethod } from '../calibration/ranges.ts';
import { readActivations } from './activations.ts';
import { plantedModel, searchContext } from './testing/planted.ts';

/** Scale and zero point of each value that the recipe writes as codes. */
async function gridsOfRecipe(range?: RangeMethod): Promise<ReadonlySet<string>> {
  const { model } = await applyRecipe(
    plantedModel(1),
    {
      seed: 1,
      steps: [
        { pass: 'simplify' },
        { pass: 'quantize-weights', params: { precision: 'int8' } },
        { pass: 'quantize-activations', params: { mode: 'static', ...(range && { range }) } },
      ],
    },
    { ...searchContext(), now: () => 0 },
  );
  const { main } = openDraft(model);
  const scalar = (name: string): number => readWeight(main.constant(name)!)![0];
  const quantized = main.nodes.filter(({ opType }) => opType === 'QuantizeLinear');
  return new Set(quantized.map(({ inputs }) => String(scalar(inputs[1]))));
}

async function scalesTried(range?: RangeMethod): Promise<readonly string[]> {
  const how = { target: 'ort-wasm', ...(range && { range }) } as const;
  const { grids, missing } = await readActivations(plantedModel(1), how, searchContext());
  expect(missing.size).toBe(0);
  return ['c1', 'c2', 'c3'].map((layer) => String(grids.get(layer)?.input?.scale));
}

describe('readActivations', () => {
  it('tries the grids that the recipe writes, by its own way to choose ranges', async () => {
    const byMethod = new Map<string, readonly string[]>();
    for (const range of [undefined, 'minmax', 'mse', 'percentile'] as const) {
      const written = await gridsOfRecipe(range);
      const tried = await scalesTried(range);
      for (const scale of tried) expect(written, range).toContain(scale);
      byMethod.set(range ?? 'auto', tried);
    }
    // The methods differ on these values: the test would see the wrong one.
    expect(byMethod.get('mse')).not.toEqual(byMethod.get('auto'));
    expect(byMethod.get('percentile')).not.toEqual(byMethod.get('auto'));
  });

  it('rounds what a layer writes only where the recipe does: the last product gives floats', async () => {
    const { grids } = await readActivations(plantedModel(1), { target: 'ort-wasm' }, searchContext());
    expect(grids.get('c3')?.output).not.toBeNull();
    expect(grids.get('fc')?.input).toBeDefined();
    expect(grids.get('fc')?.output).toBeNull();
  });
});
