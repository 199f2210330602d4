import { describe, expect, it } from 'vitest';
import type { Recipe } from '../../core/recipe/types.ts';
import { PRUNE, QUANTIZE, SIMPLIFY } from './pass-names.ts';
import {
  EMPTY_DRAFT,
  draftOf,
  hasIntegers,
  layerParam,
  overrideCount,
  precisionOf,
  precisionText,
  recipeKey,
  sparsityOf,
  stepOf,
  switched,
  withFix,
  withIntegers,
  withLayerParam,
  withParam,
  withPrecision,
  withSparsity,
  withTarget,
} from './recipe-edit.ts';

const recipe = (...steps: Recipe['steps']): Recipe => ({ format: 'pare-recipe', version: 1, seed: 1, steps });

describe('the two sliders', () => {
  it('stand at their neutral ends for an empty recipe', () => {
    expect(precisionOf(EMPTY_DRAFT.recipe)).toBe('fp32');
    expect(sparsityOf(EMPTY_DRAFT.recipe)).toBe(0);
  });

  it('put their steps in the order in which passes run, whichever moves first', () => {
    const draft = withPrecision(withSparsity(EMPTY_DRAFT, 0.5), 'int8');
    expect(draft.recipe.steps.map(({ pass }) => pass)).toEqual([SIMPLIFY, PRUNE, QUANTIZE]);
    expect(precisionOf(draft.recipe)).toBe('int8');
    expect(sparsityOf(draft.recipe)).toBe(0.5);
  });

  it('leave no step behind at the neutral end and bring its settings back', () => {
    const int8 = withParam(withPrecision(EMPTY_DRAFT, 'int8'), QUANTIZE, 'granularity', 'tensor');
    const fp32 = withPrecision(int8, 'fp32');
    expect(fp32.recipe.steps).toEqual([]);
    expect(stepOf(withPrecision(fp32, 'int4').recipe, QUANTIZE)?.params).toEqual({
      precision: 'int4',
      granularity: 'tensor',
    });
  });

  it('bring in the exact clean-up with the first move and take it out with the last', () => {
    const moved = withSparsity(withPrecision(EMPTY_DRAFT, 'int8'), 0.5);
    expect(moved.recipe.steps.map(({ pass }) => pass)).toEqual([SIMPLIFY, PRUNE, QUANTIZE]);
    const half = withPrecision(moved, 'fp32');
    expect(half.recipe.steps.map(({ pass }) => pass)).toEqual([SIMPLIFY, PRUNE]);
    expect(withSparsity(half, 0).recipe.steps).toEqual([]);
  });

  it('respect a clean-up that somebody switched on or off', () => {
    const on = withPrecision(switched(EMPTY_DRAFT, SIMPLIFY, true), 'int8');
    expect(withPrecision(on, 'fp32').recipe.steps).toEqual([{ pass: SIMPLIFY, params: {} }]);
    const off = switched(withPrecision(EMPTY_DRAFT, 'int8'), SIMPLIFY, false);
    const again = withPrecision(withPrecision(off, 'fp32'), 'int4');
    expect(again.recipe.steps.map(({ pass }) => pass)).toEqual([QUANTIZE]);
  });

  it('do nothing when they do not move', () => {
    const draft = withPrecision(EMPTY_DRAFT, 'int8');
    expect(withPrecision(draft, 'int8')).toBe(draft);
    expect(withPrecision(EMPTY_DRAFT, 'fp32')).toBe(EMPTY_DRAFT);
  });

  it('read a step that does not say as its meta says', () => {
    expect(precisionOf(recipe({ pass: QUANTIZE }))).toBe('int8');
    expect(sparsityOf(recipe({ pass: PRUNE }))).toBe(0.5);
  });

  it('show a pattern as half and leave it when they move', () => {
    const pattern = draftOf(recipe({ pass: PRUNE, params: { scope: 'nm', pattern: '2:4' } }));
    expect(sparsityOf(pattern.recipe)).toBe(0.5);
    const moved = withSparsity(pattern, 0.8);
    expect(sparsityOf(moved.recipe)).toBe(0.8);
    expect(stepOf(moved.recipe, PRUNE)?.params?.['scope']).toBeUndefined();
  });
});

