/** Work that cannot be stopped, for a caller who can. It must not know what the work is. */
import { attempt, type Result } from '../../core/errors.ts';
import { cancelledResult } from './job-queue.ts';

/** The answer of `work`, or `cancelled` at once when the signal says so: a request may hang, its caller must not. */
export function orAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<Result<T>> {
  if (signal?.aborted) return Promise.resolve(cancelledResult());
  return new Promise((settle) => {
    signal?.addEventListener('abort', () => settle(cancelledResult()), { once: true });
    void attempt(work).then(settle);
  });
}
