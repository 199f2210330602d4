/**
 * What is kept of one evaluated sample, and what many of them add up to. Records are plain data: they cross from the
 * workers that evaluate to the one that compares. It must not know where samples come from.
 */
import type { Interval } from '../types.ts';

/** `index` is the sample's position in the set, so that two models' records can be paired. */
export interface ClassRecord {
  readonly kind: 'class';
  readonly index: number;
  /** Class indices of the model; truth −1 = unlabelled. */
  readonly truth: number;
  readonly predicted: number;
  /** Probability of the prediction, 0..1. */
  readonly confidence: number;
  /** How many classes score higher than the truth: 0 = top-1, below 5 = top-5. −1 = unlabelled. */
  readonly rank: number;
}

export interface TextRecord {
  readonly kind: 'text';
  readonly index: number;
  readonly truth: string;
  readonly predicted: string;
  /** Levenshtein distance in characters (code points), and the length of the truth; −1 = unlabelled. */
  readonly edits: number;
  readonly length: number;
}

export interface NumbersRecord {
  readonly kind: 'numbers';
  readonly index: number;
  /** Empty = unlabelled. */
  readonly truth: readonly number[];
  readonly predicted: readonly number[];
}

export interface Detection {
  readonly classIndex: number;
  readonly score: number;
  /** left, top, right, bottom in pixels of the original picture. */
  readonly box: readonly [number, number, number, number];
}

export interface BoxesRecord {
  readonly kind: 'boxes';
  readonly index: number;
  readonly truth: readonly (Detection & { readonly crowd?: boolean })[];
  readonly predicted: readonly Detection[];
  /** The labels say nothing about this picture. Absent = what is not in `truth` is not there. */
  readonly unlabelled?: true;
}

/** Pixels by class that occurs in truth or prediction: [class, truth ∩ prediction, truth, prediction]. */
export interface MaskRecord {
  readonly kind: 'mask';
  readonly index: number;
  readonly classes: readonly (readonly [number, number, number, number])[];
}

/** A sample that could not be read or fed: counted, never silently dropped. */
export interface FailedRecord {
  readonly kind: 'failed';
  readonly index: number;
  readonly key: string;
  readonly reason: string;
}

export type SampleRecord = ClassRecord | TextRecord | NumbersRecord | BoxesRecord | MaskRecord | FailedRecord;

export type MetricId =
  | 'top1'
  | 'top5'
  | 'precision'
  | 'recall'
  | 'f1'
  | 'f1-micro'
  | 'map'
  | 'map50'
  | 'miou'
  | 'pixel-accuracy'
  | 'mae'
  | 'rmse'
  | 'r2'
  | 'exact'
  | 'characters';

export interface ClassFigures {
  readonly classIndex: number;
  /** Samples (boxes, pixels) whose truth it is. */
  readonly n: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

export interface TaskSummary {
  /** The metric that stands for the task: top1, characters, map, miou, mae. */
  readonly main: MetricId;
  readonly value: number;
  /** 95 % interval of the value itself. */
  readonly interval: Interval;
  readonly higherIsBetter: boolean;
  readonly n: number;
  readonly metrics: Readonly<Partial<Record<MetricId, number>>>;
  readonly perClass: readonly ClassFigures[];
  /** [truth, predicted, count], most frequent first, the diagonal left out; at most 1,000. */
  readonly confusion: readonly (readonly [number, number, number])[];
  readonly failed: readonly FailedRecord[];
  /** Samples without a label; they count in no figure. */
  readonly unlabelled?: number;
}

export type Verdict = 'better' | 'worse' | 'indistinguishable';

/** Variant − original on the samples of one class or group. */
export interface GroupDelta {
  /** '' for classes, else the column of the labels file. */
  readonly column: string;
  readonly name: string;
  readonly n: number;
  readonly baseline: number;
  readonly value: number;
  readonly difference: number;
  /** 95 %, uncorrected. */
  readonly interval: Interval;
  readonly pValue: number;
  /** After Holm's correction over all groups of the column. */
  readonly significant: boolean;
}

export interface ChangedSample {
  readonly index: number;
  /** lost: right before and wrong now. gained: the other way. other: wrong both times, differently. */
  readonly change: 'lost' | 'gained' | 'other';
  readonly before: ClassRecord | TextRecord;
  readonly after: ClassRecord | TextRecord;
}

/** The figures of original and variant on some of the samples. */
export interface PartComparison {
  readonly metric: MetricId;
  readonly higherIsBetter: boolean;
  readonly baseline: number;
  readonly value: number;
  /** value − baseline. */
  readonly difference: number;
  /** 95 % interval of the difference, paired. */
  readonly interval: Interval;
  readonly n: number;
  /** Samples that count in neither figure: they failed with one of the models, or only one of them saw them. */
  readonly unpaired?: number;
  /**
   * Samples that the original answers and the variant does not (no numbers, refused): they count in neither figure, and
   * on the losing side of the interval as if each were lost whole. Absent = none.
   */
  readonly unanswered?: number;
  readonly verdict: Verdict;
  /** "−0.4 pt, between −1.2 and +0.4 on 1,000 images: not distinguishable". */
  readonly sentence: string;
}

export interface ComparedPart extends PartComparison {
  /** 95 % interval of the variant's value itself. */
  readonly own: Interval;
}

/** The samples in two halves, so that what was chosen by one can be confirmed by another that chose nothing. */
export type ComparisonHalves = Readonly<Record<HalfName, ComparedPart>>;

export type HalfName = 'choosing' | 'confirming';

/** Original and variant on the same samples. */
export interface TaskComparison extends PartComparison {
  readonly pValue: number | null;
  /** Absent = too few samples for two halves. */
  readonly halves?: ComparisonHalves;
  /** Null when there are enough samples; else how many are needed to tell `tolerance` apart. */
  readonly tooFew: string | null;
  /** Worst first. */
  readonly perClass: readonly GroupDelta[];
  readonly perGroup: readonly GroupDelta[];
  /** Counts of all, samples of at most 500. */
  readonly lost: number;
  readonly gained: number;
  readonly other: number;
  readonly changed: readonly ChangedSample[];
  /** [truth, predicted, before, after] where the counts differ most. */
  readonly confusionChange: readonly (readonly [number, number, number, number])[];
}
