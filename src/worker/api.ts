/**
 * What the page and the workers say to each other: types only. Weights never cross; the page holds ids and numbers.
 * Every call returns a Result, because a transport loses the fields of a thrown error.
 */
import type {
  DataConfig,
  DataPart,
  DataSummary,
  DuplicateReport,
  PreviewSample,
  Proposal,
  SplitReport,
} from '../core/dataset/types.ts';
import type { Result } from '../core/errors.ts';
import type { SampleRecord, TaskComparison, TaskSummary } from '../core/metrics/tasks/types.ts';
import type { CostSummary, ProfileResult } from '../core/profile/types.ts';
import type { LayerChange, SkippedLayer } from '../core/passes/types.ts';
import type { SizeSkeleton } from '../core/recipe/skeleton.ts';
import type { Recipe } from '../core/recipe/types.ts';
import type { DoctorReport, ParityRow } from '../core/doctor/types.ts';
import type {
  DeviceSpeed,
  SensitivityReport,
  SensitivityRequest,
  TuneRequest,
  TuneResult,
} from '../core/search/types.ts';
import type { GraphOutline } from '../core/report/outline.ts';
import type { TargetId } from '../core/targets/types.ts';
import type { Dimension } from '../core/onnx/ir.ts';
import type { DataType } from '../core/tensor/dtype.ts';
import type { DownloadFile, MeasureRequest, MeasureResult, ProfileRequest } from '../runtime/contract.ts';

export type { DownloadFile, GraphOutline, MeasureRequest, MeasureResult, ProfileRequest };

export interface OpenFile {
  /** Relative path inside a dropped folder, or the bare name. */
  readonly path: string;
  readonly file: Blob;
}

export interface InputSummary {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly Dimension[] | null;
}

export interface LayerSummary {
  /** Stable id; keys of a recipe's `layers`. */
  readonly id: string;
  readonly label: string;
  /** 'Conv 3×3', 'Conv dw 3×3', 'Gemm', 'MatMul', 'LSTM' … */
  readonly op: string;
  readonly dims: readonly number[];
  readonly dataType: DataType;
  readonly elements: number;
  readonly weightBytes: number;
  /** Why every pass leaves it alone; absent = may be compressed. */
  readonly frozen?: string;
}

export interface ModelSummary {
  readonly modelId: string;
  readonly fileName: string;
  readonly bytes: number;
  readonly parameters: number;
  readonly weightBytes: number;
  readonly nodes: number;
  readonly irVersion: number;
  readonly opset: number;
  readonly producer: string;
  readonly inputs: readonly InputSummary[];
  readonly outputs: readonly InputSummary[];
  readonly layers: readonly LayerSummary[];
  /** What a reader should know: unsorted nodes, unused initializers, … */
  readonly remarks: readonly string[];
  readonly externalData: boolean;
  /** For the exact size prediction in the page, with and without the simplify step. */
  readonly skeleton: SizeSkeleton;
}

export interface VariantSummary {
  readonly variantId: string;
  readonly recipe: Recipe;
  readonly bytes: number;
  readonly fileName: string;
  readonly millis: number;
  readonly steps: readonly {
    readonly pass: string;
    readonly changed: readonly LayerChange[];
    readonly skipped: readonly SkippedLayer[];
    readonly facts: Readonly<Record<string, number | string>>;
    readonly millis: number;
  }[];
  /** Kept for kernels: which backend ran, how often, and why. */
  readonly kernels: Readonly<Record<string, string>>;
  /** What steps looked at; absent = none did. */
  readonly calibration?: CalibrationInfo;
}

export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
}

export interface LayerDetail {
  readonly layerId: string;
  readonly before: Histogram;
  readonly after: Histogram | null;
  readonly sqnrDb: number | null;
  readonly zeros: number;
  /** Largest / smallest channel range; null where there are no channels. */
  readonly channelRangeRatio: number | null;
}

/** What statistics are made from, once it is known. */
export interface CalibrationInfo {
  readonly origin: 'samples' | 'synthetic';
  readonly description: string;
  readonly count: number;
  readonly key: string;
}

export interface JobProgress {
  readonly fraction: number;
  readonly doing: string;
}

