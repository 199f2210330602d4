/**
 * One loaded session that runs a model with any weights: the original's outputs are kept, and each try gives its damage.
 * It must not know which weights are worth trying.
 */
import type { GraphSession, HostTensor } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';
import { BatchFeeder, noneReadable } from '../calibration/sweep.ts';
import { readWeight } from '../onnx/weights.ts';
import type { WeightLayer } from '../onnx/weights.ts';
import { floatToHalf } from '../tensor/float16.ts';
import { PareError } from '../errors.ts';
import { readBatches } from './batches.ts';
import type { SearchContext } from './context.ts';
import { chooseMetric, DamageSum } from './damage.ts';
import type { DamageMetric } from './damage.ts';
import { makeProbe } from './probe-graph.ts';
import type { LayerActivations, ProbeGraph } from './probe-graph.ts';

/** What is tried: other weights for some layers, or activations rounded around one. */
export interface Trial {
  readonly weights?: ReadonlyMap<string, Float32Array>;
  /** The layer whose switch is on. */
  readonly rounded?: string;
}

export interface TrialResult {
  /** In the metric's unit. */
  readonly damage: number;
  /** As DamageSum.expectedLoss. */
  readonly expectedLoss: number | undefined;
}

export interface ProbeOptions {
  readonly metric: 'auto' | DamageMetric;
  /** At most so many samples. */
  readonly samples: number;
  readonly activations?: ReadonlyMap<string, LayerActivations>;
}

interface KeptBatch {
  readonly feeds: ReadonlyMap<string, HostTensor>;
  readonly rows: number;
  readonly outputs: ReadonlyMap<string, HostTensor>;
}

/** Whoever opens one releases it. */
export class ProbeRun {
  readonly graph: ProbeGraph;
  readonly metric: DamageMetric;
  /** Samples that are run for each try. */
  readonly samples: number;
  readonly #session: GraphSession;
  readonly #weights: ReadonlyMap<string, HostTensor>;
  readonly #batches: readonly KeptBatch[];
  readonly #outputs: readonly string[];

  constructor(parts: {
    graph: ProbeGraph;
    session: GraphSession;
    weights: ReadonlyMap<string, HostTensor>;
    batches: readonly KeptBatch[];
    metric: DamageMetric;
    outputs: readonly string[];
  }) {
    this.graph = parts.graph;
    this.metric = parts.metric;
    this.#session = parts.session;
    this.#weights = parts.weights;
    this.#batches = parts.batches;
    this.#outputs = parts.outputs;
    this.samples = parts.batches.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** @param breathe called before each run; may throw. */
  async try(trial: Trial, breathe: () => Promise<void>): Promise<TrialResult> {
    const sum = new DamageSum(this.metric);
    const weights = new Map(this.#weights);
    for (const [layer, values] of trial.weights ?? []) {
      const fed = this.graph.weights.get(layer);
      if (fed !== undefined) weights.set(fed.name, weightTensor(fed.layer, values));
    }
    const number = trial.rounded === undefined ? 0 : (this.graph.switches.get(trial.rounded) ?? 0);
    for (const { feeds, rows, outputs } of this.#batches) {
      await breathe();
      const all = new Map([...feeds, ...weights, ...switchFeed(this.graph, number)]);
      const found = await this.#session.run(all, this.#outputs);
      for (const name of this.#outputs) {
        const before = outputs.get(name);
        const after = found.get(name);
        if (before !== undefined && after !== undefined) sum.add(name, before, after, rows);
      }
    }
    return { damage: sum.value(), expectedLoss: sum.expectedLoss() };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/**
 * Loads `model` with its weights as inputs and runs it once on the samples.
 * @throws PareError `runtime-refused` when it does not run; `data-invalid` when no sample can be
 * read; `not-measurable` when no output holds numbers.
 */
export async function openProbe(
  model: Model,
  options: ProbeOptions,
  context: SearchContext,
): Promise<ProbeRun> {
  const graph = makeProbe(model, options.activations);
  await context.checkpoint(0, 'loading the model');
  const session = await context.runner.open(graph.parts, 'basic');
  try {
    const weights = new Map<string, HostTensor>();
    for (const { name, layer } of graph.weights.values()) {
      const values = readWeight(layer.tensor);
      if (values === undefined)
        throw new PareError('malformed', `The values of ${layer.id} do not fit its shape.`);
      weights.set(name, weightTensor(layer, values));
    }
    const names = model.graph.outputs.map(({ name }) => name);
    const batches: KeptBatch[] = [];
    let chosen: ReturnType<typeof chooseMetric> | undefined;
    // Tries run what ran here: single samples where the model takes only those.
    const feeder = new BatchFeeder(model, async (batch) => {
      await context.checkpoint(0, 'running the original');
      const feeds = new Map([...batch.feeds, ...weights, ...switchFeed(graph, 0)]);
      const outputs = await session.run(feeds, chosen?.outputs ?? names);
      chosen ??= chooseMetric(options.metric, outputs);
      batches.push({ ...batch, outputs });
    });
    const { samples } = context.calibration;
    for (const batch of await readBatches(model, samples, options.samples)) await feeder.run(batch);
    if (batches.length === 0) throw noneReadable(samples);
    if (chosen === undefined || chosen.outputs.length === 0) {
      throw new PareError('not-measurable', 'No output of the model holds numbers that could be compared.');
    }
    return new ProbeRun({ graph, session, weights, batches, ...chosen });
  } catch (error) {
    await session.release();
    throw error;
  }
}

function weightTensor({ tensor }: WeightLayer, values: Float32Array): HostTensor {
  const { dataType, dims } = tensor;
  const words = dataType === 'float16' ? Uint16Array.from(values, floatToHalf) : values;
  return { dataType, dims, bytes: new Uint8Array(words.buffer, words.byteOffset, words.byteLength) };
}

function switchFeed({ switchName }: ProbeGraph, number: number): [string, HostTensor][] {
  if (switchName === undefined) return [];
  const bytes = new Uint8Array(BigInt64Array.of(BigInt(number)).buffer);
  return [[switchName, { dataType: 'int64', dims: [], bytes }]];
}
