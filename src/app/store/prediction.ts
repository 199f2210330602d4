/** The exact size of a recipe from the model's skeleton, or what is known of it. It must not know weights. */
import { predictSize } from '../../core/recipe/predict.ts';
import type { SizePrediction } from '../../core/recipe/predict.ts';
import type { SizeSkeleton } from '../../core/recipe/skeleton.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import { SIMPLIFY } from './pass-names.ts';

/** Several panels ask for the same recipe in one frame; recipes are immutable, so the object is the key. */
const known = new WeakMap<Recipe, WeakMap<SizeSkeleton, SizePrediction>>();

/**
 * A recipe that begins with simplify is predicted from the simplified skeleton. Until that is known the plain one has
 * to do, and the prediction itself says that it is not exact.
 */
export function predictionOf(
  recipe: Recipe,
  skeleton: SizeSkeleton | null,
  simplified: SizeSkeleton | null,
): SizePrediction | null {
  if (skeleton === null) return null;
  const used = recipe.steps[0]?.pass === SIMPLIFY ? (simplified ?? skeleton) : skeleton;
  const bySkeleton = known.get(recipe) ?? new WeakMap<SizeSkeleton, SizePrediction>();
  known.set(recipe, bySkeleton);
  const prediction = bySkeleton.get(used) ?? predictSize(used, recipe);
  bySkeleton.set(used, prediction);
  return prediction;
}
