/** The paired difference of a ratio of sums: exact McNemar and Newcombe for proportions, bootstrap and sign flips for the rest. */
import type { Random } from '../../passes/types.ts';
import { bootstrapRatio } from '../bootstrap.ts';
import { mcnemarExact, pairedDifference } from '../statistics.ts';
import type { PairedCounts } from '../statistics.ts';
import { signFlipTest } from '../tests.ts';
import type { Interval } from '../types.ts';
import { correctedDeltas, groupPairs } from './deltas.ts';
import type { DeltaSource, MainDifference } from './deltas.ts';
import type { Pair, Pairs } from './pairs.ts';
import { differenceInterval, figureOf, ratioSums, totalOf } from './ratios.ts';
import type { RatioFigure, RatioRecord } from './ratios.ts';
import type { GroupDelta } from './types.ts';

interface Difference {
  readonly baseline: number;
  readonly value: number;
  readonly difference: number;
  readonly interval: Interval;
  readonly pValue: number;
  readonly discordance?: number;
}

type RatioPair = Pair<RatioRecord>;

/** Groups are many, and each is small. */
const GROUP_RESAMPLES = 400;

function differenceOf(
  figure: RatioFigure,
  pairs: readonly RatioPair[],
  random: Random,
  resamples?: number,
): Difference {
  const before = ratioSums(pairs.map((pair) => pair.before));
  const after = ratioSums(pairs.map((pair) => pair.after));
  const total = totalOf(before.denominators);
  const ratio = (sum: number): number => (total === 0 ? (sum === 0 ? 0 : 1) : sum / total);
  const baseline = figureOf(figure, ratio(totalOf(before.numerators)));
  const value = figureOf(figure, ratio(totalOf(after.numerators)));
  if (figure.proportion) {
    const counts = countPairs(before.numerators, after.numerators);
    const discordance = (counts.firstOnly + counts.secondOnly) / pairs.length;
    return { baseline, value, discordance, ...pairedDifference(counts), pValue: mcnemarExact(counts) };
  }
  const sign = figure.complement ? -1 : 1;
  const differences = after.numerators.map((numerator, i) => sign * (numerator - before.numerators[i]));
  const pValue = signFlipTest(differences, random);
  if (total === 0)
    return { baseline, value, difference: value - baseline, interval: { low: -1, high: 1 }, pValue };
  const { value: difference, interval } = bootstrapRatio(
    { numerators: differences, denominators: before.denominators },
    random,
    figure.unit,
    resamples,
  );
  return { baseline, value, difference, interval: differenceInterval(figure, interval), pValue };
}

function countPairs(first: Float64Array, second: Float64Array): PairedCounts {
  const counts = { both: 0, firstOnly: 0, secondOnly: 0, neither: 0 };
  for (let i = 0; i < first.length; i++) {
    if (first[i] === 1) counts[second[i] === 1 ? 'both' : 'firstOnly']++;
    else counts[second[i] === 1 ? 'secondOnly' : 'neither']++;
  }
  return counts;
}

export function compareRatio(
  figure: RatioFigure,
  { pairs, unpaired, unanswered }: Pairs<RatioRecord>,
  source: DeltaSource,
): Omit<MainDifference, 'perClass' | 'changes'> {
  const { metric, higherIsBetter } = figure;
  return {
    metric,
    higherIsBetter,
    ...differenceOf(figure, pairs, source.random),
    n: pairs.length,
    unpaired,
    unanswered,
    perGroup: () => ratioGroups(figure, { pairs }, ({ index }) => source.groupsOf(index), source),
  };
}

/** Deltas of all groups of all columns, worst first. */
export function ratioGroups(
  figure: RatioFigure,
  { pairs }: Pick<Pairs<RatioRecord>, 'pairs'>,
  groupsOf: (pair: RatioPair) => Readonly<Record<string, string>>,
  { random }: DeltaSource,
): GroupDelta[] {
  const deltas = groupPairs(pairs, groupsOf).map(({ column, name, members }) => {
    const { discordance: _, ...difference } = differenceOf(figure, members, random, GROUP_RESAMPLES);
    return { column, name, n: members.length, ...difference };
  });
  return correctedDeltas(deltas, figure.higherIsBetter);
}
