/**
 * The worker's side of a job: progress out, cancel in, a typed result at the end. It must not know what a job does,
 * nor who waits for it; the page's side (queue, kill, respawn) is app/bridge.
 */
import { attempt, PareError, type Result } from '../core/errors.ts';
import type { JobProgressMessage } from './api.ts';

/** How a job reports and breathes. Throws PareError `cancelled` when the job must stop. */
export type Checkpoint = (fraction: number, doing: string) => Promise<void>;

export interface JobDesk {
  /** Runs `work` as the job of that serial. Never rejects. */
  run<T>(job: string, work: (checkpoint: Checkpoint) => T | Promise<T>): Promise<Result<T>>;
  /** The message way to stop a job; heard when the job breathes. */
  cancel(job: string): void;
}

export interface JobDeskOptions {
  readonly post: (message: JobProgressMessage) => void;
  /** The shared cell of StudioWorkerSetup. */
  readonly cancelCell?: Int32Array | undefined;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Resolves after the messages that wait have been handled. */
  readonly breathe: () => Promise<void>;
}

/** A bar moves smoothly at 20 steps a second; more messages only cost the page time. */
const PROGRESS_EVERY_MILLIS = 50;
/** How long a job may keep the worker deaf to messages. Well inside the 250 ms that a cancel may take. */
const BREATHE_EVERY_MILLIS = 20;

export function createJobDesk({ post, cancelCell, now, breathe }: JobDeskOptions): JobDesk {
  // The serial 0 is what a fresh worker does before its first job.
  let cancelledUpTo = -1;

  const isCancelled = (serial: number): boolean =>
    serial <= cancelledUpTo || (cancelCell !== undefined && serial <= Atomics.load(cancelCell, 0));

  function checkpointFor(job: string): Checkpoint {
    const serial = Number(job);
    let posted = -Infinity;
    let breathed = now();
    return async (fraction, doing) => {
      const time = now();
      if (time - posted >= PROGRESS_EVERY_MILLIS) {
        posted = time;
        post({ job, fraction: Math.min(1, Math.max(0, fraction)), doing });
      }
      if (isCancelled(serial)) throw cancelled();
      if (time - breathed < BREATHE_EVERY_MILLIS) return;
      await breathe();
      breathed = now();
      if (isCancelled(serial)) throw cancelled();
    };
  }

  return {
    run: (job, work) =>
      attempt(async () => {
        if (isCancelled(Number(job))) throw cancelled();
        return work(checkpointFor(job));
      }),
    cancel(job) {
      cancelledUpTo = Math.max(cancelledUpTo, Number(job));
    },
  };
}

/** The desk of a worker: progress over the port that it was handed, cancel by the shared cell where there is one. */
export function createWorkerDesk(setup: {
  readonly progress: MessagePort;
  readonly cancelCell?: SharedArrayBuffer;
}): JobDesk {
  const { progress, cancelCell } = setup;
  return createJobDesk({
    post: (message) => progress.postMessage(message),
    cancelCell: cancelCell === undefined ? undefined : new Int32Array(cancelCell),
    now: () => performance.now(),
    breathe: createBreath(),
  });
}

/** A turn of the event loop that timers do not clamp to 4 ms: a message to oneself. */
export function createBreath(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((done) => {
      waiting.push(done);
      port2.postMessage(null);
    });
}

function cancelled(): PareError {
  return new PareError('cancelled', 'The work was cancelled.');
}
