/**
 * Original and variant on the same samples: the paired difference with its interval, a plain sentence, and where it
 * comes from. Samples that one of the two could not be scored on count in neither figure. It must not know how records
 * were made.
 */
import { LEAST_HALF } from '../../dataset/set-aside.ts';
import type { Task } from '../../dataset/types.ts';
import { PareError } from '../../errors.ts';
import { seededRandom } from '../../passes/random.ts';
import type { Interval } from '../types.ts';
import { changedSamples } from './changed.ts';
import { confusionChange, countClasses } from './classes.ts';
import { compareRatio, ratioGroups } from './compare-ratio.ts';
import { compareBoxes, compareMasks } from './compare-sets.ts';
import type { DeltaSource, MainDifference } from './deltas.ts';
import { pairRecords } from './pairs.ts';
import { CHARACTERS, MAE, TOP1 } from './ratios.ts';
import { RECORD_KINDS, sortRecords } from './scored.ts';
import { comparisonSentence } from './sentence.ts';
import { summarizeTask } from './summarize.ts';
import type {
  ClassRecord,
  ComparisonHalves,
  HalfName,
  PartComparison,
  SampleRecord,
  TaskComparison,
  TextRecord,
  Verdict,
} from './types.ts';
import { tooFewSamples } from './too-few.ts';

export interface CompareOptions {
  readonly seed: number;
  /** Names of the labels' classes, in the order of the data description. Empty = labels are numbers. */
  readonly classNames?: readonly string[];
  /** Values of the grouping columns of a sample, by column. */
  readonly groupsOf?: (index: number) => Readonly<Record<string, string>>;
  /** The difference that matters, in the unit of the metric; for a regression as a share of the original's error. */
  readonly tolerance?: number;
  /** What samples are called. */
  readonly noun?: string;
  /** Which half a sample belongs to; absent = no halves are compared. */
  readonly halfOf?: (index: number) => HalfName;
}

/** Half a point: what people accept to lose. */
const TOLERANCE = 0.005;

/** @throws PareError `not-measurable` when no sample was scored with both, or the task has no labels. */
export function compareTask(
  task: Task,
  baseline: readonly SampleRecord[],
  variant: readonly SampleRecord[],
  options: CompareOptions,
): TaskComparison {
  const { noun = 'samples', tolerance = TOLERANCE } = options;
  const source: DeltaSource = {
    random: seededRandom(options.seed),
    className: classNamer(task, options.classNames ?? []),
    groupsOf: options.groupsOf ?? (() => ({})),
  };
  const main = mainDifference(task, baseline, variant, source);
  const figures = figuresOf(main, noun);
  return {
    ...figures,
    pValue: main.pValue,
    ...halvesOf(task, baseline, variant, options),
    tooFew: tooFewSamples(main, figures.verdict, tolerance, noun),
    perClass: main.perClass(),
    perGroup: main.perGroup(),
    ...main.changes(),
  };
}

function figuresOf(main: MainDifference, noun: string): PartComparison {
  const { metric, higherIsBetter, difference, n, unanswered } = main;
  const interval = withUnanswered(main);
  const verdict = verdictOf(interval, higherIsBetter, unanswered);
  const unit = metric === 'mae' ? 'plain' : 'fraction';
  return {
    metric,
    higherIsBetter,
    baseline: main.baseline,
    value: main.value,
    difference,
    interval,
    n,
    unpaired: main.unpaired,
    ...(unanswered > 0 ? { unanswered } : {}),
    verdict,
    sentence: comparisonSentence(difference, interval, n, noun, verdict, unit, unanswered),
  };
}

function halvesOf(
  task: Task,
  baseline: readonly SampleRecord[],
  variant: readonly SampleRecord[],
  { halfOf, seed, noun = 'samples' }: CompareOptions,
): { readonly halves?: ComparisonHalves } {
  if (halfOf === undefined) return {};
  const half = (name: HalfName): ComparisonHalves[HalfName] | null => {
    const of = (records: readonly SampleRecord[]): SampleRecord[] =>
      records.filter(({ index }) => halfOf(index) === name);
    const [before, after] = [of(baseline), of(variant)];
    if (scoredWithBoth(task, before, after) < LEAST_HALF) return null;
    const source = { random: seededRandom(seed), className: String, groupsOf: () => ({}) };
    const figures = figuresOf(mainDifference(task, before, after, source), noun);
    return { ...figures, own: summarizeTask(task, after, { seed }).interval };
  };
  const choosing = half('choosing');
  const confirming = choosing && half('confirming');
  return choosing === null || confirming === null ? {} : { halves: { choosing, confirming } };
}

