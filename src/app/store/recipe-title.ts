/** A recipe in a few words: 'int8 · 80 % sparse'. Text only. */
import type { Recipe } from '../../core/recipe/types.ts';
import { SIMPLIFY } from './pass-names.ts';
import { hasIntegers, overrideCount, precisionText, sparsityOf, stepOf } from './recipe-edit.ts';

export function recipeTitle(recipe: Recipe): string {
  if (recipe.steps.length === 0) return 'unchanged';
  const parts: string[] = [];
  const precision = precisionText(recipe);
  const sparsity = sparsityOf(recipe);
  if (precision !== 'fp32') parts.push(precision);
  if (hasIntegers(recipe)) parts.push('integer arithmetic');
  if (sparsity > 0) parts.push(`${Math.round(sparsity * 100)} % sparse`);
  if (stepOf(recipe, SIMPLIFY) !== undefined) parts.push('simplified');
  if (parts.length === 0) parts.push('fp32');
  const overrides = overrideCount(recipe);
  if (overrides > 0) parts.push(`${overrides} ${overrides === 1 ? 'layer' : 'layers'} set by hand`);
  return parts.join(' · ');
}
