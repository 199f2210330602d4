/** The exact size of a recipe from the model's skeleton, or what is known of it. It must not know weights. */
import { predictSize } from '../../core/recipe/predict.ts';
import type { SizeSkeleton } from '../../core/recipe/skeleton.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type { Prediction } from './figures.ts';
import { SIMPLIFY } from './pass-names.ts';
import { stepOf } from './recipe-edit.ts';

/**
 * A recipe that simplifies is predicted from the simplified skeleton. Until that is known the plain one has to do, and
 * the result is an estimate.
 */
export function predictionOf(
  recipe: Recipe,
  skeleton: SizeSkeleton | null,
  simplified: SizeSkeleton | null,
): Prediction | null {
  if (skeleton === null) return null;
  const simplifies = stepOf(recipe, SIMPLIFY) !== undefined;
  const used = simplifies ? (simplified ?? skeleton) : skeleton;
  return { bytes: predictSize(used, recipe), exact: !simplifies || simplified !== null };
}
