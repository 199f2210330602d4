/** Class records to figures: precision, recall and F1 of each class, confusion. One pass; nothing is classes × classes. */
import type { ClassFigures, ClassRecord } from './types.ts';

export interface ClassCounts {
  readonly truth: ReadonlyMap<number, number>;
  readonly predicted: ReadonlyMap<number, number>;
  readonly hits: ReadonlyMap<number, number>;
  /** By class, then predicted class: the diagonal left out. */
  readonly confused: ReadonlyMap<number, ReadonlyMap<number, number>>;
}

export function countClasses(records: readonly ClassRecord[]): ClassCounts {
  const truth = new Map<number, number>();
  const predicted = new Map<number, number>();
  const hits = new Map<number, number>();
  const confused = new Map<number, Map<number, number>>();
  for (const record of records) {
    add(truth, record.truth);
    add(predicted, record.predicted);
    if (record.truth === record.predicted) {
      add(hits, record.truth);
      continue;
    }
    let row = confused.get(record.truth);
    if (row === undefined) confused.set(record.truth, (row = new Map<number, number>()));
    add(row, record.predicted);
  }
  return { truth, predicted, hits, confused };
}

function add(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Of every class that is right or was predicted somewhere, in class order. Null where a figure would be 0 / 0. */
export function classFigures({ truth, predicted, hits }: ClassCounts): ClassFigures[] {
  const classes = [...new Set([...truth.keys(), ...predicted.keys()])].sort((a, b) => a - b);
  return classes.map((classIndex) => {
    const n = truth.get(classIndex) ?? 0;
    const said = predicted.get(classIndex) ?? 0;
    const both = hits.get(classIndex) ?? 0;
    return figuresOf(classIndex, n, said, both);
  });
}

/** F1 = 2·both / (truth + predicted), which is 2PR/(P + R) where both exist. */
export function figuresOf(classIndex: number, n: number, said: number, both: number): ClassFigures {
  return {
    classIndex,
    n,
    precision: said === 0 ? null : both / said,
    recall: n === 0 ? null : both / n,
    f1: n + said === 0 ? null : (2 * both) / (n + said),
  };
}

/**
 * Means over the classes that occur in the labels: classes without a sample say nothing about the model and are left
 * out; a class that is never predicted has precision 0.
 */
export function macroMeans(figures: readonly ClassFigures[]): {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
} {
  const present = figures.filter(({ n }) => n > 0);
  const mean = (key: 'precision' | 'recall' | 'f1'): number =>
    present.reduce((sum, each) => sum + (each[key] ?? 0), 0) / present.length;
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

const MOST_CONFUSIONS = 1000;

/** [truth, predicted, count], most frequent first. */
export function confusionOf({ confused }: ClassCounts): (readonly [number, number, number])[] {
  const cells: [number, number, number][] = [];
  for (const [truth, row] of confused) for (const [said, count] of row) cells.push([truth, said, count]);
  return cells.sort((a, b) => b[2] - a[2] || a[0] - b[0] || a[1] - b[1]).slice(0, MOST_CONFUSIONS);
}

/** [truth, predicted, before, after] where the counts differ most; the diagonal left out. */
export function confusionChange(
  before: ClassCounts,
  after: ClassCounts,
): (readonly [number, number, number, number])[] {
  const cells: [number, number, number, number][] = [];
  for (const [truth, row] of before.confused) {
    for (const [said, count] of row)
      cells.push([truth, said, count, after.confused.get(truth)?.get(said) ?? 0]);
  }
  for (const [truth, row] of after.confused) {
    for (const [said, count] of row) {
      if (before.confused.get(truth)?.has(said) !== true) cells.push([truth, said, 0, count]);
    }
  }
  return cells
    .filter(([, , was, is]) => was !== is)
    .sort((a, b) => Math.abs(b[3] - b[2]) - Math.abs(a[3] - a[2]) || a[0] - b[0] || a[1] - b[1])
    .slice(0, MOST_CONFUSIONS);
}
