/** Which passes the sliders and switches stand for, and the order in which steps are put into a recipe. Names and metas only. */
import { PASS_METAS } from '../../core/passes/metas.ts';
import { pruneMagnitudeMeta } from '../../core/passes/prune-magnitude/meta.ts';
import { quantizeWeightsMeta } from '../../core/passes/quantize-weights/meta.ts';
import { SIMPLIFY_META } from '../../core/passes/simplify/meta.ts';
import type { PassMeta } from '../../core/passes/types.ts';

export { PASS_METAS };

export const SIMPLIFY = SIMPLIFY_META.id;
export const PRUNE = pruneMagnitudeMeta.id;
export const QUANTIZE = quantizeWeightsMeta.id;
/** Integer arithmetic: activations in 8 bits. */
export const ACTIVATIONS = 'quantize-activations';
/** The graph computes in half floats. */
export const HALF = 'convert-half';
export const PASS_ORDER: readonly string[] = PASS_METAS.map(({ id }) => id);

export const PRECISION_PARAM = 'precision';
export const SPARSITY_PARAM = 'sparsity';
export const MODE_PARAM = 'mode';
/** Where `SCOPE_PARAM` has this value the pattern, not the slider, says how much is pruned. */
export const SCOPE_PARAM = 'scope';
export const PATTERN_SCOPE = 'nm';

export function metaOf(pass: string): PassMeta | undefined {
  return PASS_METAS.find(({ id }) => id === pass);
}