function scoredWithBoth(
  { kind }: Task,
  before: readonly SampleRecord[],
  after: readonly SampleRecord[],
): number {
  if (kind === 'agreement') return 0;
  const scored = new Set(sortRecords(RECORD_KINDS[kind], before).scored.map(({ index }) => index));
  return sortRecords(RECORD_KINDS[kind], after).scored.filter(({ index }) => scored.has(index)).length;
}

/** A model that leaves samples unanswered is never called better. */
function verdictOf({ low, high }: Interval, higherIsBetter: boolean, unanswered: number): Verdict {
  const better = unanswered > 0 ? 'indistinguishable' : 'better';
  if (low > 0) return higherIsBetter ? better : 'worse';
  if (high < 0) return higherIsBetter ? 'worse' : better;
  return 'indistinguishable';
}

/**
 * A model must not win by failing on what is hard: the losing side reaches as far as if every unanswered sample, m
 * beside the n pairs, had lost all it can: (n·low − m) / (n + m). An error has no such bound; its interval stays as it
 * is.
 */
function withUnanswered({ interval, n, unanswered, higherIsBetter }: MainDifference): Interval {
  if (unanswered === 0 || !higherIsBetter) return interval;
  const low = (n * interval.low - unanswered) / (n + unanswered);
  return { low: Math.min(interval.low, low), high: interval.high };
}

/** Labels' own names: the data description counts from `classOffset` on. */
function classNamer(task: Task, names: readonly string[]): (classIndex: number) => string {
  const offset = task.kind === 'classification' ? task.classOffset : 0;
  return (classIndex) => names[classIndex - offset] ?? String(classIndex - offset);
}

const NO_CHANGES = { lost: 0, gained: 0, other: 0, changed: [], confusionChange: [] } as const;

function mainDifference(
  task: Task,
  baseline: readonly SampleRecord[],
  variant: readonly SampleRecord[],
  source: DeltaSource,
): MainDifference {
  switch (task.kind) {
    case 'classification': {
      const pairs = pairRecords('class', baseline, variant);
      return {
        ...compareRatio(TOP1, pairs, source),
        perClass: () =>
          ratioGroups(
            TOP1,
            pairs,
            ({ before }) => ({ '': source.className((before as ClassRecord).truth) }),
            source,
          ),
        changes: () => ({
          ...changedSamples<ClassRecord>(
            pairs.pairs,
            ({ rank }) => rank === 0,
            (a, b) => a.predicted === b.predicted,
          ),
          confusionChange: confusionChange(
            countClasses(pairs.pairs.map(({ before }) => before)),
            countClasses(pairs.pairs.map(({ after }) => after)),
          ),
        }),
      };
    }
    case 'text': {
      const pairs = pairRecords('text', baseline, variant);
      return {
        ...compareRatio(CHARACTERS, pairs, source),
        perClass: () => [],
        changes: () => ({
          ...changedSamples<TextRecord>(
            pairs.pairs,
            ({ edits }) => edits === 0,
            (a, b) => a.predicted === b.predicted,
          ),
          confusionChange: [],
        }),
      };
    }
    case 'regression':
      return {
        ...compareRatio(MAE, pairRecords('numbers', baseline, variant), source),
        perClass: () => [],
        changes: () => NO_CHANGES,
      };
    case 'segmentation':
      return { ...compareMasks(pairRecords('mask', baseline, variant), source), changes: () => NO_CHANGES };
    case 'detection':
      return { ...compareBoxes(pairRecords('boxes', baseline, variant), source), changes: () => NO_CHANGES };
    case 'agreement':
      throw new PareError(
        'not-measurable',
        'Without labels only the agreement with the original can be measured.',
      );
    default:
      return task satisfies never;
  }
}
