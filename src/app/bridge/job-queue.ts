/**
 * The page's queue in front of a worker: one job at a time, latest wins where the caller says so, a failure never
 * poisons the next job. It must not know workers; a task gets an AbortSignal and promises to settle soon after it.
 */
import { attempt, type ErrorRecord, type Result } from '../../core/errors.ts';

export const CANCELLED: ErrorRecord = { code: 'cancelled', message: 'The work was cancelled.' };

export function cancelledResult(): { readonly ok: false; readonly error: ErrorRecord } {
  return { ok: false, error: CANCELLED };
}

export interface QueueOptions {
  readonly signal?: AbortSignal | undefined;
  /** Aborts every earlier job of the same key, running or waiting. */
  readonly supersede?: string | undefined;
  /** Goes before the jobs that wait: short questions behind long work. */
  readonly urgent?: boolean | undefined;
}

type Task<T> = (signal: AbortSignal) => Promise<Result<T>>;

interface Entry {
  readonly key: string | undefined;
  readonly abort: AbortController;
  /** Runs the task and settles its caller. Never rejects. */
  readonly start: () => Promise<void>;
  readonly giveUp: () => void;
}

export class JobQueue {
  readonly #waiting: Entry[] = [];
  #running: Entry | undefined;
  #disposed = false;

  /** Settles when the task has settled, or at once when it is aborted before its turn. Never rejects. */
  run<T>(task: Task<T>, { signal, supersede, urgent }: QueueOptions = {}): Promise<Result<T>> {
    if (this.#disposed || signal?.aborted) return Promise.resolve(cancelledResult());
    if (supersede !== undefined) this.#abortAll((entry) => entry.key === supersede);
    return new Promise((settle) => {
      const entry = this.#entry(task, supersede, signal, settle);
      if (urgent) this.#waiting.unshift(entry);
      else this.#waiting.push(entry);
      void this.#pump();
    });
  }

  /** Aborts everything; later calls are cancelled at once. */
  dispose(): void {
    this.#disposed = true;
    this.#abortAll(() => true);
  }

  #entry<T>(
    task: Task<T>,
    key: string | undefined,
    signal: AbortSignal | undefined,
    settle: (result: Result<T>) => void,
  ): Entry {
    const abort = new AbortController();
    const finish = (result: Result<T>) => {
      signal?.removeEventListener('abort', stop);
      settle(result);
    };
    const entry: Entry = {
      key,
      abort,
      start: async () => {
        const result = await attempt(() => task(abort.signal));
        finish(result.ok ? result.value : result);
      },
      giveUp: () => finish(cancelledResult()),
    };
    const stop = () => this.#abort(entry);
    signal?.addEventListener('abort', stop, { once: true });
    return entry;
  }

  #abortAll(which: (entry: Entry) => boolean): void {
    for (const entry of this.#waiting.filter(which)) this.#abort(entry);
    if (this.#running !== undefined && which(this.#running)) this.#abort(this.#running);
  }

  #abort(entry: Entry): void {
    const place = this.#waiting.indexOf(entry);
    if (place >= 0) {
      this.#waiting.splice(place, 1);
      entry.giveUp();
    }
    entry.abort.abort();
  }

  async #pump(): Promise<void> {
    if (this.#running !== undefined) return;
    for (;;) {
      const next = this.#waiting.shift();
      this.#running = next;
      if (next === undefined) return;
      await next.start();
    }
  }
}
