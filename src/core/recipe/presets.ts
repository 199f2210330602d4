/**
 * Recipes with a name. Each begins with *simplify*, which is exact and never makes a file larger, and then asks for one
 * thing. They must not depend on a model.
 */
import type { Recipe, RecipeStep } from './types.ts';

const simplify: RecipeStep = { pass: 'simplify' };
const precision = (value: string): RecipeStep => ({ pass: 'quantize-weights', params: { precision: value } });
const sparsity = (value: number): RecipeStep => ({ pass: 'prune-magnitude', params: { sparsity: value } });

function preset(...steps: readonly RecipeStep[]): Recipe {
  return { format: 'pare-recipe', version: 1, seed: 1, steps: [simplify, ...steps] };
}

export const PRESETS = {
  fp16: preset(precision('fp16')),
  int8: preset(precision('int8')),
  int4: preset(precision('int4')),
  int3: preset(precision('int3')),
  palette16: preset(precision('palette16')),
  sparse50: preset(sparsity(0.5)),
  sparse80: preset(sparsity(0.8)),
  'int8-sparse80': preset(sparsity(0.8), precision('int8')),
} as const satisfies Readonly<Record<string, Recipe>>;
export type PresetName = keyof typeof PRESETS;

export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name);
}
