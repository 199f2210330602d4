/** Which passes the two sliders stand for, and the order in which steps are put into a recipe. Names and metas only. */
import type { PassMeta } from '../../core/passes/types.ts';
import { pruneMagnitudeMeta } from '../../core/passes/prune-magnitude/meta.ts';
import { quantizeWeightsMeta } from '../../core/passes/quantize-weights/meta.ts';
import { SIMPLIFY_META } from '../../core/passes/simplify/meta.ts';

export const PASS_METAS: readonly PassMeta[] = [SIMPLIFY_META, pruneMagnitudeMeta, quantizeWeightsMeta];

export const SIMPLIFY = SIMPLIFY_META.id;
export const PRUNE = pruneMagnitudeMeta.id;
export const QUANTIZE = quantizeWeightsMeta.id;
export const PASS_ORDER: readonly string[] = PASS_METAS.map(({ id }) => id);

export const PRECISION_PARAM = 'precision';
export const SPARSITY_PARAM = 'sparsity';
/** Where `SCOPE_PARAM` has this value the pattern, not the slider, says how much is pruned. */
export const SCOPE_PARAM = 'scope';
export const PATTERN_SCOPE = 'nm';

export function metaOf(pass: string): PassMeta | undefined {
  return PASS_METAS.find(({ id }) => id === pass);
}
