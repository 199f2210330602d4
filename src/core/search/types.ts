/**
 * What each layer can be given, what that costs and what it saves: the words of sensitivity, allocation and tuning.
 * Plain data. It must not know pages or runtimes.
 */
import type { Goal } from '../goal/types.ts';
import type { Recipe } from '../recipe/types.ts';
import type { TargetId } from '../targets/types.ts';

/**
 * fp32, fp16, int8, int4 …: the weights, computed in floats. `int8-activations`: weights and activations in 8 bits,
 * computed by integer kernels.
 */
export const LAYER_OPTIONS = ['fp32', 'fp16', 'int8', 'int8-activations', 'int4', 'int3', 'int2'] as const;
export type LayerOption = (typeof LAYER_OPTIONS)[number];

export interface SensitivityRequest {
  readonly options: readonly LayerOption[];
  /** Samples of the calibration part that are run; more = less noise. */
  readonly samples: number;
  /** `kl` of class probabilities where the output is one row of scores, else the noise-to-signal ratio of the outputs. */
  readonly metric: 'auto' | 'kl' | 'nsr';
  readonly target: TargetId;
  /** Only the Gram proxy: no run of the model. */
  readonly proxyOnly?: boolean;
  /**
   * Parameters of quantize-weights beside the precision, as the user's recipe has them (granularity, method …). Absent =
   * its defaults.
   */
  readonly params?: Readonly<Record<string, string | number | boolean>>;
  /** How the recipe chooses ranges of values between layers (quantize-activations). Absent = as the pass does by itself. */
  readonly range?: string;
  /** What fixes are proposed against: what the layers have now. Absent = the boldest of `options`. */
  readonly asked?: LayerOption;
  /** From a self-benchmark: names the fan-in below which integer kernels lose on this device. Absent = a usual one. */
  readonly speed?: DeviceSpeed | null;
}

/** What one layer in one precision does to the output of the model. */
export interface OptionDamage {
  readonly option: LayerOption;
  /** In the unit of the report's metric; 0 = no difference. */
  readonly damage: number;
  /** `predicted`: by the Gram proxy. */
  readonly source: 'measured' | 'predicted';
}

export type CauseId =
  | 'channel-ranges'
  | 'outliers'
  | 'clipped'
  | 'activation-range'
  | 'few-inputs'
  | 'tiny-layer'
  | 'near-output'
  | 'none-found';

export interface Cause {
  readonly id: CauseId;
  /** In words, with the number: 'Its channels differ by a factor of 310: one scale cannot serve them all.' */
  readonly text: string;
}

/** One click: a change of the recipe for this layer. */
export interface Fix {
  /** 'Keep this layer in fp32', 'One scale per channel', 'Equalize with the layer before' … */
  readonly label: string;
  /** Steps with overrides that are merged into the recipe; see recipe-edit. */
  readonly changes: readonly {
    readonly pass: string;
    readonly layer?: string;
    readonly params: Readonly<Record<string, string | number | boolean>>;
  }[];
  /** Damage that goes away, in the metric's unit. */
  readonly predictedGain: number;
  /** Bytes that it adds (negative: saves). */
  readonly extraBytes: number;
}

export interface LayerSensitivity {
  readonly layer: string;
  readonly damages: readonly OptionDamage[];
  readonly causes: readonly Cause[];
  readonly fixes: readonly Fix[];
}

export interface SensitivityReport {
  readonly metric: 'kl' | 'nsr';
  /** 'KL divergence of the class probabilities, nats' … */
  readonly metricText: string;
  readonly samples: number;
  readonly origin: 'samples' | 'synthetic';
  readonly layers: readonly LayerSensitivity[];
  readonly notMeasured: readonly { readonly layer: string; readonly reason: string }[];
  /** What the layers were taken to have: the gains of fixes are parts of its damages. */
  readonly asked?: LayerOption;
  readonly millis: number;
}

/**
 * How fast this device runs what a layer is made of, from a short self-benchmark of one runtime. Rates are per second
 * with the given number of threads.
 */
export interface DeviceSpeed {
  readonly provider: 'wasm';
  readonly threads: number;
  /** Multiply-accumulates of float matrix products. */
  readonly floatMacs: number;
  /** … of integer ones. */
  readonly integerMacs: number;
  /** Nanoseconds for each output element of an integer convolution or product, on top of the products. */
  readonly requantizeNanos: number;
  /**
   * … more where about half of the results are clamped, as behind a Relu: the kernels clamp with branches, which cannot be
   * predicted then. Absent = it costs nothing.
   */
  readonly rectifyNanos?: number;
  /** Nanoseconds an output element of a depthwise 3×3 convolution. */
  readonly depthwiseFloatNanos: number;
  /** … and a row of its output: on planes of a few columns that is most of it. Absent = nothing. */
  readonly depthwiseFloatRowNanos?: number;
  readonly depthwiseIntegerNanos: number;
  /** Nanoseconds an element. */
  readonly quantizeNanos: number;
  readonly dequantizeNanos: number;
  readonly transposeNanos: number;
  /** An element of work that no layer does (sums, activation functions). Absent = dequantizeNanos. */
  readonly elementwiseNanos?: number;
  /** An element of a sum of two values in codes, more than one of floats takes. */
  readonly joinNanos?: number;
  /** A weight of an integer product, whatever the number of rows. */
  readonly integerWeightNanos?: number;
  /** Whatever is run. */
  readonly runNanos?: number;
  /** Largest relative error of the fitted model on the shapes that it was fitted to. */
  readonly fitError: number;
  readonly millis: number;
  readonly source: 'measured';
}

export interface TuneRequest {
  readonly goal: Goal;
  readonly target: TargetId;
  readonly options: readonly LayerOption[];
  /** Null: sizes are weighed, speeds are not predicted. */
  readonly speed: DeviceSpeed | null;
  readonly samples: number;
  /** How many recipes to propose for measuring. */
  readonly candidates: number;
}

export interface TuneCandidate {
  readonly recipe: Recipe;
  /** By layer. */
  readonly choice: Readonly<Record<string, LayerOption>>;
  readonly predicted: {
    readonly bytes: number;
    /** original / variant; null where no speed is known. */
    readonly speedup: number | null;
    /** Sum of the layers' damages, in the report's metric. */
    readonly damage: number;
  };
  /** Layers that stayed in more bits than asked, each with the reason. */
  readonly kept: readonly { readonly layer: string; readonly option: LayerOption; readonly reason: string }[];
}

export interface TuneResult {
  readonly sensitivity: SensitivityReport;
  /** The likeliest to meet the goal first. */
  readonly candidates: readonly TuneCandidate[];
  readonly millis: number;
}
