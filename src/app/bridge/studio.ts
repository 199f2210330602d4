/**
 * The page's only door to workers, as an interface that a test can fake. It promises what a screen needs: every call
 * settles, every failure is a Result with a coded error, every long call can be aborted. It must not know React,
 * stores or how workers are made (create-studio.ts does).
 */
import type {
  DataConfig,
  DataPart,
  DataSummary,
  DuplicateReport,
  PreviewSample,
  Proposal,
  SplitReport,
} from '../../core/dataset/types.ts';
import type { Result } from '../../core/errors.ts';
import type { CostSummary, ProfileResult } from '../../core/profile/types.ts';
import type { DoctorReport, ParityRow } from '../../core/doctor/types.ts';
import type {
  DeviceSpeed,
  SensitivityReport,
  SensitivityRequest,
  TuneRequest,
  TuneResult,
} from '../../core/search/types.ts';
import type { TargetId } from '../../core/targets/types.ts';
import type { SizeSkeleton } from '../../core/recipe/skeleton.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type {
  CalibrationInfo,
  Evaluation,
  GraphOutline,
  JobProgress,
  LayerDetail,
  MeasureResult,
  ModelSummary,
  OpenFile,
  Thumbnail,
  VariantSummary,
} from '../../worker/api.ts';

export interface CallOptions {
  /** Aborting settles the call with the code `cancelled` within 250 ms, whatever the worker is doing. */
  readonly signal?: AbortSignal;
  /** Called at most about 20 times a second; the fraction never falls. */
  readonly onProgress?: (progress: JobProgress) => void;
}

export interface VariantOptions extends CallOptions {
  /**
   * Latest wins: a later call with the same key settles every earlier one of that key as `cancelled`, running or
   * waiting. For a slider that is still moving. Absent = the call waits its turn.
   */
  readonly supersede?: string;
}

export interface MeasureOptions {
  readonly provider: 'wasm' | 'webgpu';
  readonly threads: number;
  readonly seed: number;
  /** Values for free dimensions, by symbolic name or 'input:axis'. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** Upper bound on the latency part, milliseconds. */
  readonly budgetMillis: number;
}

/** One file to save. A model with external data is one zip. */
export interface DownloadBlob {
  readonly name: string;
  readonly blob: Blob;
}

/** Whether the page can do what it promises; shown, never guessed. */
export interface StudioCapabilities {
  /** Threads and the shared cancel flag exist only when this is true. */
  readonly crossOriginIsolated: boolean;
  /** Logical cores as the browser reports them. */
  readonly cores: number;
  readonly webgpu: boolean;
}

/** An open set, and how it is read. */
export interface DataInUse {
  readonly dataId: string;
  readonly config: DataConfig;
}

/** The user's data behind the studio: sets, their samples, and what models make of them. */
export interface DataStudio {
  /** Indexes files, a folder or a zip. Nothing is uploaded; samples are read when they are needed. */
  addData(files: readonly OpenFile[], options?: CallOptions): Promise<Result<DataSummary>>;
  /** The bundled sample's held-out digits, with the description that fits them to its model. */
  addSampleData(
    options?: CallOptions,
  ): Promise<Result<{ readonly summary: DataSummary; readonly config: DataConfig }>>;
  closeData(dataId: string): Promise<Result<null>>;
  proposeData(
    modelId: string,
    dataId: string,
    options?: VariantOptions,
  ): Promise<Result<readonly Proposal[]>>;
  previewData(
    modelId: string,
    dataId: string,
    config: DataConfig,
    indices: readonly number[],
    options?: VariantOptions,
  ): Promise<Result<readonly PreviewSample[]>>;
  checkData(dataId: string, config: DataConfig): Promise<Result<SplitReport>>;
  findDuplicates(dataId: string, options?: VariantOptions): Promise<Result<DuplicateReport>>;
  /**
   * The variant (null = the original) over one part of the set, in several workers where that pays, paired with the
   * original. What was evaluated before with the same model, data and description is not evaluated again.
   */
  evaluate(
    modelId: string,
    variantId: string | null,
    dataId: string,
    config: DataConfig,
    how: { readonly provider: 'wasm' | 'webgpu'; readonly part: DataPart },
    options?: VariantOptions,
  ): Promise<Result<Evaluation>>;
  thumbnails(dataId: string, indices: readonly number[], side: number): Promise<Result<readonly Thumbnail[]>>;
}

