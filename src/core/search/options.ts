/** Options in order, and how a recipe says them. It must not know damages. */
import type { RecipeStep } from '../recipe/types.ts';
import type { ParamValues } from '../passes/types.ts';
import type { LayerOption } from './types.ts';

/** More bits first. */
const BITS: Readonly<Record<LayerOption, number>> = {
  fp32: 32,
  fp16: 16,
  int8: 8,
  'int8-activations': 8,
  int4: 4,
  int3: 3,
  int2: 2,
};

export function bitsOf(option: LayerOption): number {
  return BITS[option];
}

/** Precision of the weights behind an option. */
export function weightPrecision(option: LayerOption): string {
  return option === 'int8-activations' ? 'int8' : option;
}

/** The one with the fewest bits; among equals the one that rounds activations too. */
export function boldest(options: readonly LayerOption[]): LayerOption {
  let found: LayerOption = 'fp32';
  for (const option of options) {
    const fewer = BITS[option] - BITS[found];
    if (fewer < 0 || (fewer === 0 && option === 'int8-activations')) found = option;
  }
  return found;
}

export const QUANTIZE_WEIGHTS = 'quantize-weights';
export const QUANTIZE_ACTIVATIONS = 'quantize-activations';
export const EQUALIZE = 'equalize';

/** Layers get what was chosen for them, and are not given more bits by a rule of thumb. */
export const EXACTLY: ParamValues = { protect: 'none' };

/** quantize-weights with each layer's precision: what most layers have is the step's own, the others are overrides. */
export function weightStep(
  choice: Readonly<Record<string, LayerOption>>,
  params: ParamValues = {},
): RecipeStep | undefined {
  const precisions = Object.entries(choice).map(
    ([layer, option]) => [layer, weightPrecision(option)] as const,
  );
  if (precisions.every(([, precision]) => precision === 'fp32')) return undefined;
  const fragile = Object.values(choice).some((option) => BITS[option] < BITS.int8);
  const counts = new Map<string, number>();
  for (const [, precision] of precisions) counts.set(precision, (counts.get(precision) ?? 0) + 1);
  const [usual] = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best));
  const layers = Object.fromEntries(
    precisions
      .filter(([, precision]) => precision !== usual)
      .map(([layer, precision]) => [layer, { precision }]),
  );
  return {
    pass: QUANTIZE_WEIGHTS,
    params: { ...params, ...(fragile ? EXACTLY : {}), precision: usual },
    ...(Object.keys(layers).length === 0 ? {} : { layers }),
  };
}

/** quantize-activations for the chosen layers and no others; undefined where none is chosen. */
export function activationStep(choice: Readonly<Record<string, LayerOption>>): RecipeStep | undefined {
  const chosen = Object.keys(choice).filter((layer) => choice[layer] === 'int8-activations');
  if (chosen.length === 0) return undefined;
  return {
    pass: QUANTIZE_ACTIVATIONS,
    params: { mode: 'float' },
    layers: Object.fromEntries(chosen.map((layer) => [layer, { mode: 'static' }])),
  };
}
