/**
 * Measurement workers: one kind of work each, then thrown away; one after the other, because two at once would time
 * each other. It must not know models or what is measured.
 */
import type { Result } from '../../core/errors.ts';
import type { JobProgress, MeasureWorkerApi } from '../../worker/api.ts';
import { JobQueue } from './job-queue.ts';
import { Lifeline, type WorkerLink } from './lifeline.ts';
import { rising } from './rising.ts';
import type { CallOptions, VariantOptions } from './studio.ts';
import { Watchdog } from './watchdog.ts';
import type { ProgressListener } from './worker-links.ts';

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

export type SpawnMeasure = (
  provider: 'wasm' | 'webgpu',
  onProgress: ProgressListener,
) => Promise<WorkerLink<MeasureWorkerApi>>;

/** One worker with its watchdog: every call settles, whatever the model does. */
export class MeasureLine {
  readonly #line: Lifeline<MeasureWorkerApi>;
  #heard: (progress: JobProgress) => void = () => undefined;

  constructor(spawn: SpawnMeasure, provider: 'wasm' | 'webgpu') {
    this.#line = new Lifeline<MeasureWorkerApi>({
      spawn: () => spawn(provider, (progress) => this.#heard(progress)),
      graceMillis: 0,
    });
  }

  /** One call at a time. An abort ends the worker. */
  async call<T>(
    work: (api: MeasureWorkerApi, job: string) => Promise<Result<T>>,
    signal: AbortSignal,
    onProgress?: (progress: JobProgress) => void,
  ): Promise<Result<T>> {
    const watchdog = new Watchdog(MEASURE_SILENCE_MILLIS);
    this.#heard = (progress) => {
      watchdog.heard();
      onProgress?.(progress);
    };
    try {
      return await Promise.race([
        this.#line.call(work, signal),
        watchdog.silent.then(() => {
          this.#line.renew();
          return ENDLESS_RUN;
        }),
      ]);
    } finally {
      watchdog.stop();
      this.#heard = () => undefined;
    }
  }

  dispose(): void {
    this.#line.dispose();
  }
}

export class MeasureRoom {
  readonly #queue = new JobQueue();
  readonly #spawn: SpawnMeasure;

  constructor(spawn: SpawnMeasure) {
    this.#spawn = spawn;
  }

  /** Waits for its turn. `task` settles soon after its signal. */
  run<T>(
    task: (signal: AbortSignal) => Promise<Result<T>>,
    { signal, supersede }: VariantOptions,
  ): Promise<Result<T>> {
    return this.#queue.run(task, { signal, supersede });
  }

  open(provider: 'wasm' | 'webgpu'): MeasureLine {
    return new MeasureLine(this.#spawn, provider);
  }

  /** One call to a worker of its own. Inside a turn. */
  async once<T>(
    provider: 'wasm' | 'webgpu',
    work: (api: MeasureWorkerApi, job: string) => Promise<Result<T>>,
    signal: AbortSignal,
    onProgress: CallOptions['onProgress'],
  ): Promise<Result<T>> {
    const line = this.open(provider);
    try {
      return await line.call(work, signal, rising(onProgress));
    } finally {
      line.dispose();
    }
  }

  dispose(): void {
    this.#queue.dispose();
  }
}
