/**
 * What the page and the workers say to each other: types only. Weights never cross; the page holds ids and numbers.
 * Every call returns a Result, because a transport loses the fields of a thrown error.
 */
import type { Result } from '../core/errors.ts';
import type { LayerChange, SkippedLayer } from '../core/passes/types.ts';
import type { SizeSkeleton } from '../core/recipe/skeleton.ts';
import type { Recipe } from '../core/recipe/types.ts';
import type { Dimension } from '../core/onnx/ir.ts';
import type { DataType } from '../core/tensor/dtype.ts';
import type { DownloadFile, MeasureRequest, MeasureResult } from '../runtime/contract.ts';

export type { DownloadFile, MeasureRequest, MeasureResult };

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
  /** Like `files`, ready to save: one zip where there would be several files and a zip can hold them. */
  download(job: string, modelId: string, variantId: string | null): Promise<Result<readonly DownloadFile[]>>;
  cancel(job: string): void;
}

/** What the page hands to a fresh measurement worker, once, before its job. */
export interface MeasureWorkerSetup {
  /** JobProgressMessage objects arrive on the other end. */
  readonly progress: MessagePort;
  /** The WebAssembly of the bundle that this worker's script holds, so that it never asks the network. */
  readonly runtimeWasm: Blob;
}

/**
 * The measurement worker: one job, then it is thrown away, because the runtime's heap never shrinks. `cancel` is
 * heard between two runs of the model; a run that takes longer is ended by killing the worker.
 */
export interface MeasureWorkerApi {
  connect(setup: MeasureWorkerSetup): Promise<Result<null>>;
  measure(job: string, request: MeasureRequest): Promise<Result<MeasureResult>>;
  cancel(job: string): void;
}
