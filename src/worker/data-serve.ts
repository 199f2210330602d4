/** The data worker behind Comlink: every long call a job, every answer a Result. It must not decide anything. */
import type {
  DataConfig,
  DataPart,
  DataSummary,
  DuplicateReport,
  SplitReport,
} from '../core/dataset/types.ts';
import { attempt, PareError, type Result } from '../core/errors.ts';
import type { SampleRecord } from '../core/metrics/tasks/types.ts';
import type { DataWorkerApi, DataWorkerSetup, Evaluation, OpenFile, Thumbnail } from './api.ts';
import { DataService } from './data-service.ts';
import { createWorkerDesk, type Checkpoint, type JobDesk } from './jobs.ts';
import { pictureDecoder } from './open-data.ts';

export class DataWorker implements DataWorkerApi {
  #desk: JobDesk | undefined;
  #service: DataService | undefined;

  connect(setup: DataWorkerSetup): Promise<Result<null>> {
    return attempt(() => {
      this.#desk = createWorkerDesk(setup);
      this.#service = new DataService(pictureDecoder(setup.codecs));
      return null;
    });
  }

  open(job: string, files: readonly OpenFile[]): Promise<Result<DataSummary>> {
    return this.#run(job, (service, checkpoint) => service.open(files, checkpoint));
  }

  close(dataId: string): Promise<Result<null>> {
    return attempt(() => {
      this.#connected().service.close(dataId);
      return null;
    });
  }

  check(job: string, dataId: string, config: DataConfig): Promise<Result<SplitReport>> {
    return this.#run(job, (service) => service.check(dataId, config));
  }

  duplicates(job: string, dataId: string): Promise<Result<DuplicateReport>> {
    return this.#run(job, (service, checkpoint) => service.duplicates(dataId, checkpoint));
  }

  conclude(
    job: string,
    dataId: string,
    config: DataConfig,
    part: DataPart,
    baseline: readonly SampleRecord[],
    variant: readonly SampleRecord[] | null,
  ): Promise<Result<Omit<Evaluation, 'millis' | 'workers'>>> {
    return this.#run(job, (service, checkpoint) =>
      service.conclude(dataId, config, part, { baseline, variant }, checkpoint),
    );
  }

  thumbnails(
    job: string,
    dataId: string,
    indices: readonly number[],
    side: number,
  ): Promise<Result<readonly Thumbnail[]>> {
    return this.#run(job, (service, checkpoint) => service.thumbnails(dataId, indices, side, checkpoint));
  }

  cancel(job: string): void {
    this.#desk?.cancel(job);
  }

  #run<T>(
    job: string,
    work: (service: DataService, checkpoint: Checkpoint) => T | Promise<T>,
  ): Promise<Result<T>> {
    return attempt(() => this.#connected()).then((connected) =>
      connected.ok
        ? connected.value.desk.run(job, (checkpoint) => work(connected.value.service, checkpoint))
        : connected,
    );
  }

  #connected(): { service: DataService; desk: JobDesk } {
    if (this.#service === undefined || this.#desk === undefined) {
      throw new PareError('internal', 'The data worker was used before it was connected.');
    }
    return { service: this.#service, desk: this.#desk };
  }
}
