/** One recipe, one text: what is saved, compared and named by. It must not know models. */
import { dataConfigJson } from '../dataset/parse.ts';
import type { ParamValues } from '../passes/types.ts';
import { DEFAULT_TARGET } from '../targets/types.ts';
import { DEFAULT_CALIBRATION_SAMPLES } from './types.ts';
import type { Recipe, RecipeStep } from './types.ts';

/** The recipe as JSON with sorted keys and two spaces; equal recipes give equal text. */
export function stringifyRecipe(recipe: Recipe): string {
  const { format, version, seed, target, calibration, steps, data } = recipe;
  const file = {
    format,
    version,
    seed,
    ...(target === undefined || target === DEFAULT_TARGET ? {} : { target }),
    ...(calibration === undefined || calibration.samples === DEFAULT_CALIBRATION_SAMPLES
      ? {}
      : { calibration: { samples: calibration.samples } }),
    steps: steps.map(stepData),
    ...(data === undefined ? {} : { data: dataConfigJson(data) }),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** What the variant's bytes depend on: the same text for recipes that differ only in the data they were judged on. */
export function recipeIdentity({ data: _judgedOn, ...recipe }: Recipe): string {
  return stringifyRecipe(recipe);
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
