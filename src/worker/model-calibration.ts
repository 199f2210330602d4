/**
 * What methods may look at for one open model: the calibration part of the user's data, or made-up inputs. Page and
 * command line share it, so that both give the same bytes. It must not know files or threads.
 */
import { createCalibration } from '../core/calibration/create.ts';
import { dimensionKey, type ModelInput } from '../core/calibration/model-inputs.ts';
import { portsOf } from '../core/calibration/ports.ts';
import { syntheticSamples } from '../core/calibration/synthetic.ts';
import type { Calibration, CalibrationBatch, CalibrationSamples } from '../core/calibration/types.ts';
import type { DataConfig } from '../core/dataset/types.ts';
import type { GraphRunner } from '../core/onnx/graph-runner.ts';
import type { Model } from '../core/onnx/ir.ts';
import { countCosts } from '../core/profile/costs.ts';
import { looksAtData } from '../core/recipe/looks-at-data.ts';
import { DEFAULT_CALIBRATION_SAMPLES, type Recipe } from '../core/recipe/types.ts';
import { createCalibrationSamples } from '../data/calibrate/samples.ts';
import type { Dataset } from '../data/types.ts';
import { createKernels } from '../kernels/dispatch.ts';
import type { CalibrationInfo } from './api.ts';

export interface CalibrationData {
  readonly dataset: Dataset;
  readonly config: DataConfig;
  readonly dataId?: string;
}

/** Made-up inputs are the same for every recipe: only its data changes a variant. */
const SYNTHETIC_SEED = 1;
/** Sources that are kept ready: recipes that ask for different numbers of samples. */
const KEPT = 3;
/** Values of one run, all together; the runtime frees most of them on the way. Its heap never shrinks. */
const RUN_BYTES = 96 * 2 ** 20;
const MOST_SAMPLES_A_RUN = 16;

export class ModelCalibration {
  readonly #model: Model;
  readonly #runner: GraphRunner;
  readonly #kept = new Map<number, Calibration>();
  #data: CalibrationData | undefined;
  #most = DEFAULT_CALIBRATION_SAMPLES;
  #batch: number | undefined;

  constructor(model: Model, runner: GraphRunner) {
    this.#model = model;
    this.#runner = runner;
  }

  /**
   * @param data undefined = made-up inputs @param samples at most so many of its calibration part
   * @throws PareError as createCalibrationSamples and syntheticSamples do; what was set before then stays
   */
  async set(data: CalibrationData | undefined, samples: number): Promise<CalibrationInfo> {
    const batch = data && (await batchFor(this.#model, data));
    const made = this.#create(data, samples, batch);
    this.#data = data;
    this.#most = samples;
    this.#batch = batch;
    this.#kept.clear();
    this.#kept.set(samples, made);
    return infoOf(made.samples);
  }

  /** @throws PareError as `set` does */
  withSamples(samples: number): Calibration {
    const count = Math.min(samples, this.#most);
    const known = this.#kept.get(count) ?? this.#create(this.#data, count, this.#batch);
    this.#kept.delete(count);
    this.#kept.set(count, known);
    if (this.#kept.size > KEPT) this.#kept.delete([...this.#kept.keys()][0]);
    return known;
  }

  /** For a recipe with a step that looks at values; undefined for others: samples are no part of their name. */
  forRecipe(recipe: Recipe): Calibration | undefined {
    if (!looksAtData(recipe)) return undefined;
    return this.withSamples(recipe.calibration?.samples ?? DEFAULT_CALIBRATION_SAMPLES);
  }

  #create(data: CalibrationData | undefined, count: number, batch: number | undefined): Calibration {
    const samples =
      data === undefined
        ? syntheticSamples(this.#model, { seed: SYNTHETIC_SEED, count, runner: this.#runner })
        : createCalibrationSamples(data.dataset, data.config, portsOf(this.#model), {
            count,
            seed: data.config.split.seed,
            ...(batch === undefined ? {} : { batch }),
            ...(data.dataId === undefined ? {} : { dataId: data.dataId }),
          });
    return createCalibration({ runner: this.#runner, samples, kernels: createKernels() });
  }
}

export function infoOf({ origin, description, count, key }: CalibrationSamples): CalibrationInfo {
  return { origin, description, count, key };
}

/** Samples of a run whose values together stay small, counted from the shapes that one sample gives. */
async function batchFor(model: Model, { dataset, config, dataId: _ }: CalibrationData): Promise<number> {
  const ports = portsOf(model);
  const one = createCalibrationSamples(dataset, config, ports, { count: 1, seed: 1, batch: 1 });
  const { activationBytes } = countCosts(model, sizesOf(ports, await one.batch(0)));
  return Math.max(1, Math.min(MOST_SAMPLES_A_RUN, Math.floor(RUN_BYTES / Math.max(1, activationBytes))));
}

function sizesOf(ports: ReturnType<typeof portsOf>, { feeds }: CalibrationBatch): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const port of ports) {
    const dims = feeds.get(port.name)?.dims ?? [];
    for (const [axis, d] of (port.shape ?? []).entries()) {
      if (typeof d === 'number') continue;
      sizes[dimensionKey({ ...port, shape: port.shape ?? [] } satisfies ModelInput, axis)] = dims[axis] ?? 1;
    }
  }
  return sizes;
}
