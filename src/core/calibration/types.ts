/**
 * What a pass may ask about the values that flow through a model, and the source that answers. Statistics are small:
 * they are computed inside an augmented graph, so that activations do not leave the runtime. It must not know passes,
 * runtimes or files.
 */
import type { HostTensor } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';

export type Checkpoint = (fraction: number, doing: string) => Promise<void>;

/** The samples behind statistics, as batches of feeds. The host supplies them; no label is ever read. */
export interface CalibrationSamples {
  /** Hash of data, description, choice and number of the samples; 'synthetic…' where they are made up. */
  readonly key: string;
  /** `samples`: the user's own, from the calibration part of the set. `synthetic`: seeded made-up inputs. */
  readonly origin: 'samples' | 'synthetic';
  /** In words, for reports: 'the first 256 samples of the calibration part of digits.zip', 'made-up inputs'. */
  readonly description: string;
  readonly count: number;
  /** Number of batches; the last one may be smaller. */
  readonly batches: number;
  /** The same index gives the same feeds. Bytes must not be written to. */
  batch(index: number): Promise<CalibrationBatch>;
}

export interface CalibrationBatch {
  readonly feeds: ReadonlyMap<string, HostTensor>;
  /** Samples that count; a fixed batch may repeat the last one behind them. */
  readonly rows: number;
}

/** Values are named by their name in the main graph. */
export interface StatisticsRequest {
  /**
   * Whose values: `floats` reads every encoded weight as it was before it was encoded, so that one sweep serves all
   * passes of a recipe; `encoded` runs the model as it stands.
   */
  readonly of: 'floats' | 'encoded';
  /** Smallest and largest value. */
  readonly ranges?: readonly string[];
  /** Values whose distribution is wanted: a second sweep, with the range known from the first. Includes the range. */
  readonly histograms?: readonly string[];
  /** Figures of each channel along an axis (negative counts from the end). */
  readonly channels?: readonly { readonly value: string; readonly axis: number }[];
}

export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

/** Equal bins over [low, high]; every finite element is counted, those at an edge in the outermost bin. */
export interface ValueHistogram {
  readonly low: number;
  readonly high: number;
  readonly counts: Float64Array;
}

/** One figure a channel, over all positions of `Statistics.channelSamples` samples. */
export interface ChannelFigures {
  readonly absmax: Float32Array;
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly mean: Float32Array;
  /** E[x²]. */
  readonly meanSquare: Float32Array;
}

/** Only what was asked; a value that could not be had (not a float, not in the main graph) is missing, with a reason. */
export interface Statistics {
  readonly ranges: ReadonlyMap<string, ValueRange>;
  readonly histograms: ReadonlyMap<string, ValueHistogram>;
  /** By value; where one value was asked along two axes the key is `value#axis`. */
  readonly channels: ReadonlyMap<string, ChannelFigures>;
  readonly missing: ReadonlyMap<string, string>;
  /** Samples that were run. */
  readonly samples: number;
  /** Samples behind `channels`: of many samples a part, evenly spread; 0 where none were asked. */
  readonly channelSamples: number;
}

/**
 * Second moments of what one weight is multiplied with. Rows are the inputs of one output position, in the order of the
 * weight's reduction: Conv [Cin/group, kh, kw] flattened; MatMul and Gemm K.
 */
export interface LayerGram {
  readonly layer: string;
  /** Conv: its groups; else 1. A depthwise convolution has one small matrix a channel. */
  readonly groups: number;
  /** n: elements of the reduction. */
  readonly columns: number;
  /** groups × n × n, row-major, symmetric: Σ xᵀx over the sampled rows, not divided. */
  readonly values: Float32Array;
  /** groups × n: Σ x. */
  readonly sums: Float32Array;
  /** Rows that were sampled (per group). */
  readonly rows: number;
}

export interface Calibration {
  readonly samples: CalibrationSamples;
  /** Cached by model, samples and request: what was asked before costs nothing. */
  statistics(model: Model, request: StatisticsRequest, checkpoint: Checkpoint): Promise<Statistics>;
  /**
   * Gram matrices of the layers' inputs, a few layers at a time so that memory stays bounded; `visit` gets each one once,
   * in the order of `layers`, and must not keep it. Layers that have none (unknown operator, subgraph) are visited with
   * the reason instead.
   */
  grams(
    model: Model,
    layers: readonly string[],
    of: StatisticsRequest['of'],
    checkpoint: Checkpoint,
    visit: (layer: string, gram: LayerGram | string) => Promise<void>,
  ): Promise<void>;
}
