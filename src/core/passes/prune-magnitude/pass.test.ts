import { expect, it } from 'vitest';
import { node } from '../../onnx/build.ts';
import { oneWeight, testContext, weight } from '../../testing/weight-models.ts';
import { applyRecipe, layerFloats } from '../manager.ts';
import type { ParamValues } from '../types.ts';

const once = oneWeight({ tensor: weight('w', [16, 32]), consumer: node('MatMul', ['x', 'w'], ['y']) });

async function pruned(...steps: readonly ParamValues[]) {
  const recipe = { seed: 1, steps: steps.map((params) => ({ pass: 'prune-magnitude', params })) };
  const applied = await applyRecipe(once, recipe, testContext());
  return { applied, values: layerFloats(applied.logical, 'w') ?? new Float32Array(0) };
}

it('measures the error of every step against the original', async () => {
  const steps = [
    { pass: 'prune-magnitude', params: { sparsity: 0.8 } },
    { pass: 'quantize-weights', params: { precision: 'int8' } },
  ];
  const forward = await applyRecipe(once, { seed: 1, steps }, testContext());
  const backward = await applyRecipe(once, { seed: 1, steps: steps.toReversed() }, testContext());
  const original = layerFloats(once, 'w') ?? new Float32Array(0);
  for (const applied of [forward, backward]) {
    let signal = 0;
    let noise = 0;
    layerFloats(applied.logical, 'w')?.forEach((value, i) => {
      signal += original[i] ** 2;
      noise += (original[i] - value) ** 2;
    });
    // The kernel adds in another order; both add 512 squares in float64.
    expect(applied.steps[1].changed[0].sqnrDb).toBeCloseTo(10 * Math.log10(signal / noise), 9);
  }
});

const places = (values: Float32Array): number[] => [...values.keys()].filter((i) => values[i] === 0);

it('leaves a layer alone that an earlier step has made sparser', async () => {
  const first = await pruned({ sparsity: 0.8 });
  const second = await pruned({ sparsity: 0.8 }, { sparsity: 0.5 });
  expect(places(first.values)).toHaveLength(Math.floor(512 * 0.8));
  expect(second.values).toEqual(first.values);
  expect(second.applied.steps[1].changed).toEqual([]);
});

it('brings no weight back that an earlier step has pruned, whatever the pattern wants', async () => {
  const first = await pruned({ sparsity: 0.8 });
  const second = await pruned({ sparsity: 0.8 }, { scope: 'nm', pattern: '2:4' });
  expect(places(second.values)).toEqual(expect.arrayContaining(places(first.values)));
});

it('prunes on from where an earlier step has stopped', async () => {
  const stepwise = await pruned({ sparsity: 0.5 }, { sparsity: 0.8 });
  expect(stepwise.values).toEqual((await pruned({ sparsity: 0.8 })).values);
});