/** The samples that a variant was made with; `data` null = made-up inputs. */
export interface MadeWith {
  readonly data: DataInUse | null;
  readonly samples: number;
}

/** What looks at samples of the calibration part, or searches with them. */
export interface TuningStudio {
  /**
   * What recipes with methods that look at data use from now on; null = made-up inputs. Remembered, and told again to a
   * worker that takes the place of a lost one.
   */
  calibrate(
    modelId: string,
    data: DataInUse | null,
    samples: number,
    options?: CallOptions,
  ): Promise<Result<CalibrationInfo>>;
  sensitivity(
    modelId: string,
    request: SensitivityRequest,
    options?: VariantOptions,
  ): Promise<Result<SensitivityReport>>;
  tune(modelId: string, request: TuneRequest, options?: VariantOptions): Promise<Result<TuneResult>>;
  /** @param profile of that very variant: it shows which layers really ran in integer kernels */
  examine(
    modelId: string,
    variantId: string | null,
    target: TargetId,
    options?: VariantOptions,
    profile?: ProfileResult,
  ): Promise<Result<DoctorReport>>;
  outline(modelId: string, variantId: string | null): Promise<Result<GraphOutline>>;
  /** Measured once for a number of threads, then remembered for this visit. */
  benchmark(threads: number, options?: CallOptions): Promise<Result<DeviceSpeed>>;
  parity(
    modelId: string,
    variantId: string,
    measurement: MeasureOptions,
    options?: VariantOptions,
    data?: DataInUse | null,
  ): Promise<Result<readonly ParityRow[]>>;
}

export interface Studio extends DataStudio, TuningStudio {
  readonly capabilities: StudioCapabilities;
  /**
   * Opens one model: a file, several files (a model and its external data) or the files of a folder. A refusal
   * leaves every model that was open before as it was.
   */
  open(files: readonly OpenFile[], options?: CallOptions): Promise<Result<ModelSummary>>;
  /** The bundled digits model; `addSampleData` gives its held-out images. */
  openSample(options?: CallOptions): Promise<Result<ModelSummary>>;
  /** For the size prediction of recipes that start with `simplify`. Runs simplify once; later calls are free. */
  simplifiedSkeleton(modelId: string, options?: CallOptions): Promise<Result<SizeSkeleton>>;
  makeVariant(modelId: string, recipe: Recipe, options?: VariantOptions): Promise<Result<VariantSummary>>;
  /**
   * In a worker of its own, thrown away afterwards. `variantId` null measures the original against itself. With `data`
   * outputs are compared, and runs timed, on the user's samples instead of made-up inputs.
   */
  measure(
    modelId: string,
    variantId: string | null,
    measurement: MeasureOptions,
    options?: VariantOptions,
    data?: DataInUse | null,
  ): Promise<Result<MeasureResult>>;
  /**
   * Tells of a variant that an earlier visit made: it is made again from its recipe when it is first asked about.
   * @param madeWith where it looked at samples; until it is told with data that are open, asking gives `data-invalid`
   */
  knowVariant(modelId: string, variantId: string, recipe: Recipe, madeWith?: MadeWith): void;
  layerDetail(modelId: string, variantId: string | null, layerId: string): Promise<Result<LayerDetail>>;
  /** Per-node times, in a worker of its own; never while anything is timed. */
  profile(
    modelId: string,
    variantId: string | null,
    measurement: MeasureOptions,
    options?: VariantOptions,
  ): Promise<Result<ProfileResult>>;
  costs(
    modelId: string,
    variantId: string | null,
    dimensions: Readonly<Record<string, number>>,
  ): Promise<Result<CostSummary>>;
  /** `variantId` null = the original. Parts of the user's own file are passed on unread. */
  download(modelId: string, variantId: string | null): Promise<Result<readonly DownloadBlob[]>>;
  /** Frees what a variant holds. Unknown ids are no error. */
  dropVariant(modelId: string, variantId: string): Promise<Result<null>>;
  close(modelId: string): Promise<Result<null>>;
  /** Ends all workers; pending calls settle as `cancelled`. */
  dispose(): void;
}
