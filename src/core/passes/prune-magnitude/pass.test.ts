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
