/**
 * The Studio of the real page: a queue and a lifeline around the studio worker, a fresh worker for each measurement.
 * Keeps what a respawned worker needs (the user's files, the recipes) and nothing larger. It must not know React,
 * stores or what a recipe means.
 */
import { attempt, PareError, type ErrorCode, type ErrorRecord, type Result } from '../../core/errors.ts';
import type { SizeSkeleton } from '../../core/recipe/skeleton.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type {
  DownloadFile,
  JobProgress,
  LayerDetail,
  MeasureRequest,
  MeasureResult,
  MeasureWorkerApi,
  ModelSummary,
  OpenFile,
  StudioWorkerApi,
  VariantSummary,
} from '../../worker/api.ts';
import { cancelledResult, JobQueue, type QueueOptions } from './job-queue.ts';
import { Lifeline, type WorkerLink } from './lifeline.ts';
import { loadSample, type Sample } from './sample.ts';
import type {
  CallOptions,
  DownloadBlob,
  MeasureOptions,
  Studio,
  StudioCapabilities,
  VariantOptions,
} from './studio.ts';
import { Watchdog } from './watchdog.ts';
import type { ProgressListener } from './worker-links.ts';

/** Where workers come from; a test hands in its own. */
export interface StudioHost {
  readonly capabilities: StudioCapabilities;
  spawnStudio(onProgress: ProgressListener): Promise<WorkerLink<StudioWorkerApi>>;
  spawnMeasure(
    provider: 'wasm' | 'webgpu',
    onProgress: ProgressListener,
  ): Promise<WorkerLink<MeasureWorkerApi>>;
}

/** What brings a model back after its worker was lost. */
interface OpenModel {
  readonly files: readonly OpenFile[];
  readonly dataset: Sample['dataset'] | undefined;
  readonly recipes: Map<string, Recipe>;
  /** Why it could not be brought back. */
  lost?: ErrorRecord;
}

interface AskOptions extends QueueOptions {
  readonly onProgress?: CallOptions['onProgress'] | undefined;
}

/** The job name of what a respawn does before the first job. */
const RESTORE_JOB = '0';

/** After these the worker's own runtime, or its heap, is of no use to any other model. */
const BREAKS_WORKER: ReadonlySet<ErrorCode> = new Set(['runtime-crashed', 'out-of-memory']);

/** A worker that is silent for this long is inside one run of a model, which may be a loop without end. */
export const MEASURE_SILENCE_MILLIS = 120_000;

const ENDLESS_RUN: Result<never> = {
  ok: false,
  error: {
    code: 'not-measurable',
    message: `One run of the model did not end within ${MEASURE_SILENCE_MILLIS / 1000} s, so that nothing was measured.`,
    hint: 'It may loop for ever on made-up inputs. It can be made smaller and downloaded all the same.',
  },
};

export function createStudioOn(host: StudioHost): Studio {
  return new WorkerStudio(host);
}

class WorkerStudio implements Studio {
  readonly capabilities: StudioCapabilities;
  readonly #host: StudioHost;
  readonly #queue = new JobQueue();
  readonly #measureQueue = new JobQueue();
  readonly #models = new Map<string, OpenModel>();
  readonly #listeners = new Map<string, (progress: JobProgress) => void>();
  readonly #line: Lifeline<StudioWorkerApi>;

  constructor(host: StudioHost) {
    this.#host = host;
    this.capabilities = host.capabilities;
    this.#line = new Lifeline({ spawn: (ended) => this.#spawnAndRestore(ended) });
  }

  open(files: readonly OpenFile[], options: CallOptions = {}): Promise<Result<ModelSummary>> {
    return this.#open(files, undefined, options);
  }

  async openSample(options: CallOptions = {}): Promise<Result<ModelSummary>> {
    const sample = await orAborted(attempt(loadSample), options.signal);
    return sample.ok ? this.#open(sample.value.files, sample.value.dataset, options) : sample;
  }

  simplifiedSkeleton(modelId: string, options: CallOptions = {}): Promise<Result<SizeSkeleton>> {
    return this.#ask(modelId, options, (api, job) => api.simplifiedSkeleton(job, modelId));
  }

  async makeVariant(
    modelId: string,
    recipe: Recipe,
    options: VariantOptions = {},
  ): Promise<Result<VariantSummary>> {
    const made = await this.#ask(modelId, options, (api, job) => api.makeVariant(job, modelId, recipe));
    if (made.ok) this.#models.get(modelId)?.recipes.set(made.value.variantId, recipe);
    return made;
  }

