/**
 * Answers a request for statistics of one model: which values can be looked at, one sweep for ranges and channels, a
 * second for histograms, in pieces that a session can hold. Where the runtime refuses some of them, the rest goes on.
 * It must not know caches.
 */
import { PareError } from '../errors.ts';
import type { Model } from '../onnx/ir.ts';
import { writeModel } from '../onnx/write.ts';
import { normalAxis } from '../onnx/shapes/fact.ts';
import { countingModel, sweepHistograms, type HistogramTask } from './distributions.ts';
import { hasFreeSizes, knowValues, type KnownValue } from './known-values.ts';
import { sweepMoments, type ChannelTask } from './moments.ts';
import { batchSizeOf, noneReadable, type SweepHost } from './sweep.ts';
import type {
  CalibrationBatch,
  ChannelFigures,
  Checkpoint,
  Statistics,
  StatisticsRequest,
  ValueHistogram,
  ValueRange,
} from './types.ts';

/** Values of one session: its graph grows by a few nodes each, and onnxruntime loads long graphs ever more slowly. */
const RANGES_A_SESSION = 512;
const CHANNELS_A_SESSION = 256;
/** A histogram takes an index and a one for each element while it is counted. */
const HISTOGRAMS_A_SESSION = 256;

type Wanted = Required<Omit<StatisticsRequest, 'of'>>;

/** By value and axis. */
export function channelKey(value: string, axis: number): string {
  return `${value}#${axis}`;
}

export interface Found extends Omit<Statistics, 'channels'> {
  /** By channelKey, as asked. */
  readonly channels: ReadonlyMap<string, ChannelFigures>;
  readonly missingChannels: ReadonlyMap<string, string>;
}

/** @param model without encoded weights */
export async function gatherStatistics(
  host: SweepHost,
  model: Model,
  wanted: Wanted,
  checkpoint: Checkpoint,
): Promise<Found> {
  const first = await firstBatch(host);
  const names = [...wanted.ranges, ...wanted.histograms, ...wanted.channels.map(({ value }) => value)];
  const known = await knowValues(model, names, first, host.runner, checkpoint);
  if (known.refused) await assertRuns(host, model, first);
  const work = new Gathering(host, model, first, new Map(known.missing));
  const halves = wanted.histograms.length > 0 ? 2 : 1;
  await work.moments(wanted, known.values, (fraction, doing) => checkpoint(fraction / halves, doing));
  await work.histograms(wanted.histograms, known.values, (fraction, doing) =>
    checkpoint((1 + fraction) / 2, doing),
  );
  return work.found();
}

/** The first batch with a sample that can be read. @throws PareError `data-invalid` where there is none */
export async function firstBatch({ samples }: SweepHost): Promise<CalibrationBatch> {
  for (let index = 0; index < samples.batches; index++) {
    const batch = await samples.batch(index);
    if (batch.rows > 0) return batch;
  }
  throw noneReadable(samples);
}

/** Tells statistics that cannot be had from samples that the model cannot be run on. @throws PareError `runtime-refused` */
export async function assertRuns(
  { runner }: SweepHost,
  model: Model,
  first: CalibrationBatch,
): Promise<void> {
  const outputs = model.graph.outputs.map(({ name }) => name);
  const session = await runner.open(writeModel(model, { externalize: 'never' }).model, 'basic');
  try {
    await session.run(first.feeds, outputs);
  } finally {
    await session.release();
  }
}

class Gathering {
  readonly #host: SweepHost;
  readonly #model: Model;
  readonly #first: CalibrationBatch;
  readonly #batch: number;
  readonly #missing: Map<string, string>;
  readonly #missingChannels = new Map<string, string>();
  readonly #ranges = new Map<string, ValueRange>();
  readonly #histograms = new Map<string, ValueHistogram>();
  readonly #channels = new Map<string, ChannelFigures>();
  #samples = 0;
  #channelSamples = 0;
  #runs = false;

  constructor(host: SweepHost, model: Model, first: CalibrationBatch, missing: Map<string, string>) {
    this.#host = host;
    this.#model = model;
    this.#first = first;
    this.#batch = batchSizeOf(first, model);
    this.#missing = missing;
  }

  async moments(
    wanted: Wanted,
    values: ReadonlyMap<string, KnownValue>,
    checkpoint: Checkpoint,
  ): Promise<void> {
    const names = new Set([...wanted.ranges, ...wanted.histograms]);
    // The range of a value whose channels are looked at anyway follows from theirs.
    const channels = wanted.channels
      .flatMap((asked) => this.#channelTask(asked, values) ?? [])
      .map((task) => ({ ...task, ranged: names.has(task.value.name) }));
    for (const { value } of channels) names.delete(value.name);
    const ranges = [...names].flatMap((name) => values.get(name) ?? []);
    const pieces = Math.max(
      Math.ceil(ranges.length / RANGES_A_SESSION),
      Math.ceil(channels.length / CHANNELS_A_SESSION),
    );
    for (let i = 0; i < pieces; i++) {
      await this.#momentsOf(
        ranges.slice(i * RANGES_A_SESSION, (i + 1) * RANGES_A_SESSION),
        channels.slice(i * CHANNELS_A_SESSION, (i + 1) * CHANNELS_A_SESSION),
        (fraction, doing) => checkpoint((i + fraction) / pieces, doing),
      );
    }
  }

