/** Records of one model over a set to its figures, the main one with an interval. It must not know another model. */
import type { Task } from '../../dataset/types.ts';
import { PareError } from '../../errors.ts';
import { seededRandom } from '../../passes/random.ts';
import type { Random } from '../../passes/types.ts';
import { bootstrapFigures, bootstrapRatio } from '../bootstrap.ts';
import { exactInterval } from '../statistics.ts';
import type { DrawnFigure } from '../bootstrap.ts';
import type { Interval } from '../types.ts';
import { classFigures, confusionOf, countClasses, figuresOf, macroMeans } from './classes.ts';
import { meanIou, pixelAccuracy, pixelTable, sumPixels } from './intersections.ts';
import { boxClassFigures, classPrecisions, matchBoxes, meanPrecision } from './precision-recall.ts';
import { CHARACTERS, figureInterval, figureOf, MAE, ratioSums, totalOf } from './ratios.ts';
import type { RatioFigure, RatioRecord } from './ratios.ts';
import { RECORD_KINDS, sortRecords } from './scored.ts';
import type {
  BoxesRecord,
  ClassRecord,
  MaskRecord,
  NumbersRecord,
  SampleRecord,
  TaskSummary,
  TextRecord,
} from './types.ts';

type Figures = Omit<TaskSummary, 'n' | 'failed' | 'unlabelled'>;

/**
 * @param seed for intervals that are drawn.
 * @throws PareError `not-measurable` when no sample was scored, or the task has no labels.
 */
export function summarizeTask(
  task: Task,
  records: readonly SampleRecord[],
  { seed = 1 }: { readonly seed?: number } = {},
): TaskSummary {
  if (task.kind === 'agreement') {
    throw new PareError(
      'not-measurable',
      'Without labels only the agreement with the original can be measured.',
    );
  }
  const kind = RECORD_KINDS[task.kind];
  const { scored, failed, unlabelled } = sortRecords(kind, records);
  if (scored.length === 0) throw nothingScored(records.length, failed.at(0)?.reason, unlabelled);
  return {
    ...figuresFor(task.kind, scored, seededRandom(seed)),
    n: scored.length,
    failed,
    ...(unlabelled > 0 ? { unlabelled } : {}),
  };
}

function nothingScored(all: number, reason: string | undefined, unlabelled: number): PareError {
  if (all === 0) return new PareError('not-measurable', 'There is no sample to measure on.');
  const why = reason === undefined ? `none of the ${unlabelled} has a label that fits the task` : reason;
  return new PareError(
    'not-measurable',
    `None of the ${all} samples could be scored: ${why.replace(/\.$/, '')}.`,
    {
      hint: 'Look at the data description: labels, and which output is the prediction.',
    },
  );
}

function figuresFor(
  task: keyof typeof RECORD_KINDS,
  records: readonly Exclude<SampleRecord, { kind: 'failed' }>[],
  random: Random,
): Figures {
  switch (task) {
    case 'classification':
      return classificationFigures(records as readonly ClassRecord[]);
    case 'text':
      return textFigures(records as readonly TextRecord[], random);
    case 'regression':
      return regressionFigures(records as readonly NumbersRecord[], random);
    case 'segmentation':
      return maskFigures(records as readonly MaskRecord[], random);
    case 'detection':
      return boxFigures(records as readonly BoxesRecord[], random);
    default:
      return task satisfies never;
  }
}

function share<T>(records: readonly T[], is: (record: T) => boolean): number {
  let count = 0;
  for (const record of records) if (is(record)) count++;
  return count / records.length;
}

function classificationFigures(records: readonly ClassRecord[]): Figures {
  const counts = countClasses(records);
  const perClass = classFigures(counts);
  const top1 = share(records, ({ rank }) => rank === 0);
  const { precision, recall, f1 } = macroMeans(perClass);
  return {
    main: 'top1',
    value: top1,
    interval: exactInterval(Math.round(top1 * records.length), records.length),
    higherIsBetter: true,
    // One answer a sample: every miss is one false positive and one false negative, so micro F1 is top-1.
    metrics: { top1, top5: share(records, ({ rank }) => rank < 5), precision, recall, f1, 'f1-micro': top1 },
    perClass,
    confusion: confusionOf(counts),
  };
}

