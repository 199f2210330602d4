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

/** The smallest normal float32: a probability that a model rounds to 0 is not impossible, and its logarithm stays finite. */
const LEAST_PROBABILITY = 2 ** -126;
/** Half floats round each of a thousand probabilities by up to 2⁻¹²: their sum may be this far from 1. */
const SUM_TOLERANCE = 1e-2;

/** Divergences of class distributions, summed over samples. */
export interface DivergenceSums {
  /** Σ KL(original ‖ variant), in nats. */
  readonly nats: number;
  readonly rows: number;
  /** Rows with a value that is not finite on either side; left out of the sum. */
  readonly skipped: number;
}

export const NO_DIVERGENCE: DivergenceSums = { nats: 0, rows: 0, skipped: 0 };

/**
 * Kullback–Leibler divergence Σ p·ln(p/q) of each row of class scores, p the original's distribution and q the
 * variant's. Rows that are no distributions already go through the softmax.
 * @param x, y batches of class scores, `classes` values a row.
 * @throws PareError `internal` when the lengths differ.
 */
export function addDivergence(
  sums: DivergenceSums,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  classes: number,
): DivergenceSums {
  if (x.length !== y.length) {
    throw new PareError('internal', `Outputs of ${x.length} and ${y.length} elements cannot be compared.`);
  }
  let { nats, rows, skipped } = sums;
  for (let from = 0; from + classes <= x.length; from += classes) {
    const distributions = isDistribution(x, from, classes);
    const p = logProbabilities(x, from, classes, distributions);
    const q = logProbabilities(y, from, classes, distributions);
    if (p === undefined || q === undefined) {
      skipped++;
      continue;
    }
    let divergence = 0;
    for (let c = 0; c < classes; c++) divergence += Math.exp(p[c]) * (p[c] - q[c]);
    // Equal distributions leave rounding, which may be below zero.
    nats += Math.max(0, divergence);
    rows++;
  }
  return { nats, rows, skipped };
}

/** Probabilities already: none below 0, and a sum of 1. */
function isDistribution(scores: ArrayLike<number>, from: number, classes: number): boolean {
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const score = scores[from + c];
    if (!(score >= 0)) return false;
    sum += score;
  }
  return Math.abs(sum - 1) <= SUM_TOLERANCE;
}

/**
 * ln p of one row; undefined when a value is not finite.
 * @param distributions as the original's row is one: the rounded probabilities of a variant, whose sum may be off, are
 *   divided by their sum. What is below 0, or nothing but zeros, can only be taken for logits.
 */
function logProbabilities(
  scores: ArrayLike<number>,
  from: number,
  classes: number,
  distributions: boolean,
): Float64Array | undefined {
  const row = new Float64Array(classes);
  let top = Number.NEGATIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const score = scores[from + c];
    if (!Number.isFinite(score)) return undefined;
    row[c] = score;
    sum += score;
    if (score > top) top = score;
    if (score < least) least = score;
  }
  if (distributions && least >= 0 && sum > 0) {
    return row.map((p) => Math.log(Math.max(LEAST_PROBABILITY, p / sum)));
  }
  let total = 0;
  for (const score of row) total += Math.exp(score - top);
  const shift = top + Math.log(total);
  return row.map((score) => score - shift);
}
