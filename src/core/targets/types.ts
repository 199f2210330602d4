/**
 * Where a model will run, as data: what it executes fast, what it refuses, which form a weight is written in. Every
 * statement has a source. It must not know passes or graphs.
 */

export const TARGET_IDS = [
  'ort-wasm',
  'ort-webgpu',
  'ort-cpu-x86',
  'ort-cpu-x86-vnni',
  'ort-cpu-arm',
  'webnn',
  'openvino',
  'tensorrt',
  'tflite',
  'tvm',
] as const;
export type TargetId = (typeof TARGET_IDS)[number];

/** What a recipe without a target is made for: the runtime of this very page. */
export const DEFAULT_TARGET: TargetId = 'ort-wasm';

export type WeightForm = 'decode-at-load' | 'dequantize-linear' | 'matmul-nbits';

/** How activations are quantized for integer kernels. */
export interface ActivationScheme {
  readonly type: 'uint8' | 'int8';
  /** Zero point 0 (int8) or 128 (uint8). */
  readonly symmetric: boolean;
}

/** One statement about a target, with where it is from. */
export interface TargetRule {
  readonly id: string;
  /** A whole sentence: what and why. */
  readonly text: string;
  /** Address of a page, or 'measured' with the bench that measures it. */
  readonly source: string;
}

export interface Target {
  readonly id: TargetId;
  readonly label: string;
  /** For a beginner: where this is, and when to choose it. */
  readonly help: string;
  /** Of weights that are stored in fewer bits but computed in floats. */
  readonly weightForm: WeightForm;
  /** Null: activations are never quantized for it; `refusals` says why. */
  readonly activations: ActivationScheme | null;
  readonly weights: {
    readonly perChannel: boolean;
    /** Weights use −64..63, because products of 8-bit pairs saturate in 16-bit sums. */
    readonly reducedRange: boolean;
    /** Zero points of weights are allowed. */
    readonly asymmetric: boolean;
    /** Bits that the target stores for weights: 8, 4 …; others are refused. */
    readonly bits: readonly number[];
    /** Blocks along the reduction (DequantizeLinear from operator set 21 on, MatMulNBits). */
    readonly blocks: boolean;
    /** A block that does not fill the reduction is refused: its size must divide it. Absent = a short last block is read. */
    readonly evenBlocks?: boolean;
    /** Weights of LSTM, GRU and RNN stay floats where the file quantizes activations, or decodes fewer than 8 bits. */
    readonly recurrentConstants?: boolean;
  };
  /** Of an integer layer: 32-bit codes with the scale input × weight, or left in floats. */
  readonly bias: 'int32' | 'float';
  /** Operators that have an integer kernel there; others stay floats between Q and DQ. */
  readonly integerOps: ReadonlySet<string>;
  /** Both inputs of a residual Add get Q/DQ. */
  readonly quantizeResidual: boolean;
  readonly fp16: 'computes' | 'stores' | 'refuses';
  /** Operator sets that are read; `written`: older models are raised to it, because older ones are read only in part. */
  readonly opset: { readonly min: number; readonly max: number; readonly written?: number };
  /** Operators of com.microsoft and local functions are understood. */
  readonly contribOps: boolean;
  readonly localFunctions: boolean;
  readonly rules: readonly TargetRule[];
  /** By what was asked ('int8-activations', 'int4', 'sparse' …): why this target does not get it. */
  readonly refusals: Readonly<Record<string, TargetRule>>;
  /** Speeds can be measured here, in this page. */
  readonly measurable: boolean;
}
