/**
 * A model over a part of a set: batches in, one record a sample out. What cannot be read, fitted or scored is a record
 * too, with its reason. It must not know runtimes, workers or what records are compared with.
 */
import type { DataConfig, DataPart } from '../../core/dataset/types.ts';
import type { Predictor } from '../../core/dataset/predictor.ts';
import { PareError } from '../../core/errors.ts';
import { createScorer, type Outputs } from '../../core/metrics/tasks/scorer.ts';
import type { SampleRecord } from '../../core/metrics/tasks/types.ts';
import { createBatcher, type Batch } from '../fit/batcher.ts';
import { indicesOf } from '../prepare/split.ts';
import type { Checkpoint, Dataset } from '../types.ts';
import { scoreRow } from './score-row.ts';

export interface EvaluatorOptions {
  readonly dataset: Dataset;
  readonly config: DataConfig;
  readonly predictor: Predictor;
  /** Absent = the whole set, whatever the description leaves out. */
  readonly part?: DataPart;
  /** Instead of a part: positions in the set. */
  readonly indices?: ArrayLike<number>;
}

export interface Evaluator {
  /** How many the part has. */
  readonly samples: number;
  /**
   * Records of the samples [from, to) of the part, in order.
   * @throws PareError when the model cannot be run at all, or `cancelled` by the checkpoint.
   */
  evaluate(from: number, to: number, checkpoint: Checkpoint): Promise<readonly SampleRecord[]>;
}

/** @throws PareError `data-invalid` when the description does not fit, `not-measurable` for agreement. */
export function createEvaluator({ dataset, config, predictor, part, indices }: EvaluatorOptions): Evaluator {
  const chosen =
    indices ?? (part === undefined ? everyIndex(dataset.length) : indicesOf(dataset, config, part));
  const batcher = createBatcher(dataset, config, predictor.inputs);
  const scorer = createScorer(config.task, { classes: config.classes, ports: predictor.outputs });
  const runner = new BatchRunner(predictor, batcher.fixed);
  return {
    samples: chosen.length,
    async evaluate(from, to, checkpoint) {
      const end = Math.min(to, chosen.length);
      const records: SampleRecord[] = [];
      // One by one, once the model has shown that it takes no more, so that nothing is read twice.
      const chunk = (at: number): number[] =>
        slice(chosen, at, Math.min(end, at + (runner.single ? 1 : batcher.size)));
      let indicesHere = from < end ? chunk(from) : [];
      let next = indicesHere.length > 0 ? batcher.make(indicesHere) : undefined;
      for (let at = from; next !== undefined;) {
        const batch: Batch = await next;
        const score = (made: Batch, outputs: Outputs): SampleRecord[] =>
          made.rows.map((row, i) => scoreRow(scorer, config, outputs, row, i, made.size));
        const running = runner.run(batch, score, (index) => batcher.make([index]));
        // Where the runtime does not block, the next batch is read and decoded meanwhile.
        at += indicesHere.length;
        const following = at < end ? chunk(at) : [];
        next = following.length > 0 ? batcher.make(following) : undefined;
        // A failed run must not leave a second failure unheard.
        next?.catch(() => undefined);
        const scored = await running;
        // Rows keep the order of their samples; only what failed has to be put between them.
        records.push(
          ...(batch.failed.length === 0 ? scored : inOrder(indicesHere, [...scored, ...batch.failed])),
        );
        indicesHere = following;
        await checkpoint((at - from) / (end - from), `${at - from} of ${end - from} samples`);
      }
      return records;
    },
  };
}

function everyIndex(length: number): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => i);
}

function slice(indices: ArrayLike<number>, from: number, to: number): number[] {
  const out: number[] = [];
  for (let i = from; i < to; i++) out.push(indices[i]);
  return out;
}

function inOrder(indices: readonly number[], records: readonly SampleRecord[]): SampleRecord[] {
  const byIndex = new Map(records.map((record) => [record.index, record]));
  return indices.flatMap((index) => byIndex.get(index) ?? []);
}

type Score = (batch: Batch, outputs: Outputs) => SampleRecord[];

/**
 * Runs batches, and finds out once when a model that declares a free batch takes single samples only: some exporters
 * leave a shape inside that holds for one.
 */
class BatchRunner {
  readonly #predictor: Predictor;
  readonly #fixed: boolean;
  #mode: 'unknown' | 'batches' | 'single' = 'unknown';

  constructor(predictor: Predictor, fixed: boolean) {
    this.#predictor = predictor;
    this.#fixed = fixed;
  }

  get single(): boolean {
    return this.#mode === 'single';
  }

  async run(batch: Batch, score: Score, make: (index: number) => Promise<Batch>): Promise<SampleRecord[]> {
    if (batch.rows.length === 0) return [];
    if (this.#mode !== 'single') {
      try {
        const records = score(batch, await this.#predictor.run(batch.feeds));
        const good = records.some(({ kind }) => kind !== 'failed');
        if (good) this.#mode = 'batches';
        if (good || this.#fixed || batch.size === 1 || this.#mode === 'batches') return records;
      } catch (error) {
        if (this.#fixed || batch.size === 1 || this.#mode === 'batches' || !isRefusal(error)) throw error;
      }
    }
    const records: SampleRecord[] = [];
    for (const { index } of batch.rows) {
      const one = await make(index);
      records.push(...one.failed);
      if (one.rows.length > 0) records.push(...score(one, await this.#predictor.run(one.feeds)));
    }
    if (this.#mode === 'unknown' && records.some(({ kind }) => kind !== 'failed')) this.#mode = 'single';
    return records;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof PareError && (error.code === 'runtime-refused' || error.code === 'runtime-crashed');
}
