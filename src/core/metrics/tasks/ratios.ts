/**
 * Figures that are a ratio of sums over the samples, and what each sample gives to both sums. Everything that is said
 * about them (interval, test, groups) follows from these two numbers. It must not know where records come from.
 */
import type { Interval } from '../types.ts';
import type { RatioSums } from '../bootstrap.ts';
import type { ClassRecord, MetricId, NumbersRecord, TextRecord } from './types.ts';

export type RatioRecord = ClassRecord | TextRecord | NumbersRecord;

export interface RatioFigure {
  readonly metric: MetricId;
  readonly higherIsBetter: boolean;
  /** The sums count what is wrong and the figure says what is right: figure = 1 − ratio. */
  readonly complement: boolean;
  /** Both numbers are 0 or 1: exact methods for proportions apply. */
  readonly proportion: boolean;
  /** The smallest change of a sample's first number; 0 = continuous. */
  readonly unit: number;
  /** What the figure, and a difference of two, can be at most. */
  readonly most: number;
}

export const TOP1: RatioFigure = {
  metric: 'top1',
  higherIsBetter: true,
  complement: false,
  proportion: true,
  unit: 1,
  most: 1,
};
/** 1 − Σ edits / Σ characters over all lines: long lines weigh more, as their characters do. */
export const CHARACTERS: RatioFigure = {
  metric: 'characters',
  higherIsBetter: true,
  complement: true,
  proportion: false,
  unit: 1,
  most: 1,
};
/** Mean over all values, of all samples. */
export const MAE: RatioFigure = {
  metric: 'mae',
  higherIsBetter: false,
  complement: false,
  proportion: false,
  unit: 0,
  most: Number.POSITIVE_INFINITY,
};

function termsOf(record: RatioRecord): readonly [number, number] {
  switch (record.kind) {
    case 'class':
      return [record.rank === 0 ? 1 : 0, 1];
    case 'text':
      return [record.edits, record.length];
    case 'numbers':
      return [
        record.truth.reduce((sum, right, i) => sum + Math.abs(record.predicted[i] - right), 0),
        record.truth.length,
      ];
    default:
      return record satisfies never;
  }
}

export function ratioSums(records: readonly RatioRecord[]): RatioSums {
  const numerators = new Float64Array(records.length);
  const denominators = new Float64Array(records.length);
  for (const [i, record] of records.entries()) [numerators[i], denominators[i]] = termsOf(record);
  return { numerators, denominators };
}

export function totalOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

export function figureOf({ complement }: RatioFigure, ratio: number): number {
  return complement ? 1 - ratio : ratio;
}

/** The interval of a value from that of its ratio, without what no value can be. */
export function figureInterval({ complement, most }: RatioFigure, { low, high }: Interval): Interval {
  const [from, to] = complement ? [1 - high, 1 - low] : [low, high];
  return { low: Math.max(0, from), high: Math.min(most, to) };
}

/** One sample alone bounds nothing; a difference of fractions lies within −1 and 1 all the same. */
export function differenceInterval({ most }: RatioFigure, { low, high }: Interval): Interval {
  return { low: Math.max(-most, low), high: Math.min(most, high) };
}