/** What the page hands to a fresh studio worker, once, before any job. */
export interface StudioWorkerSetup {
  /** JobProgressMessage objects arrive on the other end. */
  readonly progress: MessagePort;
  /**
   * Int32 cell: the serial of the newest job that must stop. Seen even while the worker is busy. Absent where the page
   * is not cross-origin isolated; then only `cancel` is there, heard at the next breath of the job.
   */
  readonly cancelCell?: SharedArrayBuffer;
  /** The WebAssembly of onnxruntime-web (its CPU bundle), so that the worker never has to ask the network. */
  readonly runtimeWasm?: Blob;
  /** To read calibration samples with. */
  readonly codecs?: CodecBlobs;
}

export interface JobProgressMessage extends JobProgress {
  readonly job: string;
}

/**
 * The studio worker: holds the models, runs the passes. One job at a time; the page keeps the queue.
 * A job's name is a serial number in decimal; each job's is larger than those before it.
 */
export interface StudioWorkerApi {
  connect(setup: StudioWorkerSetup): Promise<Result<null>>;
  open(job: string, files: readonly OpenFile[]): Promise<Result<ModelSummary>>;
  /** `open` without the summary, for a worker that takes the place of a lost one. Gives the model's id. */
  reopen(job: string, files: readonly OpenFile[]): Promise<Result<string>>;
  close(modelId: string): Promise<Result<null>>;
  /** Size skeleton of the simplified model (runs simplify once and caches it). */
  simplifiedSkeleton(job: string, modelId: string): Promise<Result<SizeSkeleton>>;
  makeVariant(job: string, modelId: string, recipe: Recipe): Promise<Result<VariantSummary>>;
  layerDetail(modelId: string, variantId: string | null, layerId: string): Promise<Result<LayerDetail>>;
  /** Whole files to measure or download: one part list for the model, more when external data is needed. */
  files(modelId: string, variantId: string | null): Promise<Result<readonly DownloadFile[]>>;
  dropVariant(modelId: string, variantId: string): Promise<Result<null>>;
  /** MACs, parameters and activation bytes, counted from the shapes that these sizes of free dimensions give. */
  costs(
    job: string,
    modelId: string,
    variantId: string | null,
    dimensions: Readonly<Record<string, number>>,
  ): Promise<Result<CostSummary>>;
  /** Node names by layer id, to read a runtime's profile with. */
  layerNodes(
    job: string,
    modelId: string,
    variantId: string | null,
  ): Promise<Result<Readonly<Record<string, readonly string[]>>>>;
  /**
   * Sets what methods may look at from now on: the calibration part of the user's data, at most `samples` of it; null =
   * made-up inputs. Variants that were made with other samples are other variants.
   */
  calibrate(
    job: string,
    modelId: string,
    data: MeasureData | null,
    samples: number,
  ): Promise<Result<CalibrationInfo>>;
  /** What each layer in each precision does to the model's outputs. The model is simplified first. */
  sensitivity(job: string, modelId: string, request: SensitivityRequest): Promise<Result<SensitivityReport>>;
  /** Recipes of mixed precision that a goal may be met with. */
  tune(job: string, modelId: string, request: TuneRequest): Promise<Result<TuneResult>>;
  /**
   * Hazards of a variant (null = the original) for a target.
   * @param profile of that very variant, where there is one: it shows which layers really ran in integer kernels
   */
  examine(
    job: string,
    modelId: string,
    variantId: string | null,
    target: TargetId,
    profile?: ProfileResult,
  ): Promise<Result<DoctorReport>>;
  outline(modelId: string, variantId: string | null): Promise<Result<GraphOutline>>;
  /** Like `files`, ready to save: one zip where there would be several files and a zip can hold them. */
  download(job: string, modelId: string, variantId: string | null): Promise<Result<readonly DownloadFile[]>>;
  cancel(job: string): void;
}

/** WebAssembly of the picture codecs, fetched by the page so that no worker asks the network. */
export type CodecBlobs = Readonly<Record<'jpeg' | 'png' | 'webp', Blob>>;

/** What the page hands to a fresh measurement worker, once, before its job. */
export interface MeasureWorkerSetup {
  /** JobProgressMessage objects arrive on the other end. */
  readonly progress: MessagePort;
  /** The WebAssembly of the bundle that this worker's script holds, so that it never asks the network. */
  readonly runtimeWasm: Blob;
  readonly codecs: CodecBlobs;
}

/** The user's samples, to compare and time models on instead of made-up inputs. */
export interface MeasureData {
  readonly files: readonly OpenFile[];
  readonly config: DataConfig;
}

