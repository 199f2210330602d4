/** The one job on screen: its title, its progress. It must not know what the job does. */
import type { CallOptions } from '../bridge/studio.ts';
import type { AppStore, JobKind } from './state.ts';

/** Runs `work` after a pause; the returned function forgets it. Injected so that tests own the time. */
export type After = (millis: number, work: () => void) => () => void;

export const browserAfter: After = (millis, work) => {
  const timer = setTimeout(work, millis);
  return () => clearTimeout(timer);
};

export class JobBoard {
  private readonly store: AppStore;
  private jobs = 0;

  constructor(store: AppStore) {
    this.store = store;
  }

  /** Shows a job until the next one, or until the caller clears it. Progress after an abort is not shown. */
  begin(kind: JobKind, title: string, signal: AbortSignal): CallOptions & { signal: AbortSignal } {
    const id = ++this.jobs;
    this.store.setState({ job: { id, kind, title, fraction: 0, doing: '' } });
    return {
      signal,
      onProgress: ({ fraction, doing }) => {
        if (signal.aborted) return;
        this.store.setState((state) =>
          state.job?.id === id ? { job: { ...state.job, fraction, doing } } : {},
        );
      },
    };
  }
}
