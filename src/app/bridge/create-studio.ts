/**
 * The Studio of the real page: the studio worker with its models, the data worker with its sets, a fresh worker for each
 * measurement. Keeps what a respawned worker needs (the user's files, the recipes) and nothing larger. It must not know
 * React, stores or what a recipe means.
 */
import type { Result } from '../../core/errors.ts';
import type { MeasureRequest, ProfileRequest } from '../../worker/api.ts';
import { DataRoom, type SpawnData } from './data-room.ts';
import { runOver, type RunRecords } from './evaluation.ts';
import { MeasureRoom, type SpawnMeasure } from './measure-room.ts';
import { ModelRoom, type SpawnStudio } from './model-room.ts';
import { orAborted } from './or-aborted.ts';
import { RecordShelf, type RunKey } from './record-shelf.ts';
import { rising } from './rising.ts';
import { loadSampleData, loadSampleModel } from './sample.ts';
import type { CallOptions, Studio, StudioCapabilities } from './studio.ts';
import { TuningRoom } from './tuning-room.ts';

/** Where workers come from; a test hands in its own. */
export interface StudioHost {
  readonly capabilities: StudioCapabilities;
  readonly spawnStudio: SpawnStudio;
  readonly spawnData: SpawnData;
  readonly spawnMeasure: SpawnMeasure;
  /** Monotonic, milliseconds. Default performance.now. */
  readonly now?: () => number;
}

/** Where on the bar the original's evaluation ends, when both are run. */
const HALF = 0.5;
/** What comparing takes of the bar. */
const RUN_SHARE = 0.96;

export function createStudioOn(host: StudioHost): Studio {
  return new WorkerStudio(host);
}

class WorkerStudio implements Studio {
  readonly capabilities: StudioCapabilities;
  readonly #models: ModelRoom;
  readonly #data: DataRoom;
  readonly #measuring: MeasureRoom;
  readonly #tuning: TuningRoom;
  readonly #shelf = new RecordShelf();
  readonly #now: () => number;

  constructor({ capabilities, spawnStudio, spawnData, spawnMeasure, now }: StudioHost) {
    this.capabilities = capabilities;
    this.#models = new ModelRoom(spawnStudio);
    this.#data = new DataRoom(spawnData);
    this.#measuring = new MeasureRoom(spawnMeasure);
    this.#tuning = new TuningRoom(this.#models, this.#data, this.#measuring, capabilities);
    this.#now = now ?? (() => performance.now());
  }

  open: Studio['open'] = (files, options = {}) => this.#models.open(files, options);

  openSample: Studio['openSample'] = async (options = {}) => {
    const files = await orAborted(loadSampleModel, options.signal);
    return files.ok ? this.#models.open(files.value, options) : files;
  };

  simplifiedSkeleton: Studio['simplifiedSkeleton'] = (modelId, options = {}) =>
    this.#models.ask(modelId, options, (api, job) => api.simplifiedSkeleton(job, modelId));

  makeVariant: Studio['makeVariant'] = (modelId, recipe, options = {}) =>
    this.#models.makeVariant(modelId, recipe, options);

