/**
 * Specification of absmaxRows and minmaxRows: extremes of each row (or block: a block is a row of block length).
 *
 * - NaN elements are ignored, ±Infinity are kept.
 * - A row without a number (no columns, or only NaN) gives +0.
 * - minmax orders −0 before +0; absmax never returns −0.
 *
 * Nothing is rounded, so the order of comparison does not matter.
 */
import type { Extremes } from '../../core/tensor/kernel-set.ts';
import { checkRows } from '../checks.ts';

/** x: [rows, columns] → [rows]. */
export function absmaxRows(x: Float32Array, rows: number, columns: number): Float32Array {
  checkRows(x.length, rows, columns);
  const out = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    let most = 0;
    for (let i = r * columns; i < (r + 1) * columns; i++) {
      const magnitude = Math.abs(x[i]);
      if (magnitude > most) most = magnitude; // false for NaN
    }
    out[r] = most;
  }
  return out;
}

/** x: [rows, columns] → min [rows], max [rows]. */
export function minmaxRows(x: Float32Array, rows: number, columns: number): Extremes {
  checkRows(x.length, rows, columns);
  const min = new Float32Array(rows);
  const max = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    let least = Infinity;
    let most = -Infinity;
    for (let i = r * columns; i < (r + 1) * columns; i++) {
      const value = x[i];
      if (Number.isNaN(value)) continue;
      least = Math.min(least, value); // Math.min(+0, −0) is −0
      most = Math.max(most, value);
    }
    const empty = least > most;
    min[r] = empty ? 0 : least;
    max[r] = empty ? 0 : most;
  }
  return { min, max };
}
