/**
 * Paired differences of figures that only a whole set has: mean average precision and mean IoU. Both models see the
 * same resampled pictures. It must not know how boxes or masks were made.
 */
import type { Random } from '../../passes/types.ts';
import { bootstrapFigures, unseenShare } from '../bootstrap.ts';
import type { Interval } from '../types.ts';
import { correctedDeltas, groupPairs } from './deltas.ts';
import type { DeltaSource, MainDifference, UncorrectedDelta } from './deltas.ts';
import { intersectionOverUnion, meanIou, pixelTable, sumPixels } from './intersections.ts';
import type { Pair, Pairs } from './pairs.ts';
import { classPrecisions, matchBoxes, meanPrecision } from './precision-recall.ts';
import type { BoxesRecord, GroupDelta, MaskRecord, MetricId } from './types.ts';

interface ClassValue {
  readonly classIndex: number;
  /** Objects or pixels. */
  readonly n: number;
  readonly value: number;
}

/** A figure of a set and of its classes, for any weighting of the pictures. */
interface SetFigure {
  readonly cost: number;
  readonly evaluate: (weights?: ArrayLike<number>) => {
    readonly main: number;
    readonly classes: readonly ClassValue[];
  };
}

function boxFigure(records: readonly BoxesRecord[]): SetFigure {
  const matches = matchBoxes(records);
  return {
    cost: matches.cost,
    evaluate: (weights) => {
      const classes = classPrecisions(matches, weights);
      return {
        main: meanPrecision(classes).map,
        classes: classes.map(({ classIndex, objects, ap }) => ({ classIndex, n: objects, value: ap })),
      };
    },
  };
}

function maskFigure(records: readonly MaskRecord[]): SetFigure {
  const table = pixelTable(records);
  return {
    cost: 3 * table.records.length,
    evaluate: (weights) => {
      const classes = sumPixels(table, weights);
      return {
        main: meanIou(classes),
        classes: classes.map((each) => ({
          classIndex: each.classIndex,
          n: each.truth,
          value: each.truth === 0 ? Number.NaN : intersectionOverUnion(each),
        })),
      };
    },
  };
}

/** Columns with many values are compared without drawing for each: groups below this size say little of a set's figure. */
const MOST_DRAWN_GROUPS = 200;

export function compareBoxes(
  pairs: Pairs<BoxesRecord>,
  source: DeltaSource,
): Omit<MainDifference, 'changes'> {
  return compareSets('map', boxFigure, pairs, source);
}

export function compareMasks(pairs: Pairs<MaskRecord>, source: DeltaSource): Omit<MainDifference, 'changes'> {
  return compareSets('miou', maskFigure, pairs, source);
}

function compareSets<R extends BoxesRecord | MaskRecord>(
  metric: MetricId,
  figureOf: (records: readonly R[]) => SetFigure,
  { pairs, unpaired, unanswered }: Pairs<R>,
  { random, className, groupsOf }: DeltaSource,
): Omit<MainDifference, 'changes'> {
  const drawn = drawDifference(figureOf, pairs, random);
  const { baseline, value, interval, pValue } = drawn;
  return {
    metric,
    higherIsBetter: true,
    baseline,
    value,
    difference: value - baseline,
    interval,
    n: pairs.length,
    unpaired,
    unanswered,
    pValue,
    perClass: () =>
      correctedDeltas(
        drawn.classes.map(({ classIndex, ...rest }) => ({
          column: '',
          name: className(classIndex),
          ...rest,
        })),
        true,
      ),
    perGroup: () => groupDeltas(figureOf, pairs, groupsOf, random),
  };
}

function groupDeltas<R extends BoxesRecord | MaskRecord>(
  figureOf: (records: readonly R[]) => SetFigure,
  pairs: readonly Pair<R>[],
  groupsOf: DeltaSource['groupsOf'],
  random: Random,
): GroupDelta[] {
  const groups = groupPairs(pairs, ({ index }) => groupsOf(index))
    .sort((a, b) => b.members.length - a.members.length)
    .slice(0, MOST_DRAWN_GROUPS);
  const deltas = groups.flatMap(({ column, name, members }): UncorrectedDelta[] => {
    const { classes: _, ...delta } = drawDifference(figureOf, members, random);
    return Number.isFinite(delta.difference) ? [{ column, name, n: members.length, ...delta }] : [];
  });
  return correctedDeltas(deltas, true);
}

type Drawn = Omit<UncorrectedDelta, 'column' | 'name' | 'n'> & {
  readonly classes: readonly (Omit<UncorrectedDelta, 'column' | 'name'> & { readonly classIndex: number })[];
};

function drawDifference<R extends BoxesRecord | MaskRecord>(
  figureOf: (records: readonly R[]) => SetFigure,
  pairs: readonly Pair<R>[],
  random: Random,
): Drawn {
  const before = figureOf(pairs.map((pair) => pair.before));
  const after = figureOf(pairs.map((pair) => pair.after));
  const was = before.evaluate();
  const is = after.evaluate();
  const present = was.classes.filter(({ n }) => n > 0);
  const differencesOf = (weights: ArrayLike<number>): number[] => {
    const first = before.evaluate(weights);
    const second = after.evaluate(weights);
    const firstBy = new Map(first.classes.map((each) => [each.classIndex, each.value]));
    const secondBy = new Map(second.classes.map((each) => [each.classIndex, each.value]));
    const difference = (classIndex: number): number =>
      (secondBy.get(classIndex) ?? Number.NaN) - (firstBy.get(classIndex) ?? Number.NaN);
    return [second.main - first.main, ...present.map(({ classIndex }) => difference(classIndex))];
  };
  const drawn = bootstrapFigures(pairs.length, differencesOf, random, before.cost + after.cost);
  const values = new Map(is.classes.map((each) => [each.classIndex, each.value]));
  const delta = (
    baseline: number,
    value: number,
    at: number,
  ): Omit<UncorrectedDelta, 'column' | 'name' | 'n'> => ({
    baseline,
    value,
    difference: value - baseline,
    interval: boundedInterval(drawn.at(at)?.interval, pairs.length),
    pValue: drawn.at(at)?.pValue ?? 1,
  });
  return {
    ...delta(was.main, is.main, 0),
    classes: present.map(({ classIndex, n, value }, i) => ({
      classIndex,
      n,
      ...delta(value, values.get(classIndex) ?? 0, i + 1),
    })),
  };
}

/**
 * Within −1 and 1. Where no resample shows a difference, none of the pictures does; what others may show is bounded by
 * how many of them there can be.
 */
function boundedInterval(interval: Interval | undefined, pictures: number): Interval {
  const { low, high } = interval ?? { low: -1, high: 1 };
  const unseen = low === 0 && high === 0 ? unseenShare(pictures) : 0;
  return { low: Math.max(-1, low - unseen), high: Math.min(1, high + unseen) };
}
