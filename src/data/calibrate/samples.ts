/**
 * The calibration part of a set as batches of a model's inputs: chosen once, without labels, apart from what is
 * evaluated. It must not know runtimes or what is computed from the samples.
 */
import { sha256Hex } from '../../core/bytes/hash.ts';
import type { CalibrationBatch, CalibrationSamples } from '../../core/calibration/types.ts';
import type { ModelPort } from '../../core/dataset/predictor.ts';
import type { DataConfig } from '../../core/dataset/types.ts';
import { PareError } from '../../core/errors.ts';
import { createBatcher } from '../fit/batcher.ts';
import { selectCalibration } from '../prepare/calibration.ts';
import { indicesOf } from '../prepare/split.ts';
import type { Dataset } from '../types.ts';

export interface CalibrationChoice {
  /** At most so many. */
  readonly count: number;
  readonly seed: number;
  /** Samples of a run, where the model leaves that free. Few keep the runtime's heap small. */
  readonly batch?: number;
  /** Tells sets apart; absent = the name and the keys of the chosen samples do. */
  readonly dataId?: string;
}

/** Runs of more samples are hardly faster. */
const DEFAULT_BATCH = 8;
/** What is kept of fitted samples, so that later sweeps do not decode pictures again. */
const KEPT_BYTES = 96 * 2 ** 20;
const KEY_DIGITS = 16;

/**
 * @param ports the inputs that must be fed
 * @throws PareError `usage` where the description sets no samples aside, `data-invalid` where it does not fit the inputs
 */
export function createCalibrationSamples(
  dataset: Dataset,
  config: DataConfig,
  ports: readonly ModelPort[],
  { count, seed, batch = DEFAULT_BATCH, dataId }: CalibrationChoice,
): CalibrationSamples {
  const pool = indicesOf(dataset, config, 'calibration');
  if (pool.length === 0) throw nothingSetAside(dataset, config);
  const indices = selectCalibration({ indices: pool }, count, seed);
  const batcher = createBatcher(dataset, config, ports, { samples: batch });
  const failed = new Map<number, string>();
  const kept = new Map<number, CalibrationBatch>();
  let keptBytes = 0;
  const what = `${indices.length} ${indices.length === 1 ? 'sample' : 'samples'} of the calibration part of ${dataset.name}`;
  return {
    key: keyOf(dataset, config, indices, dataId),
    origin: 'samples',
    count: indices.length,
    batches: Math.ceil(indices.length / batcher.size),
    get description() {
      if (failed.size === 0) return what;
      return `${what}, ${failed.size} of which cannot be read (${[...failed.values()][0]})`;
    },
    async batch(index) {
      const known = kept.get(index);
      if (known !== undefined) return known;
      const some = indices.subarray(index * batcher.size, (index + 1) * batcher.size);
      const made = await batcher.make(some);
      for (const { index: sample, reason } of made.failed) failed.set(sample, reason);
      const fed: CalibrationBatch = { feeds: made.feeds, rows: made.rows.length };
      const bytes = [...made.feeds.values()].reduce((sum, tensor) => sum + tensor.bytes.byteLength, 0);
      if (keptBytes + bytes <= KEPT_BYTES) {
        keptBytes += bytes;
        kept.set(index, fed);
      }
      return fed;
    },
  };
}

function nothingSetAside(dataset: Dataset, { split }: DataConfig): PareError {
  const found =
    split.calibration === 0
      ? 'The description sets no samples aside for calibration'
      : `${dataset.name} has no samples left for calibration`;
  return new PareError('usage', `${found}, and those that are evaluated must not be looked at.`, {
    at: 'split.calibration',
    hint: 'Set some samples aside (split.calibration in the description), or calibrate on made-up inputs.',
  });
}

/** Of what the model will be fed: the set, how it is fitted, which samples. Labels and the task change nothing. */
function keyOf(
  dataset: Dataset,
  { inputs }: DataConfig,
  indices: Uint32Array,
  dataId: string | undefined,
): string {
  const set = dataId ?? [dataset.name, ...Array.from(indices, (index) => dataset.info(index).key)].join('\n');
  const text = JSON.stringify([set, inputs, Array.from(indices)]);
  return sha256Hex(new TextEncoder().encode(text)).slice(0, KEY_DIGITS);
}