describe('overrides of single layers', () => {
  it('bring a neutral step in for one layer only, and take it out again', () => {
    const one = withLayerParam(EMPTY_DRAFT, QUANTIZE, 'w1', 'precision', 'int8');
    expect(precisionOf(one.recipe)).toBe('fp32');
    expect(layerParam(one.recipe, QUANTIZE, 'w1', 'precision')).toBe('int8');
    expect(withLayerParam(one, QUANTIZE, 'w1', 'precision', undefined).recipe.steps).toEqual([]);
  });

  it('outlive the slider at its neutral end', () => {
    const both = withLayerParam(withPrecision(EMPTY_DRAFT, 'int4'), QUANTIZE, 'w1', 'precision', 'fp16');
    const fp32 = withPrecision(both, 'fp32');
    expect(precisionOf(fp32.recipe)).toBe('fp32');
    expect(layerParam(fp32.recipe, QUANTIZE, 'w1', 'precision')).toBe('fp16');
  });

  it('are counted by layer, not by step', () => {
    const a = withLayerParam(EMPTY_DRAFT, QUANTIZE, 'w1', 'precision', 'int8');
    const b = withLayerParam(a, PRUNE, 'w1', 'sparsity', 0.5);
    expect(overrideCount(withLayerParam(b, PRUNE, 'w2', 'sparsity', 0.5).recipe)).toBe(2);
  });
});

describe('recipeKey', () => {
  it('does not depend on the order of keys', () => {
    const a = recipe({ pass: QUANTIZE, params: { precision: 'int8', clip: 'mse' } });
    const b = recipe({ pass: QUANTIZE, params: { clip: 'mse', precision: 'int8' } });
    expect(recipeKey(a)).toBe(recipeKey(b));
    expect(recipeKey(a)).not.toBe(recipeKey(recipe({ pass: QUANTIZE, params: { precision: 'int8' } })));
  });
});

describe('integers, targets and fixes', () => {
  it('gives integer arithmetic the weights that it needs', () => {
    const on = withIntegers(EMPTY_DRAFT, true);
    expect(hasIntegers(on.recipe)).toBe(true);
    expect(precisionOf(on.recipe)).toBe('int8');
    expect(on.recipe.steps.map(({ pass }) => pass)).toEqual([
      'simplify',
      'quantize-weights',
      'quantize-activations',
    ]);
    const off = withIntegers(on, false);
    expect(hasIntegers(off.recipe)).toBe(false);
    expect(precisionOf(off.recipe)).toBe('int8');
  });

  it('sees integers in single layers', () => {
    const step = { pass: 'quantize-activations', params: { mode: 'float' } };
    const recipe = (layers = {}) => ({ ...EMPTY_DRAFT.recipe, steps: [{ ...step, layers }] });
    expect(hasIntegers(recipe())).toBe(false);
    expect(hasIntegers(recipe({ conv: { mode: 'static' } }))).toBe(true);
    expect(hasIntegers(recipe({ conv: { range: 'mse' } }))).toBe(false);
  });

  it('keeps the default target out of the recipe', () => {
    const there = withTarget(EMPTY_DRAFT, 'tflite');
    expect(there.recipe.target).toBe('tflite');
    expect(withTarget(there, 'ort-wasm').recipe).toEqual(EMPTY_DRAFT.recipe);
    expect(withTarget(EMPTY_DRAFT, 'ort-wasm')).toBe(EMPTY_DRAFT);
  });

  it('merges a fix and leaves everything else', () => {
    const draft = withPrecision(EMPTY_DRAFT, 'int4');
    const fixed = withFix(draft, {
      changes: [
        { pass: 'equalize', params: {} },
        { pass: 'quantize-weights', params: { granularity: 'channel' } },
        { pass: 'quantize-weights', layer: 'conv', params: { precision: 'int8' } },
      ],
    });
    expect(fixed.recipe.steps).toEqual([
      { pass: 'simplify' },
      { pass: 'equalize', params: {} },
      {
        pass: 'quantize-weights',
        params: { precision: 'int4', granularity: 'channel' },
        layers: { conv: { precision: 'int8' } },
      },
    ]);
  });

  it('shows a palette as what it is, at the stop of as many bits', () => {
    const draft = withParam(EMPTY_DRAFT, 'quantize-weights', 'precision', 'palette16');
    expect(precisionText(draft.recipe)).toBe('palette16');
    expect(precisionOf(draft.recipe)).toBe('int4');
  });
});
