/** What may be asked for on a target, in the order of bits. Pure. */
import type { LayerOption } from '../../core/search/types.ts';
import { targetOf } from '../../core/targets/registry.ts';
import { DEFAULT_TARGET } from '../../core/targets/types.ts';
import type { TargetId } from '../../core/targets/types.ts';
import { recipeOf } from './state.ts';
import type { AppState } from './state.ts';

export function targetOnScreen(state: AppState): TargetId {
  return recipeOf(state).target ?? DEFAULT_TARGET;
}

/** What the target computes and stores, of what is worth asking for. */
function allowed(target: TargetId, option: LayerOption): boolean {
  const { activations, weights, fp16 } = targetOf(target);
  switch (option) {
    case 'fp32':
      return true;
    case 'fp16':
      return fp16 !== 'refuses';
    case 'int8':
      return weights.bits.includes(8);
    case 'int8-activations':
      return activations !== null;
    case 'int4':
      return weights.bits.includes(4);
    case 'int3':
      return weights.bits.includes(3);
    case 'int2':
      return weights.bits.includes(2);
    default:
      return option satisfies never;
  }
}

/** Half floats change nothing that could be measured in one layer. */
const SENSITIVITY_OPTIONS: readonly LayerOption[] = ['int8', 'int8-activations', 'int4'];
const TUNE_OPTIONS: readonly LayerOption[] = ['fp32', 'fp16', 'int8', 'int8-activations', 'int4'];

export function sensitivityOptions(target: TargetId): readonly LayerOption[] {
  return SENSITIVITY_OPTIONS.filter((option) => allowed(target, option));
}

export function tuneOptions(target: TargetId): readonly LayerOption[] {
  return TUNE_OPTIONS.filter((option) => allowed(target, option));
}
