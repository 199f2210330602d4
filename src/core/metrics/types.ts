/** A measurement: a number with its unit, its spread, how it was obtained and on what. */

export type NumberSource = 'measured' | 'predicted' | 'estimated';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface LatencyMeasurement {
  readonly source: 'measured';
  readonly provider: 'wasm' | 'webgpu';
  readonly threads: number;
  /** Milliseconds: medians over interleaved runs. */
  readonly originalMillis: number;
  readonly variantMillis: number;
  /** 95 % intervals of the medians. */
  readonly originalInterval: Interval;
  readonly variantInterval: Interval;
  /** original / variant, from paired runs; above 1 = faster. */
  readonly speedup: number;
  readonly speedupInterval: Interval;
  readonly runs: number;
  readonly discarded: number;
  readonly createMillis: { readonly original: number; readonly variant: number };
}

export interface AgreementMeasurement {
  readonly source: 'measured';
  /** `synthetic`: seeded inputs that fit the model's inputs, never called accuracy. */
  readonly inputs: 'synthetic' | 'data';
  readonly samples: number;
  readonly cosine: number;
  readonly sqnrDb: number;
  /** Fraction; absent where the output is no class vector. */
  readonly top1?: number;
  readonly outputs: readonly { readonly name: string; readonly cosine: number; readonly sqnrDb: number }[];
}

export interface AccuracyMeasurement {
  readonly source: 'measured';
  readonly metric: 'top1';
  readonly value: number;
  readonly baseline: number;
  readonly difference: number;
  /** 95 % interval of the paired difference. */
  readonly interval: Interval;
  readonly samples: number;
  readonly dataset: string;
}

export interface MemoryMeasurement {
  readonly source: 'measured';
  /** Growth of the runtime's heap from before the session to after its first run, bytes. */
  readonly originalBytes: number;
  readonly variantBytes: number;
}
