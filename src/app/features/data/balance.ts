/** How evenly the classes are filled, in numbers. Pure. */
import type { ClassCount } from '../../../core/dataset/types.ts';

export interface Balance {
  readonly most: number;
  readonly least: number;
  readonly median: number;
  /** Classes with no more than one sample: nothing can be said of them alone. */
  readonly thin: number;
  /** Largest first; with many classes only both ends. */
  readonly top: readonly ClassCount[];
  readonly tail: readonly ClassCount[];
  /** Classes between the two. */
  readonly between: number;
}

const TOP = 5;
const TAIL = 3;

export function balanceOf(classes: readonly ClassCount[]): Balance | null {
  if (classes.length === 0) return null;
  const sorted = classes.toSorted((a, b) => b.count - a.count);
  const at = (i: number): number => sorted[i]?.count ?? 0;
  const middle = (sorted.length - 1) / 2;
  const all = sorted.length <= TOP + TAIL + 1;
  return {
    most: at(0),
    least: at(sorted.length - 1),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    thin: sorted.filter(({ count }) => count <= 1).length,
    top: all ? sorted : sorted.slice(0, TOP),
    tail: all ? [] : sorted.slice(-TAIL),
    between: all ? 0 : sorted.length - TOP - TAIL,
  };
}

export function balanceSentence({ most, least, median, thin }: Balance, classes: number): string {
  if (classes === 1) return 'There is one class only: accuracy says nothing about telling classes apart.';
  const spread =
    most === least
      ? `${most} samples in each class`
      : `${least} to ${most} samples a class, half have ${median} or more`;
  const few = thin === 0 ? '' : ` ${thin} of ${classes} classes have one sample or none.`;
  return `${spread}.${few}`;
}
