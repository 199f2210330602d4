/** One recipe, one text: what is saved, compared and named by. It must not know models. */
import type { ParamValues } from '../passes/types.ts';
import type { Recipe, RecipeStep } from './types.ts';

/** The recipe as JSON with sorted keys and two spaces; equal recipes give equal text. */
export function stringifyRecipe(recipe: Recipe): string {
  const { format, version, seed, steps } = recipe;
  return `${JSON.stringify({ format, version, seed, steps: steps.map(stepData) }, null, 2)}\n`;
}

function stepData({ pass, params, layers }: RecipeStep): object {
  return {
    pass,
    ...(params === undefined || Object.keys(params).length === 0 ? {} : { params: sorted(params) }),
    ...(layers === undefined || Object.keys(layers).length === 0
      ? {}
      : { layers: sorted(Object.fromEntries(Object.entries(layers).map(([id, v]) => [id, sorted(v)]))) }),
  };
}

function sorted<T>(values: Readonly<Record<string, T>> | ParamValues): object {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
