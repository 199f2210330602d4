/** What a recipe asks of a target, in the words of the target's refusals; and what is refused of it. Pure. */
import type { Recipe } from '../../core/recipe/types.ts';
import { targetOf } from '../../core/targets/registry.ts';
import type { TargetId, TargetRule } from '../../core/targets/types.ts';
import { ACTIVATIONS, HALF, MODE_PARAM, PRECISION_PARAM, QUANTIZE } from './pass-names.ts';
import { hasIntegers, precisionText, sparsityOf, stepOf } from './recipe-edit.ts';

/** Keys of `Target.refusals` that the recipe touches. */
function askedOf(recipe: Recipe): ReadonlySet<string> {
  const asked = new Set<string>();
  const own = Object.values(stepOf(recipe, QUANTIZE)?.layers ?? {}).map((params) => params[PRECISION_PARAM]);
  for (const precision of [precisionText(recipe), ...own]) {
    if (typeof precision === 'string') asked.add(precision.startsWith('palette') ? 'palette' : precision);
  }
  if (stepOf(recipe, QUANTIZE)?.params?.['symmetric'] === false) asked.add('zero-points');
  if (stepOf(recipe, QUANTIZE)?.params?.['granularity'] === 'block') asked.add('blocks');
  const activations = stepOf(recipe, ACTIVATIONS)?.params?.[MODE_PARAM];
  if (activations === 'dynamic') asked.add('dynamic-activations');
  else if (hasIntegers(recipe)) asked.add('int8-activations');
  if (stepOf(recipe, HALF) !== undefined) asked.add('fp16-compute');
  if (sparsityOf(recipe) > 0) asked.add('sparse');
  return asked;
}

/** Why the target does not get parts of what the recipe asks for. */
export function refusedOf(recipe: Recipe, target: TargetId): readonly TargetRule[] {
  const asked = askedOf(recipe);
  return Object.entries(targetOf(target).refusals).flatMap(([what, rule]) => (asked.has(what) ? [rule] : []));
}

/** Integer arithmetic for a target, or why there is none. */
export function integersRefused(target: TargetId): string | null {
  const { activations, refusals } = targetOf(target);
  if (activations !== null) return null;
  return refusals['int8-activations']?.text ?? 'Activations are never quantized for this target.';
}