  knowVariant: Studio['knowVariant'] = (modelId, variantId, recipe, madeWith) =>
    this.#models.knowVariant(
      modelId,
      variantId,
      recipe,
      madeWith === undefined ? null : this.#tuning.orderOf(madeWith),
    );

  calibrate: Studio['calibrate'] = (...call) => this.#tuning.calibrate(...call);
  sensitivity: Studio['sensitivity'] = (...call) => this.#tuning.sensitivity(...call);
  tune: Studio['tune'] = (...call) => this.#tuning.tune(...call);
  examine: Studio['examine'] = (...call) => this.#tuning.examine(...call);
  outline: Studio['outline'] = (...call) => this.#tuning.outline(...call);
  benchmark: Studio['benchmark'] = (...call) => this.#tuning.benchmark(...call);
  parity: Studio['parity'] = (...call) => this.#tuning.parity(...call);

  layerDetail: Studio['layerDetail'] = (modelId, variantId, layerId) =>
    this.#models.askOfVariant(modelId, variantId, { urgent: true }, (api) =>
      api.layerDetail(modelId, variantId, layerId),
    );

  costs: Studio['costs'] = (modelId, variantId, dimensions) =>
    this.#models.askOfVariant(modelId, variantId, {}, (api, job) =>
      api.costs(job, modelId, variantId, dimensions),
    );

  download: Studio['download'] = async (modelId, variantId) => {
    const files = await this.#models.askOfVariant(modelId, variantId, { urgent: true }, (api, job) =>
      api.download(job, modelId, variantId),
    );
    if (!files.ok) return files;
    return { ok: true, value: files.value.map(({ name, parts }) => ({ name, blob: new Blob([...parts]) })) };
  };

  dropVariant: Studio['dropVariant'] = (modelId, variantId) => {
    this.#shelf.drop((key) => key.modelId === modelId && key.variantId === variantId);
    return this.#models.dropVariant(modelId, variantId);
  };

  close: Studio['close'] = (modelId) => {
    this.#shelf.drop((key) => key.modelId === modelId);
    return this.#models.close(modelId);
  };

  measure: Studio['measure'] = (modelId, variantId, measurement, options = {}, data = null) =>
    this.#measuring.run(async (signal) => {
      const original = await this.#models.files(modelId, null, signal);
      if (!original.ok) return original;
      const variant = variantId === null ? original : await this.#models.files(modelId, variantId, signal);
      if (!variant.ok) return variant;
      const files = data === null ? null : this.#data.files(data.dataId);
      if (files !== null && !files.ok) return files;
      const request: MeasureRequest = { ...measurement, original: original.value, variant: variant.value };
      const samples =
        data === null || files === null ? undefined : { files: files.value, config: data.config };
      return this.#measuring.once(
        measurement.provider,
        (api, job) => api.measure(job, request, samples),
        signal,
        options.onProgress,
      );
    }, options);

  profile: Studio['profile'] = (modelId, variantId, measurement, options = {}) =>
    this.#measuring.run(async (signal) => {
      const model = await this.#models.files(modelId, variantId, signal);
      if (!model.ok) return model;
      const nodes = await this.#models.askOfVariant(
        modelId,
        variantId,
        { signal, urgent: true },
        (api, job) => api.layerNodes(job, modelId, variantId),
      );
      if (!nodes.ok) return nodes;
      const request: ProfileRequest = { ...measurement, model: model.value, layerNodes: nodes.value };
      const { provider } = measurement;
      return this.#measuring.once(
        provider,
        (api, job) => api.profile(job, request),
        signal,
        options.onProgress,
      );
    }, options);

  addData: Studio['addData'] = (files, options = {}) => this.#data.open(files, options);

  addSampleData: Studio['addSampleData'] = async (options = {}) => {
    const sample = await orAborted(loadSampleData, options.signal);
    if (!sample.ok) return sample;
    const opened = await this.#data.open(sample.value.files, options);
    return opened.ok ? { ok: true, value: { summary: opened.value, config: sample.value.config } } : opened;
  };

  closeData: Studio['closeData'] = (dataId) => {
    this.#shelf.drop((key) => key.dataId === dataId);
    return this.#data.close(dataId);
  };

  checkData: Studio['checkData'] = (dataId, config) =>
    this.#data.ask(dataId, {}, (api, job) => api.check(job, dataId, config));

  findDuplicates: Studio['findDuplicates'] = (dataId, options = {}) =>
    this.#data.ask(dataId, options, (api, job) => api.duplicates(job, dataId));

  thumbnails: Studio['thumbnails'] = (dataId, indices, side) =>
    this.#data.ask(dataId, { urgent: true }, (api, job) => api.thumbnails(job, dataId, indices, side));

  proposeData: Studio['proposeData'] = (modelId, dataId, options = {}) =>
    this.#measuring.run(async (signal) => {
      const model = await this.#models.files(modelId, null, signal);
      const data = this.#data.files(dataId);
      if (!model.ok) return model;
      if (!data.ok) return data;
      return this.#measuring.once(
        'wasm',
        (api, job) => api.propose(job, model.value, data.value, PROPOSAL_SEED),
        signal,
        options.onProgress,
      );
    }, options);

  previewData: Studio['previewData'] = (modelId, dataId, config, indices, options = {}) =>
    this.#measuring.run(async (signal) => {
      const model = await this.#models.files(modelId, null, signal);
      const data = this.#data.files(dataId);
      if (!model.ok) return model;
      if (!data.ok) return data;
      const setup = {
        model: model.value,
        data: data.value,
        config,
        part: 'evaluation',
        provider: 'wasm',
        threads: 1,
      } as const;
      return this.#measuring.once(
        'wasm',
        (api, job) => api.preview(job, setup, indices),
        signal,
        options.onProgress,
      );
    }, options);

  evaluate: Studio['evaluate'] = (modelId, variantId, dataId, config, how, options = {}) =>
    this.#measuring.run(async (signal) => {
      const key: RunKey = { modelId, variantId: null, dataId, config, ...how };
      const report = rising(options.onProgress);
      const both = variantId !== null && this.#shelf.get(key) === undefined;
      const end = both ? HALF : RUN_SHARE;
      const baseline = await this.#records(
        key,
        signal,
        'the original',
        [0, variantId === null ? RUN_SHARE : end],
        report,
      );
      if (!baseline.ok) return baseline;
      const variant =
        variantId === null
          ? baseline
          : await this.#records(
              { ...key, variantId },
              signal,
              'the variant',
              [both ? HALF : 0, RUN_SHARE],
              report,
            );
      if (!variant.ok) return variant;
      report({ fraction: RUN_SHARE, doing: 'comparing' });
      const records = variantId === null ? null : variant.value.records;
      const concluded = await this.#data.ask(dataId, { signal }, (api, job) =>
        api.conclude(job, dataId, config, how.part, baseline.value.records, records),
      );
      if (!concluded.ok) return concluded;
      const { millis, workers } = variant.value;
      return { ok: true, value: { ...concluded.value, millis, workers } };
    }, options);

  dispose(): void {
    this.#measuring.dispose();
    this.#data.dispose();
    this.#models.dispose();
  }

  /** From the shelf, or by running the model over the part. `share` of the bar is for that. */
  #records(
    key: RunKey,
    signal: AbortSignal,
    whom: string,
    [start, end]: readonly [number, number],
    report: NonNullable<CallOptions['onProgress']>,
  ): Promise<Result<RunRecords>> {
    return this.#shelf.getOrRun(key, async () => {
      const model = await this.#models.files(key.modelId, key.variantId, signal);
      const data = this.#data.files(key.dataId);
      if (!model.ok) return model;
      if (!data.ok) return data;
      const { config, part, provider } = key;
      const host = {
        open: () => this.#measuring.open(provider),
        cores: this.capabilities.cores,
        now: this.#now,
      };
      const setup = { model: model.value, data: data.value, config, part, provider, threads: 1 };
      return runOver(host, setup, signal, ({ fraction, doing }) =>
        report({ fraction: start + fraction * (end - start), doing: `${whom}: ${doing}` }),
      );
    });
  }
}

/** The subset that proposals are tried on is the same at every visit. */
const PROPOSAL_SEED = 1;
