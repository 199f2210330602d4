/** All passes, listed by hand so that the type checker and a reader see them. Adding a pass: its folder, metas.ts, here. */
import { convertHalfPass } from './convert-half/pass.ts';
import { correctBiasPass } from './correct-bias/pass.ts';
import { equalizePass } from './equalize/pass.ts';
import { pruneMagnitude } from './prune-magnitude/pass.ts';
import { quantizeActivations } from './quantize-activations/pass.ts';
import { quantizeWeights } from './quantize-weights/pass.ts';
import { simplifyPass } from './simplify/pass.ts';
import { smoothActivationsPass } from './smooth-activations/pass.ts';
import type { Pass } from './types.ts';

export const PASSES: readonly Pass[] = [
  simplifyPass,
  equalizePass,
  smoothActivationsPass,
  pruneMagnitude,
  quantizeWeights,
  correctBiasPass,
  quantizeActivations,
  convertHalfPass,
];