  #channelTask(
    { value: name, axis: asked }: Wanted['channels'][number],
    values: ReadonlyMap<string, KnownValue>,
  ): (ChannelTask & { readonly key: string }) | undefined {
    const key = channelKey(name, asked);
    const value = values.get(name);
    if (value === undefined) {
      this.#missingChannels.set(key, this.#missing.get(name) ?? 'it is not known');
      return undefined;
    }
    const axis = normalAxis(asked, value.dims.length);
    const channels = axis === undefined ? undefined : value.fixed[axis];
    if (axis !== undefined && typeof channels === 'number') return { value, axis, channels, key };
    const shape = value.fixed.map((d) => d ?? '?').join(', ');
    this.#missingChannels.set(key, `axis ${asked} of [${shape}] has no fixed number of channels`);
    return undefined;
  }

  async #momentsOf(
    ranges: readonly KnownValue[],
    channels: readonly (ChannelTask & { readonly key: string })[],
    checkpoint: Checkpoint,
  ): Promise<void> {
    const count = ranges.length + channels.length;
    if (count === 0) return;
    const tasks = { ranges, channels, countElements: hasFreeSizes(this.#model), batch: this.#batch };
    const refused = await this.#attempt(async () => {
      const found = await sweepMoments(this.#host, this.#model, tasks, checkpoint);
      this.#samples = Math.max(this.#samples, found.samples);
      this.#channelSamples = Math.max(this.#channelSamples, found.channelSamples);
      for (const [i, { name }] of ranges.entries()) this.#keepRange(name, found.ranges[i]);
      for (const [i, { key, value, ranged }] of channels.entries()) {
        this.#keepChannels(key, found.channels[i].figures);
        if (ranged === true) this.#keepRange(value.name, found.channels[i].range);
      }
    });
    if (refused === undefined) return;
    if (count === 1) {
      for (const { name } of ranges) this.#missing.set(name, refused);
      for (const { key, value, ranged } of channels) {
        this.#missingChannels.set(key, refused);
        if (ranged === true) this.#missing.set(value.name, refused);
      }
      return;
    }
    const [r, c] = [Math.ceil(ranges.length / 2), Math.floor(channels.length / 2)];
    await this.#momentsOf(ranges.slice(0, r), channels.slice(0, c), checkpoint);
    await this.#momentsOf(ranges.slice(r), channels.slice(c), checkpoint);
  }

  #keepRange(name: string, range: ValueRange): void {
    if (Number.isFinite(range.min) && Number.isFinite(range.max)) this.#ranges.set(name, range);
    else this.#missing.set(name, NOT_FINITE);
  }

  #keepChannels(key: string, figures: ChannelFigures): void {
    const finite = figures.absmax.every(Number.isFinite) && figures.meanSquare.every(Number.isFinite);
    if (finite) this.#channels.set(key, figures);
    else this.#missingChannels.set(key, NOT_FINITE);
  }

  async histograms(
    names: readonly string[],
    values: ReadonlyMap<string, KnownValue>,
    checkpoint: Checkpoint,
  ): Promise<void> {
    const tasks = [...new Set(names)].flatMap((name) => {
      const [value, range] = [values.get(name), this.#ranges.get(name)];
      return value === undefined || range === undefined ? [] : [{ value, range }];
    });
    if (tasks.length === 0) return;
    const model = countingModel(this.#model);
    if (typeof model === 'string') {
      const reason = `its distribution cannot be counted: ${model}`;
      for (const { value } of tasks) this.#missing.set(value.name, reason);
      return;
    }
    const pieces = Math.ceil(tasks.length / HISTOGRAMS_A_SESSION);
    for (let i = 0; i < pieces; i++) {
      const some = tasks.slice(i * HISTOGRAMS_A_SESSION, (i + 1) * HISTOGRAMS_A_SESSION);
      await this.#histogramsOf(model, some, (fraction, doing) => checkpoint((i + fraction) / pieces, doing));
    }
  }

  async #histogramsOf(model: Model, tasks: readonly HistogramTask[], checkpoint: Checkpoint): Promise<void> {
    const refused = await this.#attempt(async () => {
      const found = await sweepHistograms(this.#host, model, tasks, this.#batch, checkpoint);
      for (const [i, { value }] of tasks.entries()) this.#histograms.set(value.name, found[i]);
    });
    if (refused === undefined) return;
    if (tasks.length === 1) {
      this.#missing.set(tasks[0].value.name, refused);
      return;
    }
    const half = Math.ceil(tasks.length / 2);
    await this.#histogramsOf(model, tasks.slice(0, half), checkpoint);
    await this.#histogramsOf(model, tasks.slice(half), checkpoint);
  }

  /** @returns why the runtime refused. @throws PareError when the model does not run at all */
  async #attempt(work: () => Promise<void>): Promise<string | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      if (!(error instanceof PareError) || error.code !== 'runtime-refused') throw error;
      if (!this.#runs) await assertRuns(this.#host, this.#model, this.#first);
      this.#runs = true;
      return `the runtime cannot look at it: ${error.message}`;
    }
  }

  found(): Found {
    return {
      ranges: this.#ranges,
      histograms: this.#histograms,
      channels: this.#channels,
      missing: this.#missing,
      missingChannels: this.#missingChannels,
      samples: this.#samples,
      channelSamples: this.#channelSamples,
    };
  }
}

const NOT_FINITE = 'it takes values that are not finite';
