/** Mask records to intersection over union. It must not know pictures. */
import type { MaskRecord } from './types.ts';

export interface ClassPixels {
  readonly classIndex: number;
  readonly both: number;
  readonly truth: number;
  readonly predicted: number;
}

/** Pixels of each class over the set. @param weights how often each record counts; absent = once. */
export function sumPixels(records: readonly MaskRecord[], weights?: ArrayLike<number>): ClassPixels[] {
  const sums = new Map<number, [number, number, number]>();
  for (const [i, { classes }] of records.entries()) {
    const weight = weights === undefined ? 1 : weights[i];
    if (weight === 0) continue;
    for (const [classIndex, both, truth, predicted] of classes) {
      let sum = sums.get(classIndex);
      if (sum === undefined) sums.set(classIndex, (sum = [0, 0, 0]));
      sum[0] += weight * both;
      sum[1] += weight * truth;
      sum[2] += weight * predicted;
    }
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([classIndex, [both, truth, predicted]]) => ({ classIndex, both, truth, predicted }));
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
