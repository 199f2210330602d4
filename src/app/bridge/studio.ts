/**
 * The page's only door to workers, as an interface that a test can fake. It promises what a screen needs: every call
 * settles, every failure is a Result with a coded error, every long call can be aborted. It must not know React,
 * stores or how workers are made (create-studio.ts does).
 */
import type { Result } from '../../core/errors.ts';
import type { SizeSkeleton } from '../../core/recipe/skeleton.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type {
  JobProgress,
  LayerDetail,
  MeasureResult,
  ModelSummary,
  OpenFile,
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

export interface Studio {
  readonly capabilities: StudioCapabilities;
  /**
   * Opens one model: a file, several files (a model and its external data) or the files of a folder. A refusal
   * leaves every model that was open before as it was.
   */
  open(files: readonly OpenFile[], options?: CallOptions): Promise<Result<ModelSummary>>;
  /** The bundled digits model. `measure` then adds accuracy on its held-out images. */
  openSample(options?: CallOptions): Promise<Result<ModelSummary>>;
  /** For the size prediction of recipes that start with `simplify`. Runs simplify once; later calls are free. */
  simplifiedSkeleton(modelId: string, options?: CallOptions): Promise<Result<SizeSkeleton>>;
  makeVariant(modelId: string, recipe: Recipe, options?: VariantOptions): Promise<Result<VariantSummary>>;
  /** In a worker of its own, thrown away afterwards. `variantId` null measures the original against itself. */
  measure(
    modelId: string,
    variantId: string | null,
    measurement: MeasureOptions,
    options?: VariantOptions,
  ): Promise<Result<MeasureResult>>;
  layerDetail(modelId: string, variantId: string | null, layerId: string): Promise<Result<LayerDetail>>;
  /** `variantId` null = the original. Parts of the user's own file are passed on unread. */
  download(modelId: string, variantId: string | null): Promise<Result<readonly DownloadBlob[]>>;
  /** Frees what a variant holds. Unknown ids are no error. */
  dropVariant(modelId: string, variantId: string): Promise<Result<null>>;
  close(modelId: string): Promise<Result<null>>;
  /** Ends all workers; pending calls settle as `cancelled`. */
  dispose(): void;
}
