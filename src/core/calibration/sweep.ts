/**
 * Runs an instrumented model over all samples, batch by batch, and hands on what it gives. A model that declares a free
 * batch and takes single samples only is found out and fed one by one. It must not know what is computed.
 */
import { PareError } from '../errors.ts';
import type { GraphRunner, GraphSession, HostTensor } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';
import { writeModel } from '../onnx/write.ts';
import { bitsOf } from '../tensor/dtype.ts';
import type { CalibrationBatch, CalibrationSamples, Checkpoint } from './types.ts';

/** What is run over the samples. */
export interface SweepGraph {
  readonly model: Model;
  readonly outputs: readonly string[];
}

export interface SweepHost {
  readonly runner: GraphRunner;
  readonly samples: CalibrationSamples;
}

export interface Sweep {
  /** The base model, to tell a model that does not run from statistics that cannot be had. */
  readonly base: Model;
  /** Of so many batches one is looked at in full; absent = all are. */
  readonly every?: number;
  /**
   * @param padded the samples of a run are given by its input `rowsInput`
   * @param full false: a batch between two that are looked at in full; undefined skips those
   */
  graph(padded: boolean, full: boolean): (SweepGraph & { readonly rowsInput?: string }) | undefined;
  /** More feeds for one run, e.g. where to look. */
  extraFeeds?(batch: CalibrationBatch, padded: boolean): ReadonlyMap<string, HostTensor>;
  take(outputs: ReadonlyMap<string, HostTensor>, rows: number, full: boolean): void | Promise<void>;
}

/** @returns samples that were run */
export async function sweepSamples(
  { runner, samples }: SweepHost,
  sweep: Sweep,
  checkpoint: Checkpoint,
): Promise<number> {
  const sessions = new SweepSessions(runner, sweep);
  let full = true;
  const feeder = new BatchFeeder(sweep.base, (batch, padded) => sessions.once(batch, padded, full));
  const { every = 1 } = sweep;
  let done = 0;
  // A batch to be looked at in full that has no readable sample is made up for by the next one.
  let sinceFull = 0;
  try {
    for (let index = 0; index < samples.batches; index++) {
      full = sinceFull % every === 0;
      await checkpoint(index / samples.batches, `looking at sample ${done + 1} of ${samples.count}`);
      if (full || sessions.has(full)) {
        const batch = await samples.batch(index);
        await feeder.run(batch);
        done += batch.rows;
        if (full && batch.rows === 0) continue;
      }
      sinceFull++;
    }
  } finally {
    await sessions.release();
  }
  if (done === 0) throw noneReadable(samples);
  return done;
}

/** @param samples were all tried */
export function noneReadable({ description }: CalibrationSamples): PareError {
  return new PareError('data-invalid', `None of the calibration samples can be read: ${description}.`);
}

type OpenSession = SweepGraph & { readonly rowsInput?: string; readonly session: GraphSession };

/** Runs batches, sample by sample where the model turns out to take only those. */
export class BatchFeeder {
  readonly #base: Model;
  readonly #once: (batch: CalibrationBatch, padded: boolean) => Promise<void>;
  #single = false;
  #ran = false;

  /**
   * @param base whose inputs are fed
   * @param once runs a batch; `padded`: only the first of its rows count. It must change nothing when it throws.
   */
  constructor(base: Model, once: (batch: CalibrationBatch, padded: boolean) => Promise<void>) {
    this.#base = base;
    this.#once = once;
  }

  /** A batch without rows is left out. */
  async run(batch: CalibrationBatch): Promise<void> {
    if (batch.rows === 0) return;
    const size = batchSizeOf(batch, this.#base);
    if (this.#single && size === batch.rows) return this.#oneByOne(batch);
    try {
      await this.#once(batch, size > batch.rows);
      this.#ran = true;
    } catch (error) {
      const refused = error instanceof PareError && error.code === 'runtime-refused';
      if (!refused || this.#ran || batch.rows === 1 || size > batch.rows) throw error;
      await this.#oneByOne(batch);
      this.#single = true;
    }
  }

  async #oneByOne(batch: CalibrationBatch): Promise<void> {
    for (let row = 0; row < batch.rows; row++) await this.#once(rowOf(batch, row), false);
  }
}

/** The sessions of a sweep: for batches looked at in full or not, and for those of which only some rows count. */
class SweepSessions {
  readonly #runner: GraphRunner;
  readonly #sweep: Sweep;
  readonly #open = new Map<string, OpenSession>();

  constructor(runner: GraphRunner, sweep: Sweep) {
    this.#runner = runner;
    this.#sweep = sweep;
  }

  /** Whether such batches are run at all. */
  has(full: boolean): boolean {
    return this.#open.has(keyOf(false, full)) || this.#sweep.graph(false, full) !== undefined;
  }

  async once(batch: CalibrationBatch, padded: boolean, full: boolean): Promise<void> {
    const opened = await this.#session(padded, full);
    if (opened === undefined) return;
    const { session, outputs, model, rowsInput } = opened;
    const feeds = new Map(batch.feeds);
    for (const [name, tensor] of this.#sweep.extraFeeds?.(batch, padded) ?? []) feeds.set(name, tensor);
    if (rowsInput !== undefined)
      feeds.set(rowsInput, wholeTensor(Array.from({ length: batch.rows }, (_, i) => i)));
    const taken = new Set(model.graph.inputs.map(({ name }) => name));
    for (const name of feeds.keys()) if (!taken.has(name)) feeds.delete(name);
    await this.#sweep.take(await session.run(feeds, outputs), batch.rows, full);
  }

  async #session(padded: boolean, full: boolean): Promise<OpenSession | undefined> {
    const key = keyOf(padded, full);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const graph = this.#sweep.graph(padded, full);
    if (graph === undefined) return undefined;
    const bytes = writeModel(graph.model, { externalize: 'never' }).model;
    const made = { ...graph, session: await this.#runner.open(bytes, 'basic') };
    this.#open.set(key, made);
    return made;
  }

  async release(): Promise<void> {
    for (const { session } of this.#open.values()) await session.release();
    this.#open.clear();
  }
}

function keyOf(padded: boolean, full: boolean): string {
  return `${padded ? 'padded' : 'whole'} ${full ? 'full' : 'partly'}`;
}

/** Rows of the tensors: more than `rows` where the last samples only fill a fixed batch. */
export function batchSizeOf({ feeds, rows }: CalibrationBatch, { graph }: Model): number {
  for (const { name, type } of graph.inputs) {
    const declared = type?.shape?.[0];
    const fed = feeds.get(name)?.dims[0];
    if (fed !== undefined && declared === fed && fed > rows) return fed;
  }
  return rows;
}

/** One sample of a batch. */
function rowOf({ feeds, rows }: CalibrationBatch, row: number): CalibrationBatch {
  const one = new Map<string, HostTensor>();
  for (const [name, tensor] of feeds) {
    const bytes = (tensor.bytes.byteLength / rows) | 0;
    const splits = tensor.dims[0] === rows && bitsOf(tensor.dataType) >= 8;
    one.set(
      name,
      splits
        ? {
            dataType: tensor.dataType,
            dims: [1, ...tensor.dims.slice(1)],
            bytes: tensor.bytes.subarray(row * bytes, (row + 1) * bytes),
          }
        : tensor,
    );
  }
  return { feeds: one, rows: 1 };
}

export function wholeTensor(values: readonly number[]): HostTensor {
  return {
    dataType: 'int64',
    dims: [values.length],
    bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
  };
}
