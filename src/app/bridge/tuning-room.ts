/**
 * Calls that look at samples of the calibration part, or search with them: they combine models, data and measurement
 * workers. Keeps what a device's self-benchmark found. It must not know React, stores or what a recipe means.
 */
import type { Result } from '../../core/errors.ts';
import type { DeviceSpeed } from '../../core/search/types.ts';
import type { MeasureData, MeasureRequest } from '../../worker/api.ts';
import type { DataRoom } from './data-room.ts';
import type { MeasureRoom } from './measure-room.ts';
import type { CalibrationOrder, ModelRoom } from './model-room.ts';
import type { DataInUse, MadeWith, StudioCapabilities, TuningStudio } from './studio.ts';

export class TuningRoom implements TuningStudio {
  readonly #models: ModelRoom;
  readonly #data: DataRoom;
  readonly #measuring: MeasureRoom;
  readonly #capabilities: StudioCapabilities;
  readonly #speeds = new Map<number, DeviceSpeed>();

  constructor(models: ModelRoom, data: DataRoom, measuring: MeasureRoom, capabilities: StudioCapabilities) {
    this.#models = models;
    this.#data = data;
    this.#measuring = measuring;
    this.#capabilities = capabilities;
  }

  calibrate: TuningStudio['calibrate'] = async (modelId, data, samples, options = {}) => {
    const files = this.#samplesOf(data);
    return files.ok ? this.#models.calibrate(modelId, { data: files.value, samples }, options) : files;
  };

  /** Null while the data are not open. */
  orderOf({ data, samples }: MadeWith): CalibrationOrder | null {
    const files = this.#samplesOf(data);
    return files.ok ? { data: files.value, samples } : null;
  }

  sensitivity: TuningStudio['sensitivity'] = (modelId, request, options = {}) =>
    this.#models.askCalibrated(modelId, options, (api, job) => api.sensitivity(job, modelId, request));

  tune: TuningStudio['tune'] = (modelId, request, options = {}) =>
    this.#models.askCalibrated(modelId, options, (api, job) => api.tune(job, modelId, request));

  examine: TuningStudio['examine'] = (modelId, variantId, target, options = {}, profile) =>
    this.#models.askOfVariant(modelId, variantId, options, (api, job) =>
      api.examine(job, modelId, variantId, target, profile),
    );

  outline: TuningStudio['outline'] = (modelId, variantId) =>
    this.#models.askOfVariant(modelId, variantId, { urgent: true }, (api) => api.outline(modelId, variantId));

  benchmark: TuningStudio['benchmark'] = async (threads, options = {}) => {
    const known = this.#speeds.get(threads);
    if (known !== undefined) return { ok: true, value: known };
    const found = await this.#measuring.run(
      (signal) =>
        this.#measuring.once('wasm', (api, job) => api.benchmark(job, threads), signal, options.onProgress),
      options,
    );
    if (found.ok) this.#speeds.set(threads, found.value);
    return found;
  };

  parity: TuningStudio['parity'] = (modelId, variantId, measurement, options = {}, data = null) =>
    this.#measuring.run(async (signal) => {
      const original = await this.#models.files(modelId, null, signal);
      if (!original.ok) return original;
      const variant = await this.#models.files(modelId, variantId, signal);
      if (!variant.ok) return variant;
      const samples = this.#samplesOf(data);
      if (!samples.ok) return samples;
      const request: MeasureRequest = { ...measurement, original: original.value, variant: variant.value };
      // The bundle that has WebGPU runs on the CPU as well.
      return this.#measuring.once(
        this.#capabilities.webgpu ? 'webgpu' : 'wasm',
        (api, job) => api.parity(job, request, samples.value ?? undefined),
        signal,
        options.onProgress,
      );
    }, options);

  #samplesOf(data: DataInUse | null): Result<MeasureData | null> {
    if (data === null) return { ok: true, value: null };
    const files = this.#data.files(data.dataId);
    return files.ok ? { ok: true, value: { files: files.value, config: data.config } } : files;
  }
}