function ratioValue(
  figure: RatioFigure,
  records: readonly RatioRecord[],
  random: Random,
): { value: number; interval: Interval } {
  const sums = ratioSums(records);
  if (totalOf(sums.denominators) === 0) {
    // Only empty texts: everything is right, or there is nothing to divide by.
    const value = figureOf(figure, totalOf(sums.numerators) === 0 ? 0 : 1);
    return { value, interval: { low: 0, high: 1 } };
  }
  const { value, interval } = bootstrapRatio(sums, random, figure.unit);
  return { value: figureOf(figure, value), interval: figureInterval(figure, interval) };
}

function textFigures(records: readonly TextRecord[], random: Random): Figures {
  const { value, interval } = ratioValue(CHARACTERS, records, random);
  return {
    main: 'characters',
    value,
    interval,
    higherIsBetter: true,
    metrics: { characters: value, exact: share(records, ({ edits }) => edits === 0) },
    perClass: [],
    confusion: [],
  };
}

/** R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)², each position of the label with its own mean; absent where all labels are equal. */
function regressionFigures(records: readonly NumbersRecord[], random: Random): Figures {
  const { value, interval } = ratioValue(MAE, records, random);
  const sums: { n: number; y: number; yy: number }[] = [];
  let squares = 0;
  let count = 0;
  for (const { truth, predicted } of records) {
    for (const [k, right] of truth.entries()) {
      const sum = (sums[k] ??= { n: 0, y: 0, yy: 0 });
      sum.n++;
      sum.y += right;
      squares += (predicted[k] - right) ** 2;
      count++;
    }
  }
  let spread = 0;
  for (const { truth } of records) {
    for (const [k, right] of truth.entries()) spread += (right - sums[k].y / sums[k].n) ** 2;
  }
  return {
    main: 'mae',
    value,
    interval,
    higherIsBetter: false,
    metrics: {
      mae: value,
      rmse: Math.sqrt(squares / count),
      ...(spread > 0 ? { r2: 1 - squares / spread } : {}),
    },
    perClass: [],
    confusion: [],
  };
}

function maskFigures(records: readonly MaskRecord[], random: Random): Figures {
  const table = pixelTable(records);
  const classes = sumPixels(table);
  const miou = meanIou(classes);
  if (Number.isNaN(miou)) {
    throw new PareError('not-measurable', `No pixel that counts is labelled in ${records.length} masks.`);
  }
  const figures = (weights: ArrayLike<number>): number[] => [meanIou(sumPixels(table, weights))];
  const [drawn] = bootstrapFigures(records.length, figures, random, 3 * table.records.length);
  return {
    main: 'miou',
    value: miou,
    interval: fractionInterval(drawn),
    higherIsBetter: true,
    metrics: { miou, 'pixel-accuracy': pixelAccuracy(classes) },
    perClass: classes.map((each) => figuresOf(each.classIndex, each.truth, each.predicted, each.both)),
    confusion: [],
  };
}

/** Of one picture alone, or where no resample had the figure: anything. */
function fractionInterval(drawn: DrawnFigure | undefined): Interval {
  return { low: Math.max(0, drawn?.interval.low ?? 0), high: Math.min(1, drawn?.interval.high ?? 1) };
}

function boxFigures(records: readonly BoxesRecord[], random: Random): Figures {
  const matches = matchBoxes(records);
  const classes = classPrecisions(matches);
  const { map, map50 } = meanPrecision(classes);
  if (Number.isNaN(map)) {
    throw new PareError('not-measurable', `No object is labelled in ${records.length} pictures.`);
  }
  const [drawn] = bootstrapFigures(
    records.length,
    (weights) => [meanPrecision(classPrecisions(matches, weights)).map],
    random,
    matches.cost,
  );
  return {
    main: 'map',
    value: map,
    interval: fractionInterval(drawn),
    higherIsBetter: true,
    metrics: { map, map50 },
    perClass: boxClassFigures(matches),
    confusion: [],
  };
}
