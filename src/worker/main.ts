/**
 * The studio worker: the workshop behind Comlink, one job at a time, every answer a Result. It must not decide
 * anything.
 */
import { expose } from 'comlink';
import type { DoctorReport } from '../core/doctor/types.ts';
import { attempt, PareError, type Result } from '../core/errors.ts';
import type { CostSummary, ProfileResult } from '../core/profile/types.ts';
import type { SizeSkeleton } from '../core/recipe/skeleton.ts';
import type { Recipe } from '../core/recipe/types.ts';
import type { SensitivityReport, SensitivityRequest, TuneRequest, TuneResult } from '../core/search/types.ts';
import type { TargetId } from '../core/targets/types.ts';
import { createBrowserRunner } from '../runtime/browser-runner.ts';
import type {
  CalibrationInfo,
  DownloadFile,
  GraphOutline,
  LayerDetail,
  MeasureData,
  ModelSummary,
  OpenFile,
  StudioWorkerApi,
  StudioWorkerSetup,
  VariantSummary,
} from './api.ts';
import { pictureDecoder } from './open-data.ts';
import { createWorkerDesk, type Checkpoint, type JobDesk } from './jobs.ts';
import { downloadFile, Workshop } from './workshop.ts';
import { MAX_ZIP_BYTES, zipOf } from './zip.ts';

class StudioWorker implements StudioWorkerApi {
  #desk: JobDesk | undefined;
  #workshop: Workshop | undefined;

  connect(setup: StudioWorkerSetup): Promise<Result<null>> {
    return attempt(() => {
      this.#desk = createWorkerDesk(setup);
      this.#workshop = new Workshop({
        runner: createBrowserRunner(() => setup.runtimeWasm ?? new Blob([])),
        now: () => performance.now(),
        decoder: setup.codecs && pictureDecoder(setup.codecs),
      });
      return null;
    });
  }

  open(job: string, files: readonly OpenFile[]): Promise<Result<ModelSummary>> {
    return this.#run(job, (workshop, checkpoint) => workshop.open(files, checkpoint));
  }

  reopen(job: string, files: readonly OpenFile[]): Promise<Result<string>> {
    return this.#run(job, (workshop, checkpoint) => workshop.reopen(files, checkpoint));
  }

  close(modelId: string): Promise<Result<null>> {
    return this.#answer((workshop) => {
      workshop.close(modelId);
      return null;
    });
  }

  simplifiedSkeleton(job: string, modelId: string): Promise<Result<SizeSkeleton>> {
    return this.#run(job, (workshop, checkpoint) => workshop.simplifiedSkeleton(modelId, checkpoint));
  }

  makeVariant(job: string, modelId: string, recipe: Recipe): Promise<Result<VariantSummary>> {
    return this.#run(job, (workshop, checkpoint) => workshop.makeVariant(modelId, recipe, checkpoint));
  }

  calibrate(
    job: string,
    modelId: string,
    data: MeasureData | null,
    samples: number,
  ): Promise<Result<CalibrationInfo>> {
    return this.#run(job, (workshop, checkpoint) => workshop.calibrate(modelId, data, samples, checkpoint));
  }

  layerDetail(modelId: string, variantId: string | null, layerId: string): Promise<Result<LayerDetail>> {
    return this.#answer((workshop) => workshop.layerDetail(modelId, variantId, layerId));
  }

  files(modelId: string, variantId: string | null): Promise<Result<readonly DownloadFile[]>> {
    return this.#answer((workshop) => workshop.files(modelId, variantId).map(downloadFile));
  }

  download(job: string, modelId: string, variantId: string | null): Promise<Result<readonly DownloadFile[]>> {
    return this.#run(job, async (workshop, checkpoint) => {
      const files = workshop.files(modelId, variantId);
      const bytes = files.reduce((total, { blob }) => total + blob.size, 0);
      if (files.length < 2 || bytes > MAX_ZIP_BYTES) return files.map(downloadFile);
      const name = `${files[0].name.replace(/\.onnx$/i, '')}.zip`;
      return [downloadFile({ name, blob: await zipOf(files, checkpoint) })];
    });
  }

  costs(
    job: string,
    modelId: string,
    variantId: string | null,
    dimensions: Readonly<Record<string, number>>,
  ): Promise<Result<CostSummary>> {
    return this.#run(job, (workshop) => workshop.costs(modelId, variantId, dimensions));
  }

  layerNodes(
    job: string,
    modelId: string,
    variantId: string | null,
  ): Promise<Result<Readonly<Record<string, readonly string[]>>>> {
    return this.#run(job, (workshop) => Promise.resolve(workshop.layerNodes(modelId, variantId)));
  }

  sensitivity(job: string, modelId: string, request: SensitivityRequest): Promise<Result<SensitivityReport>> {
    return this.#run(job, (workshop, checkpoint) => workshop.sensitivity(modelId, request, checkpoint));
  }

  tune(job: string, modelId: string, request: TuneRequest): Promise<Result<TuneResult>> {
    return this.#run(job, (workshop, checkpoint) => workshop.tune(modelId, request, checkpoint));
  }

  examine(
    job: string,
    modelId: string,
    variantId: string | null,
    target: TargetId,
    profile?: ProfileResult,
  ): Promise<Result<DoctorReport>> {
    return this.#run(job, (workshop, checkpoint) =>
      workshop.examine(modelId, variantId, target, profile, checkpoint),
    );
  }

  outline(modelId: string, variantId: string | null): Promise<Result<GraphOutline>> {
    return this.#answer((workshop) => workshop.outline(modelId, variantId));
  }

  dropVariant(modelId: string, variantId: string): Promise<Result<null>> {
    return this.#answer((workshop) => {
      workshop.dropVariant(modelId, variantId);
      return null;
    });
  }

  cancel(job: string): void {
    this.#desk?.cancel(job);
  }

  #run<T>(job: string, work: (workshop: Workshop, checkpoint: Checkpoint) => Promise<T>): Promise<Result<T>> {
    const { workshop, desk } = this.#connected();
    return desk.run(job, (checkpoint) => work(workshop, checkpoint));
  }

  #answer<T>(work: (workshop: Workshop) => T | Promise<T>): Promise<Result<T>> {
    return attempt(() => work(this.#connected().workshop));
  }

  #connected(): { workshop: Workshop; desk: JobDesk } {
    if (this.#workshop === undefined || this.#desk === undefined) {
      throw new PareError('internal', 'The studio worker was used before it was connected.');
    }
    return { workshop: this.#workshop, desk: this.#desk };
  }
}

expose(new StudioWorker());
