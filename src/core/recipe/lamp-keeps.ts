/**
 * The part of a size prediction that depends on the weights themselves: how many each layer keeps when a share of the
 * whole model is pruned by LAMP scores. Runs where the model is. It must not know files.
 */
import { readWeight } from '../onnx/weights.ts';
import type { WeightLayer } from '../onnx/weights.ts';
import { keptCountsOf, lampScores } from '../passes/prune-magnitude/lamp.ts';
import { pruneMagnitudeMeta } from '../passes/prune-magnitude/meta.ts';
import { prunedCount } from '../passes/prune-magnitude/plan.ts';
import type { LampKeeps } from './skeleton.ts';

/** Scores take four bytes a weight while the table is made; beyond this many a prediction is called inexact instead. */
const MAX_ELEMENTS = 64_000_000;

/** @param layers undefined where no pass touches the layer. */
export async function lampKeepsOf(
  layers: readonly (WeightLayer | undefined)[],
  checkpoint: (fraction: number, doing: string) => Promise<void> = () => Promise.resolve(),
): Promise<LampKeeps | undefined> {
  const total = layers.reduce((sum, layer) => sum + (layer?.elements ?? 0), 0);
  if (total > MAX_ELEMENTS) return undefined;
  const scores: (Float32Array | undefined)[] = [];
  for (const [i, layer] of layers.entries()) {
    if (layer !== undefined) await checkpoint(0.5 + i / layers.length / 2, `scoring ${layer.label}`);
    const values = layer === undefined ? undefined : readWeight(layer.tensor);
    scores.push(values === undefined ? undefined : lampScores(values));
  }
  const percents = Math.round(pruneMagnitudeMeta.params.sparsity.max * 100);
  return Array.from({ length: percents + 1 }, (_, percent) => keepsAt(layers, scores, percent / 100));
}

function keepsAt(
  layers: readonly (WeightLayer | undefined)[],
  scores: readonly (Float32Array | undefined)[],
  sparsity: number,
): Uint32Array {
  const keeps = Uint32Array.from(layers, (layer) => layer?.elements ?? 0);
  const places: number[] = [];
  const pool: Float32Array[] = [];
  scores.forEach((layer, i) => {
    // A layer of which this share is less than one weight does not take part.
    if (layer === undefined || prunedCount(layer.length, sparsity) === 0) return;
    places.push(i);
    pool.push(layer);
  });
  const elements = pool.reduce((sum, layer) => sum + layer.length, 0);
  keptCountsOf(pool, prunedCount(elements, sparsity)).forEach((keep, i) => (keeps[places[i]] = keep));
  return keeps;
}
