/**
 * Runs attempts on the first samples of an order, more of them when asked, and keeps what each sample gave. Pictures
 * are decoded and brought to size once for all attempts that share them, within a bound of memory. It must not choose.
 */
import type { ImageFit, InputFit } from '../../core/dataset/types.ts';
import type { Predictor } from '../../core/dataset/predictor.ts';
import type { Outputs } from '../../core/metrics/tasks/scorer.ts';
import type { FailedRecord } from '../../core/metrics/tasks/types.ts';
import { createBatcher, type Batch, type BatchRow } from '../fit/batcher.ts';
import { shapePicture } from '../fit/picture-fit.ts';
import type { Dataset, RawValue } from '../types.ts';

/** Shaped pictures that are kept, and decoded ones: small beside the 600 MB that a page should stay below. */
const CACHE_BYTES = 16 * 2 ** 20;
const RAW_CACHE_BYTES = 4 * 2 ** 20;

/** What a row of outputs gave; null = the sample could not be read. */
export type Measure<T> = (outputs: Outputs | null, position: number, rows: number, row: BatchRow | null) => T;

export class Trials<T> {
  readonly #predictor: Predictor;
  readonly #order: readonly number[];
  readonly #measure: Measure<T>;
  readonly #raw: Dataset;
  readonly #cache: ByteCache<ReadonlyMap<string, RawValue>>;
  readonly #results = new Map<string, T[]>();
  #limit: number | undefined;
  /** Samples that were run. */
  runs = 0;
  readonly #unread = new Map<number, FailedRecord>();

  constructor(dataset: Dataset, predictor: Predictor, order: readonly number[], measure: Measure<T>) {
    this.#predictor = predictor;
    this.#order = order;
    this.#measure = measure;
    this.#cache = new ByteCache(CACHE_BYTES);
    this.#raw = cachedReads(dataset, new ByteCache(RAW_CACHE_BYTES));
  }

  /**
   * @param key names the attempt.
   * @returns what the first `count` samples of the order gave.
   * @throws PareError when the model refuses these inputs.
   */
  async first(
    key: string,
    fits: Readonly<Record<string, InputFit>>,
    count: number,
    step: () => Promise<void>,
  ): Promise<readonly T[]> {
    const done = this.#results.get(key) ?? [];
    this.#results.set(key, done);
    const { dataset, inputs } = this.#shaped(fits);
    const end = Math.min(count, this.#order.length);
    while (done.length < end) {
      const limits = this.#limit === undefined ? {} : { samples: this.#limit };
      const batcher = createBatcher(dataset, { inputs }, this.#predictor.inputs, limits);
      const indices = this.#order.slice(done.length, Math.min(end, done.length + batcher.size));
      const batch = await batcher.make(indices);
      const outputs = await this.#run(batch, batcher.fixed);
      if (outputs === undefined) continue;
      for (const failed of batch.failed) this.#unread.set(failed.index, failed);
      const rows = new Map(batch.rows.map((row, i) => [row.index, { row, i }]));
      for (const index of indices) {
        const found = rows.get(index);
        done.push(
          found === undefined
            ? this.#measure(null, 0, batch.size, null)
            : this.#measure(outputs, found.i, batch.size, found.row),
        );
      }
      this.runs += batch.rows.length;
      await step();
    }
    return done.slice(0, end);
  }

  /** Samples that could not be read or fitted, and why. */
  unread(): readonly FailedRecord[] {
    return [...this.#unread.values()];
  }

  /** Undefined: the model takes single samples only, whatever it declares; try again. */
  async #run(batch: Batch, fixed: boolean): Promise<Outputs | undefined> {
    if (batch.rows.length === 0) return new Map();
    try {
      return await this.#predictor.run(batch.feeds);
    } catch (error) {
      if (fixed || batch.size === 1) throw error;
      this.#limit = 1;
      return undefined;
    }
  }

  /** The set with each input's picture already brought to size, and fits that take it as it is. */
  #shaped(fits: Readonly<Record<string, InputFit>>): { dataset: Dataset; inputs: Record<string, InputFit> } {
    const pictures = Object.entries(fits).flatMap(([port, fit]) =>
      fit.kind === 'image' ? [{ port, fit }] : [],
    );
    const inputs: Record<string, InputFit> = { ...fits };
    for (const { port, fit } of pictures) {
      inputs[port] = { ...fit, source: shapedName(port), resize: 'none' };
    }
    const geometry = pictures.map(({ fit }) => [
      fit.source,
      fit.width,
      fit.height,
      fit.resize,
      fit.shortSide,
      fit.padValue,
    ]);
    const key = JSON.stringify(geometry);
    const dataset: Dataset = {
      ...bound(this.#raw),
      read: async (index) => {
        const id = `${key}${index}`;
        const known = this.#cache.get(id);
        if (known !== undefined) return known;
        const sample = new Map(await this.#raw.read(index));
        for (const { port, fit } of pictures) {
          const source = sample.get(fit.source);
          if (source?.kind === 'image') sample.set(shapedName(port), shapedImage(source.picture, fit));
        }
        for (const { fit } of pictures) sample.delete(fit.source);
        this.#cache.set(id, sample, bytesOf(sample));
        return sample;
      },
    };
    return { dataset: pictures.length === 0 ? this.#raw : dataset, inputs };
  }
}

const shapedName = (port: string): string => `shaped ${port}`;

function shapedImage(
  picture: Extract<RawValue, { readonly kind: 'image' }>['picture'],
  fit: ImageFit,
): RawValue {
  const rgb = shapePicture(picture, fit);
  const rgba = new Uint8Array(fit.width * fit.height * 4);
  for (let i = 0, at = 0; i < rgb.length; i += 3, at += 4) {
    rgba[at] = rgb[i];
    rgba[at + 1] = rgb[i + 1];
    rgba[at + 2] = rgb[i + 2];
  }
  return { kind: 'image', picture: { width: fit.width, height: fit.height, rgba } };
}

/** A dataset's members, whatever object holds them. */
function bound(dataset: Dataset): Dataset {
  return {
    name: dataset.name,
    kind: dataset.kind,
    sources: dataset.sources,
    length: dataset.length,
    classes: dataset.classes,
    texts: dataset.texts,
    problems: dataset.problems,
    info: (index) => dataset.info(index),
    read: (index) => dataset.read(index),
    readBytes: (index) => dataset.readBytes(index),
    summary: () => dataset.summary(),
  };
}

function cachedReads(dataset: Dataset, cache: ByteCache<ReadonlyMap<string, RawValue>>): Dataset {
  return {
    ...bound(dataset),
    read: async (index) => {
      const known = cache.get(String(index));
      if (known !== undefined) return known;
      const sample = await dataset.read(index);
      cache.set(String(index), sample, bytesOf(sample));
      return sample;
    },
  };
}

function bytesOf(sample: ReadonlyMap<string, RawValue>): number {
  let bytes = 0;
  for (const value of sample.values()) {
    if (value.kind === 'image') bytes += value.picture.rgba.length;
    else if (value.kind === 'array') bytes += value.values.length * 8;
    else if (value.kind === 'audio') bytes += value.samples.length * 4;
    else bytes += value.text.length * 2;
  }
  return bytes;
}

/** Keeps what was put in first until the bound is reached: every attempt starts with the same samples. */
class ByteCache<V> {
  readonly #values = new Map<string, V>();
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V, bytes: number): void {
    if (this.#bytes + bytes > this.#most || this.#values.has(key)) return;
    this.#values.set(key, value);
    this.#bytes += bytes;
  }
}
