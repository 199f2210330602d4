/**
 * A user's data as plain JSON: how its samples become a model's inputs, what is right, how it is divided, and what was
 * found in it. Page, recipe file and command line read the same description. It must not know files or runtimes.
 */
import type { DataType } from '../tensor/dtype.ts';

export type DataKind = 'images' | 'arrays' | 'table' | 'audio' | 'text';

/** What reading one sample gives under one name: `image`, the name of an array in an npz, a column … */
export interface DataSource {
  readonly name: string;
  readonly kind: 'image' | 'array' | 'audio' | 'text' | 'columns';
  readonly dataType?: DataType;
  /** Of one sample; for an image [height, width, channels] of the first one. */
  readonly dims?: readonly number[];
  /** Names in their order, of a source of kind `columns`: reading gives one array with a value for each. */
  readonly columns?: readonly string[];
}

/**
 * value = (pixel · scale − mean[c]) / std[c], pixel in 0..255, c in the order of `channels`. Resampling is antialiased
 * bilinear (a triangle as wide as a target pixel), rounded to 8 bits after each axis.
 */
export interface ImageFit {
  readonly kind: 'image';
  readonly source: string;
  readonly width: number;
  readonly height: number;
  /**
   * stretch: both sides to size. crop: the short side to `shortSide`, then the centre. pad: the whole picture inside,
   * the rest `padValue`, picture at the top left. none: only pictures of exactly this size.
   */
  readonly resize: 'stretch' | 'crop' | 'pad' | 'none';
  /** Pixels, for `crop`; absent = the shorter of width and height. */
  readonly shortSide?: number;
  /** 0..255, for `pad`; absent = 0. */
  readonly padValue?: number;
  readonly channels: 'rgb' | 'bgr' | 'gray';
  readonly layout: 'nchw' | 'nhwc' | 'hw';
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** value = (x · scale − mean) / std, after `transpose`, read as `dims`. */
export interface ArrayFit {
  readonly kind: 'array';
  readonly source: string;
  /** Of one sample, without the batch axis, as the model takes it. */
  readonly dims: readonly number[];
  /** Axes of the stored sample in their new order. */
  readonly transpose?: readonly number[];
  readonly scale: number;
  readonly mean: number;
  readonly std: number;
}

/** Columns of a table, in this order, as one vector. */
export interface ColumnsFit {
  readonly kind: 'columns';
  readonly columns: readonly string[];
  readonly dims: readonly number[];
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Mono waveform in −1..1 times `scale`, resampled, cut or padded with zeros at the end. */
export interface AudioFit {
  readonly kind: 'audio';
  readonly source: string;
  readonly sampleRate: number;
  /** Samples the model takes. */
  readonly length: number;
  readonly dims: readonly number[];
  readonly scale: number;
}

/** Token ids of a text by the given tokenizer.json, cut or padded to `length`. */
export interface TextFit {
  readonly kind: 'text';
  readonly source: string;
  readonly role: 'ids' | 'mask' | 'types' | 'positions';
  readonly length: number;
}

/** The same value for each sample: a flag, a threshold, a recurrent state that starts at zero. */
export interface ConstantFit {
  readonly kind: 'constant';
  readonly dims: readonly number[];
  readonly value: number;
}

export type InputFit = ImageFit | ArrayFit | ColumnsFit | AudioFit | TextFit | ConstantFit;

export interface ClassificationTask {
  readonly kind: 'classification';
  readonly output: string;
  readonly values: 'logits' | 'probabilities';
  /** Index of the model's class for each name in `classes` is its position + this (1 where class 0 is background). */
  readonly classOffset: number;
}

/** Greedy CTC over [N, T, C] or [T, N, C]. Class `blank` ends a run; class i ≠ blank is alphabet[i − (i > blank ? 1 : 0)]. */
export interface TextTask {
  readonly kind: 'text';
  readonly output: string;
  readonly decode: 'ctc';
  readonly blank: number;
  readonly alphabet: readonly string[];
}

export interface DetectionTask {
  readonly kind: 'detection';
  /** Name of the decoder that turns outputs into boxes. */
  readonly decoder: 'boxes' | 'yunet' | 'ssd';
  /** Outputs by the role that the decoder gives them. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly scoreThreshold: number;
  readonly nmsIou: number;
}

export interface SegmentationTask {
  readonly kind: 'segmentation';
  readonly output: string;
  /** A class of the labels that does not count. */
  readonly ignore?: number;
}

export interface RegressionTask {
  readonly kind: 'regression';
  readonly output: string;
}

/** No labels, or none that fit: how far the outputs agree with the original's. */
export interface AgreementTask {
  readonly kind: 'agreement';
}

export type Task =
  ClassificationTask | TextTask | DetectionTask | SegmentationTask | RegressionTask | AgreementTask;

/** Shares of the samples; the rest is evaluated. Copies that fall into two parts are an error (`split-leak`) until they are left out. */
export interface SplitConfig {
  readonly seed: number;
  /** At most this many samples, without regard to labels, for methods that look at data. */
  readonly calibration: number;
  /** Share 0..0.5 that no search ever sees, for the final check. */
  readonly holdBack: number;
}

/** What is read with the data and the model again and again: saved with the project and in the recipe. */
export interface DataConfig {
  readonly format: 'pare-data';
  readonly version: 1;
  /** The set's name as shown. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, InputFit>>;
  readonly task: Task;
  /** Names of the classes in the order of the model's outputs; empty where labels are numbers already. */
  readonly classes: readonly string[];
  readonly split: SplitConfig;
  /** Samples (by key) that the user left out: duplicates, wrong labels. */
  readonly exclude: readonly string[];
}

export type DataPart = 'evaluation' | 'calibration' | 'hold-back';

/** Something that was found in the data; nothing is dropped without one. */
export interface DataProblem {
  readonly severity: 'error' | 'warning' | 'note';
  /** Stable, for tests and tools: 'unreadable-image', 'label-missing', 'label-out-of-range', 'not-finite', … */
  readonly code: string;
  /** One sentence: what was found and what follows from it. */
  readonly message: string;
  /** How many samples or files. */
  readonly count: number;
  /** The first few keys. */
  readonly examples: readonly string[];
}

export interface ClassCount {
  readonly name: string;
  readonly count: number;
  /** For people, where the labels are numbers and a column beside them gives names: '0' is 'tench'. */
  readonly title?: string;
}

/** What a set is, in numbers; no samples. */
export interface DataSummary {
  readonly dataId: string;
  readonly name: string;
  readonly kind: DataKind;
  readonly bytes: number;
  readonly samples: number;
  readonly labelled: number;
  readonly label: 'class' | 'text' | 'numbers' | 'boxes' | 'mask' | 'none';
  /** All label names with their counts, in label order; empty where labels are no classes. */
  readonly classes: readonly ClassCount[];
  /** Names by label number, also of classes without a sample: from a list that came along and agrees with the labels. */
  readonly listedTitles?: readonly string[];
  /** Extra columns of the labels file that group samples, with their values. */
  readonly groups: readonly { readonly column: string; readonly values: readonly ClassCount[] }[];
  readonly sources: readonly DataSource[];
  readonly problems: readonly DataProblem[];
}

/** One way to fit the data to the model that was tried, with what it gave. */
export interface Attempt {
  readonly title: string;
  /** 0..1, higher is better; the main metric of the task on the tried samples. */
  readonly score: number;
  readonly samples: number;
}

export interface Proposal {
  readonly config: DataConfig;
  /** The metric that the attempts are scored with: 'top-1', 'characters', 'agreement' … */
  readonly metric: string;
  /** Best first; the proposal is the first. */
  readonly attempts: readonly Attempt[];
  /** Plain: "45.0 % with −1..1, 0.1 % with 0..255, on 200 images". */
  readonly evidence: string;
  /** False where nothing tells the attempts apart: the user must look. */
  readonly sure: boolean;
  readonly problems: readonly DataProblem[];
}

/** One sample as the model gets it and what the model makes of it. */
export interface PreviewSample {
  readonly key: string;
  readonly index: number;
  /** The right answer in words; null without labels. */
  readonly label: string | null;
  /** What the model says, best first, with its confidence 0..1 where it has one. */
  readonly predictions: readonly { readonly label: string; readonly confidence: number | null }[];
  readonly right: boolean | null;
  /** RGBA of the picture after fitting, values brought back to 0..255; null for what is no picture. */
  readonly picture: { readonly width: number; readonly height: number; readonly rgba: Uint8Array } | null;
  /** For arrays, audio and text: a line that shows the values. */
  readonly text: string | null;
}

export interface DuplicateGroup {
  readonly kind: 'exact' | 'near';
  /** Keys, the one that is kept first. */
  readonly keys: readonly string[];
  /** The copies carry different labels. */
  readonly labelsDiffer: boolean;
  /** Hamming distance of the perceptual hashes, the largest in the group; 0 for exact copies. */
  readonly distance: number;
}

export interface DuplicateReport {
  readonly checked: number;
  /** As shown at most 1,000 groups: `groups` may be shorter than `total`. */
  readonly groups: readonly DuplicateGroup[];
  readonly total: number;
  /** Every key that removing copies would leave out. */
  readonly removable: readonly string[];
  /**
   * The set is full of pictures that look alike (digits, lines of text): only copies that were stored again or made
   * brighter are named, for cut or marked ones cannot be told from others here.
   */
  readonly lookAlikes?: boolean;
  /** Samples that were looked at and cannot be read, with the first one's reason; absent = none. */
  readonly unreadable?: {
    readonly count: number;
    readonly examples: readonly string[];
    readonly reason: string;
  };
}

/** How many samples each part has, and what is wrong with the division. */
export interface SplitReport {
  readonly counts: Readonly<Record<DataPart, number>>;
  readonly excluded: number;
  readonly problems: readonly DataProblem[];
}
