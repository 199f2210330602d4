/** What a measurement is asked and what it answers: plain data, the same for page and command line. It must not know either. */
import type { ProfileResult } from '../core/profile/types.ts';
import type { AgreementMeasurement, LatencyMeasurement, MemoryMeasurement } from '../core/metrics/types.ts';

/** One file as parts: bytes, or pieces of the user's own file that are passed on unread. */
export interface DownloadFile {
  readonly name: string;
  readonly parts: readonly BlobPart[];
}

export interface MeasureRequest {
  readonly original: readonly DownloadFile[];
  readonly variant: readonly DownloadFile[];
  readonly provider: 'wasm' | 'webgpu';
  readonly threads: number;
  readonly seed: number;
  /** Values for free dimensions, by symbolic name or 'input:axis'. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** Upper bound on the latency part, milliseconds. */
  readonly budgetMillis: number;
}

export interface MeasureResult {
  readonly latency: LatencyMeasurement | null;
  readonly agreement: AgreementMeasurement | null;
  readonly memory: MemoryMeasurement | null;
  /** Each thing that was not measured, with the reason. */
  readonly notMeasured: readonly {
    readonly what: 'latency' | 'agreement' | 'memory';
    readonly reason: string;
  }[];
  readonly machine: {
    readonly cores: number;
    readonly userAgent: string;
    readonly runtime: string;
    readonly crossOriginIsolated: boolean;
  };
}

/** Profiling is a job of its own: it makes runs 2–3 times slower, so that nothing is timed meanwhile. */
export interface ProfileRequest {
  readonly model: readonly DownloadFile[];
  readonly provider: 'wasm' | 'webgpu';
  readonly threads: number;
  readonly seed: number;
  readonly dimensions: Readonly<Record<string, number>>;
  /** Upper bound, milliseconds. */
  readonly budgetMillis: number;
  /** Names of the nodes that hold each weight layer, to give times back to the user's own layers. */
  readonly layerNodes: Readonly<Record<string, readonly string[]>>;
}

export type { ProfileResult };
