/**
 * How close the outputs of two models are on the same inputs: cosine, SQNR, top-1. It must not know where the
 * outputs come from, and it is never called accuracy: nothing here knows what is right.
 */
import { PareError } from '../errors.ts';

/** Running sums over any number of pairs of arrays, in float64. Positions where either side is not finite are counted, not summed. */
export interface PairSums {
  readonly xx: number;
  readonly yy: number;
  readonly xy: number;
  /** Σ (x − y)² */
  readonly noise: number;
  readonly elements: number;
  /** Not finite in x (and skipped), whatever y is. */
  readonly originalNonFinite: number;
  /** Finite in x and not in y: the variant broke there. */
  readonly variantNonFinite: number;
}

export const NO_PAIRS: PairSums = {
  xx: 0,
  yy: 0,
  xy: 0,
  noise: 0,
  elements: 0,
  originalNonFinite: 0,
  variantNonFinite: 0,
};

/** @throws PareError `internal` when the lengths differ. */
export function addPair(sums: PairSums, x: ArrayLike<number>, y: ArrayLike<number>): PairSums {
  if (x.length !== y.length) {
    throw new PareError('internal', `Outputs of ${x.length} and ${y.length} elements cannot be compared.`);
  }
  let { xx, yy, xy, noise, originalNonFinite, variantNonFinite } = sums;
  for (let i = 0; i < x.length; i++) {
    const a = x[i];
    const b = y[i];
    if (!Number.isFinite(a)) {
      originalNonFinite++;
      continue;
    }
    if (!Number.isFinite(b)) {
      variantNonFinite++;
      continue;
    }
    xx += a * a;
    yy += b * b;
    xy += a * b;
    noise += (a - b) * (a - b);
  }
  return {
    xx,
    yy,
    xy,
    noise,
    elements: sums.elements + x.length,
    originalNonFinite,
    variantNonFinite,
  };
}

/**
 * xy / √(xx·yy), in [−1, 1]. Both sides all zero = 1 (they are equal); one side all zero = 0 (no direction to share).
 * Equal arrays give exactly 1.
 */
export function cosineOf({ xx, yy, xy, noise }: PairSums): number {
  if (noise === 0) return 1;
  if (xx === 0 || yy === 0) return 0;
  return Math.max(-1, Math.min(1, xy / (Math.sqrt(xx) * Math.sqrt(yy))));
}

/** 10·log₁₀(Σx² / Σ(x−y)²) decibels; Infinity when equal, −Infinity when the original is all zero and the variant is not. */
export function sqnrDbOf({ xx, noise }: PairSums): number {
  if (noise === 0) return Number.POSITIVE_INFINITY;
  return 10 * Math.log10(xx / noise);
}

/**
 * Number of classes when `dims` is a batch of class scores: [C], [N, C] or [N, C, 1, 1], C ≥ 2. Undefined otherwise:
 * boxes, pictures and sequences have no single winner, and [N, C, 1] is how detectors give one score a cell.
 */
export function classCount(dims: readonly number[]): number | undefined {
  const classes = dims.length === 1 ? dims[0] : dims[1];
  if (classes === undefined || classes < 2) return undefined;
  const rank = dims.length;
  return rank <= 2 || (rank === 4 && dims[2] === 1 && dims[3] === 1) ? classes : undefined;
}

/** Index of the largest of scores[from, from + classes); the first of equals; NaN never wins. −1 when nothing is a number. */
export function argmax(scores: ArrayLike<number>, from: number, classes: number): number {
  let best = -1;
  for (let c = 0; c < classes; c++) {
    const score = scores[from + c];
    if (Number.isNaN(score)) continue;
    if (best < 0 || score > scores[from + best]) best = c;
  }
  return best;
}

/** The winners of each row of a batch of class scores. */
export function winners(scores: ArrayLike<number>, classes: number): number[] {
  const found: number[] = [];
  for (let at = 0; at + classes <= scores.length; at += classes) found.push(argmax(scores, at, classes));
  return found;
}
