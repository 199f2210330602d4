/**
 * A lasting worker behind a queue: one job at a time, each with its own progress, a new worker where the old one broke.
 * It must not know what the worker holds; `restore` brings that back.
 */
import { PareError, type ErrorCode, type Result } from '../../core/errors.ts';
import type { JobProgress, JobProgressMessage } from '../../worker/api.ts';
import { JobQueue, type QueueOptions } from './job-queue.ts';
import { Lifeline, type WorkerLink } from './lifeline.ts';
import { rising } from './rising.ts';
import type { CallOptions } from './studio.ts';

export interface AskOptions extends QueueOptions {
  readonly onProgress?: CallOptions['onProgress'] | undefined;
}

/** The job name of what a respawn does before the first job. */
export const RESTORE_JOB = '0';

/** After these the worker's own runtime, or its heap, is of no use to any other job. */
const BREAKS_WORKER: ReadonlySet<ErrorCode> = new Set(['runtime-crashed', 'out-of-memory']);

export interface ServingOptions<Api> {
  readonly spawn: (onProgress: (message: JobProgressMessage) => void) => Promise<WorkerLink<Api>>;
  /** Gives a fresh worker what the lost one held. Its failures are the restorer's to remember; it must not throw. */
  readonly restore: (ask: <T>(work: (api: Api) => Promise<Result<T>>) => Promise<Result<T>>) => Promise<void>;
}

export class ServingLine<Api> {
  readonly #queue = new JobQueue();
  readonly #listeners = new Map<string, (progress: JobProgress) => void>();
  readonly #line: Lifeline<Api>;

  constructor({ spawn, restore }: ServingOptions<Api>) {
    this.#line = new Lifeline({
      spawn: async (ended) => {
        const link = await spawn(({ job, ...progress }) => this.#listeners.get(job)?.(progress));
        // Given up while it still reads a large file: another will do that, and two at once would need twice the memory.
        const giveUp = () => link.terminate();
        ended.addEventListener('abort', giveUp);
        await restore((work) => Promise.race([work(link.api), crashOf(link)]));
        ended.removeEventListener('abort', giveUp);
        return link;
      },
    });
  }

  /** One question in its turn. Never rejects. */
  ask<T>(options: AskOptions, work: (api: Api, job: string) => Promise<Result<T>>): Promise<Result<T>> {
    return this.#queue.run((signal) => this.#call(work, signal, options.onProgress), options);
  }

  dispose(): void {
    this.#queue.dispose();
    this.#line.dispose();
  }

  async #call<T>(
    work: (api: Api, job: string) => Promise<Result<T>>,
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
}

async function crashOf(link: WorkerLink<unknown>): Promise<never> {
  const error = await link.crashed;
  throw new PareError(error.code, error.message);
}
