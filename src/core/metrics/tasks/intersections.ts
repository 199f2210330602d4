/** Mask records to intersection over union. It must not know pictures. */
import type { MaskRecord } from './types.ts';

export interface ClassPixels {
  readonly classIndex: number;
  readonly both: number;
  readonly truth: number;
  readonly predicted: number;
}

/** Records laid out flat, so that any weighting of them is one pass over arrays. */
export interface PixelTable {
  readonly classes: readonly number[];
  /** One entry for each class of each record: the record, the position in `classes`, and its three counts. */
  readonly records: Uint32Array;
  readonly positions: Uint32Array;
  readonly counts: Float64Array;
}

export function pixelTable(records: readonly MaskRecord[]): PixelTable {
  const found = new Set(records.flatMap((record) => record.classes.map(([classIndex]) => classIndex)));
  const classes = [...found].sort((a, b) => a - b);
  const positionOf = new Map(classes.map((classIndex, i) => [classIndex, i] as const));
  const size = records.reduce((sum, record) => sum + record.classes.length, 0);
  const table = {
    classes,
    records: new Uint32Array(size),
    positions: new Uint32Array(size),
    counts: new Float64Array(3 * size),
  };
  let at = 0;
  for (const [i, record] of records.entries()) {
    for (const [classIndex, ...counts] of record.classes) {
      table.records[at] = i;
      table.positions[at] = positionOf.get(classIndex) ?? 0;
      table.counts.set(counts, 3 * at);
      at++;
    }
  }
  return table;
}

/** Pixels of each class over the set. @param weights how often each record counts; absent = once. */
export function sumPixels(table: PixelTable, weights?: ArrayLike<number>): ClassPixels[] {
  const { classes, records, positions, counts } = table;
  const sums = new Float64Array(3 * classes.length);
  for (let i = 0; i < records.length; i++) {
    const weight = weights === undefined ? 1 : weights[records[i]];
    for (let k = 0; k < 3; k++) sums[3 * positions[i] + k] += weight * counts[3 * i + k];
  }
  return classes.map((classIndex, i) => ({
    classIndex,
    both: sums[3 * i],
    truth: sums[3 * i + 1],
    predicted: sums[3 * i + 2],
  }));
}

export function intersectionOverUnion({ both, truth, predicted }: ClassPixels): number {
  return both / (truth + predicted - both);
}

/** Over the classes that occur in the masks; pixels of another class that were predicted count against those. */
export function meanIou(classes: readonly ClassPixels[]): number {
  const present = classes.filter(({ truth }) => truth > 0);
  return present.reduce((sum, each) => sum + intersectionOverUnion(each), 0) / present.length;
}

export function pixelAccuracy(classes: readonly ClassPixels[]): number {
  const sum = (key: 'both' | 'truth'): number => classes.reduce((total, each) => total + each[key], 0);
  return sum('both') / sum('truth');
}
