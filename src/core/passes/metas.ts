/** The passes as data, in the order in which they make sense: what the page and the recipe parser need. Nothing here runs. */
import { convertHalfMeta } from './convert-half/meta.ts';
import { correctBiasMeta } from './correct-bias/meta.ts';
import { equalizeMeta } from './equalize/meta.ts';
import { pruneMagnitudeMeta } from './prune-magnitude/meta.ts';
import { quantizeActivationsMeta } from './quantize-activations/meta.ts';
import { quantizeWeightsMeta } from './quantize-weights/meta.ts';
import { SIMPLIFY_META } from './simplify/meta.ts';
import { smoothActivationsMeta } from './smooth-activations/meta.ts';
import type { PassMeta } from './types.ts';

export const PASS_METAS: readonly PassMeta[] = [
  SIMPLIFY_META,
  equalizeMeta,
  smoothActivationsMeta,
  pruneMagnitudeMeta,
  quantizeWeightsMeta,
  correctBiasMeta,
  quantizeActivationsMeta,
  convertHalfMeta,
];

export function findPassMeta(id: string): PassMeta | undefined {
  return PASS_METAS.find((meta) => meta.id === id);
}
