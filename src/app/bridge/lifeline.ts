/**
 * The life of one worker as the page sees it: made when first needed, asked to stop, killed when it does not, made
 * again, its state restored. Every call settles. It must not know what the worker does or how messages travel.
 */
import { attempt, type ErrorRecord, type Result } from '../../core/errors.ts';
import { cancelledResult } from './job-queue.ts';

/** A live worker and the means to talk to it. */
export interface WorkerLink<Api> {
  readonly api: Api;
  /** Resolves if the worker dies by itself. */
  readonly crashed: Promise<ErrorRecord>;
  /** Asks the running job to stop. */
  requestStop(job: string): void;
  terminate(): void;
}

export interface LifelineOptions<Api> {
  /**
   * Makes a worker that is ready for calls, its state restored after a loss. `ended` is aborted when the page gives the
   * worker up, which may be before it is ready.
   */
  readonly spawn: (ended: AbortSignal) => Promise<WorkerLink<Api>>;
  /** Waits `millis`, then calls back; returns what undoes it. Injected so that tests own the clock. */
  readonly after?: (millis: number, callback: () => void) => () => void;
  /** 0 for a worker that is thrown away anyway. Default STOP_GRACE_MILLIS. */
  readonly graceMillis?: number;
}

/**
 * How long a job may take to stop by itself. A promise of 250 ms leaves the rest for the kill and the page's own
 * delays.
 */
export const STOP_GRACE_MILLIS = 150;

function afterMillis(millis: number, callback: () => void): () => void {
  const timer = setTimeout(callback, millis);
  return () => clearTimeout(timer);
}

export class Lifeline<Api> {
  readonly #spawn: LifelineOptions<Api>['spawn'];
  readonly #after: (millis: number, callback: () => void) => () => void;
  readonly #graceMillis: number;
  #link: Promise<WorkerLink<Api>> | undefined;
  /** Settles the calls of the present link when the page itself ends it. */
  #ending = ending();
  #serial = 0;
  #disposed = false;

  constructor({ spawn, after = afterMillis, graceMillis = STOP_GRACE_MILLIS }: LifelineOptions<Api>) {
    this.#spawn = spawn;
    this.#graceMillis = graceMillis;
    this.#after = after;
  }

  /**
   * Runs one call. After an abort it settles as `cancelled` within STOP_GRACE_MILLIS plus a turn of the loop: by the
   * job's own stop, or by the worker's end. A crash settles it as `runtime-crashed`; the next call gets a new worker.
   */
  async call<T>(
    work: (api: Api, job: string) => Promise<Result<T>>,
    signal?: AbortSignal,
  ): Promise<Result<T>> {
    if (this.#disposed || signal?.aborted) return cancelledResult();
    const job = String(++this.#serial);
    const { promise: killed } = this.#ending;
    let undo = () => {};
    const stop = () => {
      void this.#link?.then((link) => link.requestStop(job), ignore);
      undo = this.#after(this.#graceMillis, () => this.#kill());
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([killed.then(cancelledResult), this.#ask(work, job)]);
    } finally {
      signal?.removeEventListener('abort', stop);
      undo();
    }
  }

  /** Ends the worker; the next call gets another. For one that still answers but has broken inside. */
  renew(): void {
    this.#kill();
  }

  /** Ends the worker; pending calls settle as `cancelled`. */
  dispose(): void {
    this.#disposed = true;
    this.#kill();
  }

  async #ask<T>(work: (api: Api, job: string) => Promise<Result<T>>, job: string): Promise<Result<T>> {
    const started = await attempt(() => (this.#link ??= this.#start()));
    if (!started.ok) return started;
    const link = started.value;
    const crash = link.crashed.then((error): Result<T> => ({ ok: false, error }));
    const answer = await attempt(() => Promise.race([work(link.api, job), crash]));
    return answer.ok ? answer.value : answer;
  }

  /** A worker that could not be made, or that died, is not asked again; the next call makes another. */
  #start(): Promise<WorkerLink<Api>> {
    const link = this.#spawn(this.#ending.signal);
    const forget = () => {
      if (this.#link === link) this.#link = undefined;
    };
    link.then(async (live) => {
      await live.crashed;
      forget();
      live.terminate();
    }, forget);
    return link;
  }

  #kill(): void {
    void this.#link?.then((link) => link.terminate(), ignore);
    this.#link = undefined;
    this.#ending.resolve();
    this.#ending = ending();
  }
}

interface Ending {
  readonly promise: Promise<'killed'>;
  readonly signal: AbortSignal;
  readonly resolve: () => void;
}

function ending(): Ending {
  const controller = new AbortController();
  const { signal } = controller;
  const promise = new Promise<'killed'>((done) => {
    signal.addEventListener('abort', () => done('killed'), { once: true });
  });
  return { promise, signal, resolve: () => controller.abort() };
}

function ignore(): void {
  // The failure of a spawn is reported to the call that asked for it.
}
