/**
 * How many weights of a layer stay, from parameters alone. The pass follows it and the page predicts sizes from it.
 * It must not know graphs.
 */
import { layoutOf } from '../../tensor/encoding.ts';
import type { WeightStorage } from '../../tensor/encoding.ts';
import type { Target } from '../../targets/types.ts';
import type { ParamValues } from '../types.ts';

export type PrunePlan =
  /** Exactly `keep` weights of largest magnitude stay. */
  | { readonly kind: 'keep'; readonly keep: number }
  /** Of every `m` consecutive weights along the inputs of an output channel, `n` stay. */
  | { readonly kind: 'nm'; readonly n: number; readonly m: number; readonly keep: number }
  /** The layer's share is decided together with the others. */
  | { readonly kind: 'global' };

export interface PrunableLayer {
  readonly dims: readonly number[];
  readonly axis: number | undefined;
  readonly elements: number;
}

/**
 * @param values every parameter of the layer, overrides merged.
 * @param overridden the layer has its own sparsity: it is pruned to that, whatever the scope.
 * @returns undefined when nothing is to be pruned.
 */
export function planPrune(
  layer: PrunableLayer,
  values: ParamValues,
  overridden: boolean,
): PrunePlan | undefined {
  const sparsity = Number(values['sparsity']);
  const scope = overridden ? 'uniform' : values['scope'];
  if (scope === 'nm') return nmPlan(layer, String(values['pattern']));
  const prune = prunedCount(layer.elements, sparsity);
  if (prune === 0) return undefined;
  return scope === 'global' ? { kind: 'global' } : { kind: 'keep', keep: layer.elements - prune };
}

/**
 * Whether keeping `keep` weights prunes nothing. A layer that an earlier step has left fewer (`kept`) is sparse enough;
 * a pattern has to be made all the same.
 */
export function prunesNothing(
  kind: PrunePlan['kind'],
  keep: number,
  elements: number,
  kept: number,
): boolean {
  return keep >= (kind === 'nm' ? elements : kept);
}

/** ⌊elements · sparsity⌋, where a share such as 0.29 · 100 must not lose one to float rounding. */
export function prunedCount(elements: number, sparsity: number): number {
  return Math.floor(elements * sparsity + elements * Number.EPSILON);
}

function nmPlan(layer: PrunableLayer, pattern: string): PrunePlan {
  const [n, m] = pattern.split(':').map(Number);
  const { rows, columns } = rowsOf(layer);
  const tail = columns % m;
  return { kind: 'nm', n, m, keep: rows * (Math.floor(columns / m) * n + Math.min(n, tail)) };
}

/** A layer as output channels × inputs; one row where there is no output-channel axis. */
export function rowsOf(layer: PrunableLayer): { rows: number; columns: number } {
  if (layer.axis === undefined) return { rows: 1, columns: layer.elements };
  const { channels, reduction } = layoutOf(layer.dims, layer.axis);
  return { rows: channels, columns: reduction };
}

/** Zeros are written out where the target has no form for their places. */
export function storageOf(values: ParamValues, target: Pick<Target, 'refusals'>): WeightStorage['sparse'] {
  if (Object.hasOwn(target.refusals, 'sparse')) return 'dense';
  const asked = values['storage'];
  return asked === 'dense' || asked === 'bitmask' ? asked : 'auto';
}
