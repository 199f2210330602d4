/** The user's own samples as inputs of a model, one at a time, to compare and time models on. It must not run anything. */
import { MemorySource } from '../core/bytes/spans.ts';
import type { ModelPort } from '../core/dataset/predictor.ts';
import type { DataConfig } from '../core/dataset/types.ts';
import { PareError } from '../core/errors.ts';
import type { HostTensor } from '../core/onnx/graph-runner.ts';
import { overridableInitializers } from '../core/onnx/overridable.ts';
import { readModel } from '../core/onnx/read.ts';
import { createBatcher } from '../data/fit/batcher.ts';
import { indicesOf } from '../data/prepare/split.ts';
import type { Dataset } from '../data/types.ts';
import type { DownloadFile } from '../runtime/contract.ts';
import { readModelBytes } from '../runtime/model-bytes.ts';

/** Feeds of the first samples that can be read, spread over the part that is evaluated. */
export async function readSampleFeeds(
  dataset: Dataset,
  config: DataConfig,
  inputs: readonly ModelPort[],
  count: number,
): Promise<readonly ReadonlyMap<string, HostTensor>[]> {
  const indices = indicesOf(dataset, config, 'evaluation');
  if (indices.length === 0) throw new PareError('data-invalid', 'No sample is left to evaluate.');
  const batcher = createBatcher(dataset, config, inputs, { samples: 1 });
  const feeds: ReadonlyMap<string, HostTensor>[] = [];
  const wanted = Math.min(count, indices.length);
  let failure = 'none could be read';
  // A few more are tried than are wanted, so that unreadable ones do not matter.
  for (let i = 0; i < Math.min(indices.length, 2 * wanted) && feeds.length < wanted; i++) {
    const batch = await batcher.make([indices[spread(i, wanted, indices.length)]]);
    if (batch.rows.length > 0) feeds.push(batch.feeds);
    else failure = batch.failed.at(0)?.reason ?? failure;
  }
  if (feeds.length === 0) {
    throw new PareError('data-invalid', `None of the first samples can be fed to the model: ${failure}.`);
  }
  return feeds;
}

/** Evenly over the part; the second round takes the neighbours of the first. */
function spread(i: number, wanted: number, length: number): number {
  const stride = Math.max(1, Math.floor(length / wanted));
  return ((i % wanted) * stride + Math.floor(i / wanted)) % length;
}

/**
 * The inputs that a model must be fed, read from its file.
 * @throws PareError as readModel does
 */
export async function modelInputs(files: readonly DownloadFile[]): Promise<readonly ModelPort[]> {
  const { model } = await readModelBytes(files.slice(0, 1));
  const { graph } = readModel(new MemorySource(model), { missingExternal: 'allow' });
  const initializers = new Set(graph.initializers.map(({ name }) => name));
  const overridable = overridableInitializers(graph);
  return graph.inputs
    .filter(({ name }) => !initializers.has(name) || overridable.has(name))
    .map(({ name, type }) => ({
      name,
      dataType: type?.elementType ?? 'undefined',
      // A literal below zero is a free size.
      shape: type?.shape?.map((d) => (typeof d === 'number' && d < 0 ? null : d)) ?? null,
    }));
}