  measure(
    modelId: string,
    variantId: string | null,
    measurement: MeasureOptions,
    options: VariantOptions = {},
  ): Promise<Result<MeasureResult>> {
    return this.#measureQueue.run(async (signal) => {
      const original = await this.#files(modelId, null, signal);
      if (!original.ok) return original;
      const variant = variantId === null ? original : await this.#files(modelId, variantId, signal);
      if (!variant.ok) return variant;
      const dataset = this.#models.get(modelId)?.dataset;
      const request: MeasureRequest = {
        ...measurement,
        original: original.value,
        variant: variant.value,
        ...(dataset === undefined ? {} : { dataset }),
      };
      return this.#measureOnce(request, signal, options.onProgress);
    }, options);
  }

  layerDetail(modelId: string, variantId: string | null, layerId: string): Promise<Result<LayerDetail>> {
    return this.#askOfVariant(modelId, variantId, { urgent: true }, (api) =>
      api.layerDetail(modelId, variantId, layerId),
    );
  }

  async download(modelId: string, variantId: string | null): Promise<Result<readonly DownloadBlob[]>> {
    const files = await this.#askOfVariant(modelId, variantId, { urgent: true }, (api, job) =>
      api.download(job, modelId, variantId),
    );
    if (!files.ok) return files;
    return { ok: true, value: files.value.map(({ name, parts }) => ({ name, blob: new Blob([...parts]) })) };
  }

  dropVariant(modelId: string, variantId: string): Promise<Result<null>> {
    this.#models.get(modelId)?.recipes.delete(variantId);
    return this.#ask(modelId, { urgent: true }, (api) => api.dropVariant(modelId, variantId));
  }

  async close(modelId: string): Promise<Result<null>> {
    if (!this.#models.delete(modelId)) return { ok: true, value: null };
    return this.#queue.run((signal) => this.#line.call((api) => api.close(modelId), signal));
  }

  dispose(): void {
    this.#queue.dispose();
    this.#measureQueue.dispose();
    this.#line.dispose();
  }

  #open(
    files: readonly OpenFile[],
    dataset: Sample['dataset'] | undefined,
    options: CallOptions,
  ): Promise<Result<ModelSummary>> {
    return this.#queue.run(async (signal) => {
      const opened = await this.#call((api, job) => api.open(job, files), signal, options.onProgress);
      if (opened.ok) this.#models.set(opened.value.modelId, { files, dataset, recipes: new Map() });
      return opened;
    }, options);
  }

  /** One question about an open model, in its turn. */
  #ask<T>(
    modelId: string,
    options: AskOptions,
    work: (api: StudioWorkerApi, job: string) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    return this.#queue.run(async (signal) => {
      // A worker that was lost is made anew, and its models with it, before anything is said of them.
      const answer = await this.#call(work, signal, options.onProgress);
      if (answer.ok || answer.error.code === 'cancelled') return answer;
      return { ok: false, error: this.#models.get(modelId)?.lost ?? answer.error };
    }, options);
  }

  /** The same about a variant, which is made again first where the worker no longer has it. */
  #askOfVariant<T>(
    modelId: string,
    variantId: string | null,
    options: AskOptions,
    work: (api: StudioWorkerApi, job: string) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    return this.#ask(modelId, options, async (api, job) => {
      const recipe = variantId === null ? undefined : this.#models.get(modelId)?.recipes.get(variantId);
      if (recipe !== undefined) {
        const made = await api.makeVariant(job, modelId, recipe);
        if (!made.ok) return made;
      }
      return work(api, job);
    });
  }

  #files(
    modelId: string,
    variantId: string | null,
    signal: AbortSignal,
  ): Promise<Result<readonly DownloadFile[]>> {
    return this.#askOfVariant(modelId, variantId, { signal, urgent: true }, (api) =>
      api.files(modelId, variantId),
    );
  }

  async #measureOnce(
    request: MeasureRequest,
    signal: AbortSignal,
    onProgress: CallOptions['onProgress'],
  ): Promise<Result<MeasureResult>> {
    const report = rising(onProgress);
    const watchdog = new Watchdog(MEASURE_SILENCE_MILLIS);
    const line = new Lifeline<MeasureWorkerApi>({
      spawn: () =>
        this.#host.spawnMeasure(request.provider, (progress) => {
          watchdog.heard();
          report(progress);
        }),
      graceMillis: 0,
    });
    try {
      return await Promise.race([
        line.call((api, job) => api.measure(job, request), signal),
        watchdog.silent.then(() => ENDLESS_RUN),
      ]);
    } finally {
      watchdog.stop();
      line.dispose();
    }
  }

  async #call<T>(
    work: (api: StudioWorkerApi, job: string) => Promise<Result<T>>,
    signal: AbortSignal,
    onProgress: CallOptions['onProgress'],
  ): Promise<Result<T>> {
    const answer = await this.#line.call(async (api, job) => {
      this.#listeners.set(job, rising(onProgress));
      try {
        return await work(api, job);
      } finally {
        this.#listeners.delete(job);
      }
    }, signal);
    if (!answer.ok && BREAKS_WORKER.has(answer.error.code)) this.#line.renew();
    return answer;
  }

  async #spawnAndRestore(ended: AbortSignal): Promise<WorkerLink<StudioWorkerApi>> {
    const link = await this.#host.spawnStudio(({ job, ...progress }) => this.#listeners.get(job)?.(progress));
    // Given up while it still reads a large model: another will do that, and two at once would need twice the memory.
    const giveUp = () => link.terminate();
    ended.addEventListener('abort', giveUp);
    for (const model of this.#models.values()) {
      const opened = await Promise.race([link.api.reopen(RESTORE_JOB, model.files), crashOf(link)]);
      delete model.lost;
      if (!opened.ok) model.lost = opened.error;
    }
    ended.removeEventListener('abort', giveUp);
    return link;
  }
}

async function crashOf(link: WorkerLink<unknown>): Promise<never> {
  const error = await link.crashed;
  throw new PareError(error.code, error.message);
}

/** The answer of `work`, or `cancelled` at once when the signal says so: a request may hang, its caller must not. */
function orAborted<T>(work: Promise<Result<T>>, signal: AbortSignal | undefined): Promise<Result<T>> {
  if (signal?.aborted) return Promise.resolve(cancelledResult());
  return new Promise((settle) => {
    signal?.addEventListener('abort', () => settle(cancelledResult()), { once: true });
    void work.then(settle);
  });
}

/** A bar that never runs backwards, whatever several steps report. */
function rising(onProgress: CallOptions['onProgress']): (progress: JobProgress) => void {
  let highest = 0;
  return ({ fraction, doing }) => {
    highest = Math.max(highest, fraction);
    onProgress?.({ fraction: highest, doing });
  };
}