/** One model over one set. */
export interface EvaluationSetup {
  readonly model: readonly DownloadFile[];
  readonly data: readonly OpenFile[];
  readonly config: DataConfig;
  readonly part: DataPart;
  readonly provider: 'wasm' | 'webgpu';
  readonly threads: number;
}

/**
 * The measurement worker: one kind of work, then it is thrown away, because the runtime's heap never shrinks. `cancel`
 * is heard between two runs of the model; a run that takes longer is ended by killing the worker.
 */
export interface MeasureWorkerApi {
  connect(setup: MeasureWorkerSetup): Promise<Result<null>>;
  /** With `data` outputs are compared and runs timed on the user's samples. */
  measure(job: string, request: MeasureRequest, data?: MeasureData): Promise<Result<MeasureResult>>;
  /** Loads model and set; `samples` = how many the part has. Then `evaluate` may be called for any ranges. */
  openEvaluation(job: string, setup: EvaluationSetup): Promise<Result<{ readonly samples: number }>>;
  /** Records of the samples [from, to) of the part, in order. Failed samples are records too. */
  evaluate(job: string, from: number, to: number): Promise<Result<readonly SampleRecord[]>>;
  /** Tries the common ways to fit this data to this model, on a labelled subset. The likeliest task first. */
  propose(
    job: string,
    model: readonly DownloadFile[],
    data: readonly OpenFile[],
    seed: number,
  ): Promise<Result<readonly Proposal[]>>;
  /** Some samples as the model gets them, with what it makes of them. */
  preview(
    job: string,
    setup: EvaluationSetup,
    indices: readonly number[],
  ): Promise<Result<readonly PreviewSample[]>>;
  profile(job: string, request: ProfileRequest): Promise<Result<ProfileResult>>;
  /** A benchmark of about three seconds of what layers are made of, on this device. */
  benchmark(job: string, threads: number): Promise<Result<DeviceSpeed>>;
  /** The same inputs through original and variant, on WASM and (where it is) WebGPU. */
  parity(job: string, request: MeasureRequest, data?: MeasureData): Promise<Result<readonly ParityRow[]>>;
  cancel(job: string): void;
}

/** What the page hands to a fresh data worker, once, before any job. */
export interface DataWorkerSetup {
  readonly progress: MessagePort;
  /** As StudioWorkerSetup's. */
  readonly cancelCell?: SharedArrayBuffer;
  readonly codecs: CodecBlobs;
}

/** What evaluation adds up to: the variant's own figures, the original's on the same samples, and the difference. */
export interface Evaluation {
  readonly source: 'measured';
  readonly dataId: string;
  readonly name: string;
  readonly part: DataPart;
  readonly summary: TaskSummary;
  readonly baseline: TaskSummary;
  /** Null when the original itself was evaluated. */
  readonly comparison: TaskComparison | null;
  /** Wall time of the variant's evaluation, and how many workers shared it. */
  readonly millis: number;
  readonly workers: number;
}

export interface Thumbnail {
  readonly index: number;
  readonly key: string;
  readonly label: string | null;
  readonly picture: { readonly width: number; readonly height: number; readonly rgba: Uint8Array } | null;
  readonly text: string | null;
}

/** The data worker: holds the index of the user's set, reads samples, compares records. Runs no model. */
export interface DataWorkerApi {
  connect(setup: DataWorkerSetup): Promise<Result<null>>;
  open(job: string, files: readonly OpenFile[]): Promise<Result<DataSummary>>;
  close(dataId: string): Promise<Result<null>>;
  /** How the set divides, and what is wrong with that or with the labels. */
  check(job: string, dataId: string, config: DataConfig): Promise<Result<SplitReport>>;
  /** Exact copies by hash, near copies of pictures by perceptual hash. */
  duplicates(job: string, dataId: string): Promise<Result<DuplicateReport>>;
  /** `variant` null = the original alone. */
  conclude(
    job: string,
    dataId: string,
    config: DataConfig,
    part: DataPart,
    baseline: readonly SampleRecord[],
    variant: readonly SampleRecord[] | null,
  ): Promise<Result<Omit<Evaluation, 'millis' | 'workers'>>>;
  /** @param side the longer side in pixels. */
  thumbnails(
    job: string,
    dataId: string,
    indices: readonly number[],
    side: number,
  ): Promise<Result<readonly Thumbnail[]>>;
  cancel(job: string): void;
}
