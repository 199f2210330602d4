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
  /**
   * What both models were fed. Integer kernels take other times on other values: onnxruntime-web's clamp by branches, and
   * one file took 1.4 times as long on real samples as on noise (docs/measuring.md).
   */
  readonly inputs: 'synthetic' | 'data';
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
  /** Milliseconds that 90 and 99 % of the timed samples stay below. A sample is the mean of some runs where one is very short. */
  readonly originalP90Millis: number;
  readonly originalP99Millis: number;
  readonly variantP90Millis: number;
  readonly variantP99Millis: number;
  /**
   * Milliseconds of the very first run of each session. The original's comes first in the process, so it also pays for
   * what the engine compiles only once: not to be compared with the variant's.
   */
  readonly firstRunMillis: { readonly original: number; readonly variant: number };
  readonly noise: LatencyNoise;
}

/** How unsteady the machine was. */
export interface LatencyNoise {
  /** Interquartile range / median of the samples, the larger of the two models'. */
  readonly spread: number;
  /** quiet: up to 5 %; noisy: up to 20 %; very noisy above. */
  readonly word: 'quiet' | 'noisy' | 'very noisy';
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
  /** Mean KL(original ‖ variant) of the class distributions, in nats; absent where the output is no class vector. */
  readonly divergenceNats?: number;
  /** Every output that was compared. `cosine` and `sqnrDb` above are those of the worst one (recurrent state aside). */
  readonly outputs: readonly { readonly name: string; readonly cosine: number; readonly sqnrDb: number }[];
  /** Outputs that were not compared, each with the reason. */
  readonly leftOut?: readonly { readonly name: string; readonly reason: string }[];
  /** What synthetic floats span: −1..1, or whole numbers 0..255 where the model hardly notices the former. */
  readonly range?: 'signed-unit' | 'bytes';
  /** The sizes that were used for free dimensions, by symbolic name or 'input:axis'. */
  readonly dimensions?: Readonly<Record<string, number>>;
}

export interface MemoryMeasurement {
  readonly source: 'measured';
  /** Bytes of the runtime's heap that one more live session takes: how much further the heap is written. */
  readonly originalBytes: number;
  readonly variantBytes: number;
  /** Differences below this mean nothing. Bytes a session. */
  readonly resolutionBytes?: number;
}
