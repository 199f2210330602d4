/**
 * Specification of accumulateGram: gram + xᵀx, what second-order rounding of weights needs of a layer's inputs.
 *
 * For i ≤ j, in float32: s = gram[i, j]; for r = 0 … rows − 1: s = s + x[r, i] · x[r, j], the product rounded, then the sum.
 * The result has s at (i, j) and at (j, i). Hence rows may be given in as many calls as wanted: the result is the same. The
 * part of `gram` below the diagonal is not read. A rounded sum of N terms is at most N · 2⁻²⁴ of Σ|terms| off; with the
 * signs of real data about √N · 2⁻²⁴, far below the damping (1 % of the mean diagonal) that is added before H is factored.
 */
import { checkRows } from '../checks.ts';

/** @throws RangeError when sizes do not agree, or `into` has another length than gram. */
export function checkGram(
  x: Float32Array,
  rows: number,
  columns: number,
  gram: Float32Array,
  into?: Float32Array,
): void {
  checkRows(x.length, rows, columns);
  checkRows(gram.length, columns, columns);
  if (into !== undefined) checkRows(into.length, columns, columns);
}

/** Copies what is above the diagonal of a [n, n] to below it, in squares that stay in cache. */
export function mirrorUpper(a: Float32Array, n: number): void {
  const side = 32;
  for (let top = 0; top < n; top += side) {
    const bottom = Math.min(top + side, n);
    for (let left = top; left < n; left += side) {
      const right = Math.min(left + side, n);
      for (let i = top; i < bottom; i++) {
        for (let j = Math.max(left, i + 1); j < right; j++) a[j * n + i] = a[i * n + j];
      }
    }
  }
}

/** x: [rows, columns], gram: [columns, columns] → [columns, columns], in `into` when given (it may be gram itself). */
export function accumulateGram(
  x: Float32Array,
  rows: number,
  columns: number,
  gram: Float32Array,
  into?: Float32Array,
): Float32Array {
  checkGram(x, rows, columns, gram, into);
  const sum = into ?? new Float32Array(gram.length);
  if (sum !== gram) sum.set(gram);
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * columns, (r + 1) * columns);
    for (let i = 0; i < columns; i++) {
      const at = i * columns;
      for (let j = i; j < columns; j++) sum[at + j] += Math.fround(row[i] * row[j]);
    }
  }
  mirrorUpper(sum, columns);
  return sum;
}
