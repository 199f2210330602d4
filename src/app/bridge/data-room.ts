/**
 * The data worker as the page sees it: sets that are open, questions about them, and the sets again after the worker
 * was lost. It keeps the user's files and no samples. It must not know models.
 */
import { type ErrorRecord, type Result } from '../../core/errors.ts';
import type { DataSummary } from '../../core/dataset/types.ts';
import type { DataWorkerApi, JobProgressMessage, OpenFile } from '../../worker/api.ts';
import type { WorkerLink } from './lifeline.ts';
import { RESTORE_JOB, ServingLine, type AskOptions } from './serving-line.ts';
import type { CallOptions } from './studio.ts';

export type SpawnData = (
  onProgress: (message: JobProgressMessage) => void,
) => Promise<WorkerLink<DataWorkerApi>>;

interface OpenSet {
  readonly files: readonly OpenFile[];
  /** Why it could not be brought back. */
  lost?: ErrorRecord;
}

export class DataRoom {
  readonly #sets = new Map<string, OpenSet>();
  readonly #line: ServingLine<DataWorkerApi>;

  constructor(spawn: SpawnData) {
    this.#line = new ServingLine<DataWorkerApi>({
      spawn,
      restore: async (ask) => {
        for (const set of this.#sets.values()) {
          const opened = await ask((api) => api.open(RESTORE_JOB, set.files));
          delete set.lost;
          if (!opened.ok) set.lost = opened.error;
        }
      },
    });
  }

  async open(files: readonly OpenFile[], options: CallOptions): Promise<Result<DataSummary>> {
    const opened = await this.#line.ask(options, (api, job) => api.open(job, files));
    if (opened.ok) this.#sets.set(opened.value.dataId, { files });
    return opened;
  }

  close(dataId: string): Promise<Result<null>> {
    if (!this.#sets.delete(dataId)) return Promise.resolve({ ok: true, value: null });
    return this.#line.ask({}, (api) => api.close(dataId));
  }

  /** The files that other workers open the set from. */
  files(dataId: string): Result<readonly OpenFile[]> {
    const set = this.#sets.get(dataId);
    return set === undefined
      ? { ok: false, error: { code: 'usage', message: 'These data are not open.' } }
      : { ok: true, value: set.files };
  }

  async ask<T>(
    dataId: string,
    options: AskOptions,
    work: (api: DataWorkerApi, job: string) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    const answer = await this.#line.ask(options, work);
    if (answer.ok || answer.error.code === 'cancelled') return answer;
    return { ok: false, error: this.#sets.get(dataId)?.lost ?? answer.error };
  }

  dispose(): void {
    this.#line.dispose();
  }
}
