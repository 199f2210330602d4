import { describe, expect, it } from 'vitest';
import type { Recipe, RecipeStep } from '../../core/recipe/types.ts';
import { integersRefused, refusedOf } from './asked.ts';
import { EMPTY_RECIPE } from './recipe-edit.ts';

const recipe = (...steps: RecipeStep[]): Recipe => ({ ...EMPTY_RECIPE, steps });
const ids = (of: Recipe, target: Parameters<typeof refusedOf>[1]) =>
  refusedOf(of, target).map(({ id }) => id);

describe('refusedOf', () => {
  it('says nothing where the target gets all that was asked', () => {
    expect(refusedOf(EMPTY_RECIPE, 'tflite')).toEqual([]);
    expect(
      refusedOf(recipe({ pass: 'quantize-weights', params: { precision: 'int4' } }), 'ort-wasm'),
    ).toEqual([]);
  });

  it('names what was asked for all layers, or for one', () => {
    expect(ids(recipe({ pass: 'quantize-weights', params: { precision: 'int4' } }), 'tflite')).toContain(
      'tflite-no-int4',
    );
    const one = recipe({
      pass: 'quantize-weights',
      params: { precision: 'int8' },
      layers: { conv: { precision: 'int4' } },
    });
    expect(ids(one, 'tflite')).toContain('tflite-no-int4');
    expect(ids(recipe({ pass: 'quantize-activations' }), 'ort-webgpu')).toEqual(['webgpu-no-quantize']);
    const dynamic = recipe({ pass: 'quantize-activations', params: { mode: 'dynamic' } });
    expect(ids(dynamic, 'ort-webgpu')).toEqual(['webgpu-no-dynamic']);
    expect(ids(recipe({ pass: 'convert-half' }), 'ort-wasm')).toEqual(['wasm-no-half-kernels']);
  });

  it('gives the reason why a target has no integer arithmetic', () => {
    expect(integersRefused('ort-webgpu')).toContain('no WebGPU kernel');
    expect(integersRefused('ort-wasm')).toBeNull();
  });
});
