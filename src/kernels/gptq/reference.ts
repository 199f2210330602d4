/**
 * Specification of gptqRows: rounds the weights column by column and lets the later columns make up for the error.
 *
 * For each row on its own, v = its weights, columns c = 0 … columns − 1, in float32 (every step rounded):
 *   t = v[c] · (1 / scale), NaN → 0;  code[c] = roundTiesToEven(clamp(t, low − zero, high − zero)) + zero
 *   e = (v[c] − (code[c] − zero) · scale) / U[c, c]
 *   v[j] = v[j] − e · U[c, j] for j > c
 * with the scale and zero point of the column's group. So v[j] loses its terms in the order of c, and updates that are put off
 * to the end of a block of columns give the same bits. Of U the upper triangle is read. A weight that is not finite spoils
 * its own row only. Visiting columns in the order of falling H[c, c] (act-order) is the caller's permutation of w, U, groupOf.
 *
 * In exact arithmetic d·H·dᵀ of a row, d = w − ŵ, is the sum of its e²: e² is what rounding column c adds, and the update of the later
 * columns makes it the least it can be.
 *
 * Source: Frantar et al. 2022, "GPTQ", arXiv:2210.17323, algorithm 1.
 */
import type { RowGrids } from '../../core/tensor/kernel-set.ts';
import { checkRows } from '../checks.ts';
import { quantizeOne } from '../quantize/reference.ts';
import { checkGrids, decodeOne, gridsOfRow } from '../row-grids.ts';
import type { Pause, Steps } from '../steps.ts';
import { finish, finishPausing } from '../steps.ts';

/** @throws RangeError when sizes do not agree, the grids are wrong, or a diagonal element of U is not positive and finite. */
export function checkGptq(
  w: Float32Array,
  rows: number,
  columns: number,
  u: Float32Array,
  grids: RowGrids,
): void {
  checkRows(w.length, rows, columns);
  checkRows(u.length, columns, columns);
  checkGrids(rows, columns, grids);
  for (let c = 0; c < columns; c++) {
    const pivot = u[c * columns + c];
    if (!(pivot > 0 && pivot < Infinity)) throw new RangeError(`U[${c}, ${c}] is ${pivot}, not positive`);
  }
}

function* steps(
  w: Float32Array,
  rows: number,
  columns: number,
  u: Float32Array,
  grids: RowGrids,
): Steps<Int8Array> {
  const { low, high, groupOf } = grids;
  const codes = new Int8Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    const v = w.slice(r * columns, (r + 1) * columns);
    const groups = gridsOfRow(grids, r);
    for (let c = 0; c < columns; c++) {
      const grid = groups[groupOf[c]];
      const code = quantizeOne(v[c], grid.inverse, low - grid.zero, high - grid.zero) + grid.zero;
      codes[r * columns + c] = code;
      const e = Math.fround(Math.fround(v[c] - decodeOne(code, grid)) / u[c * columns + c]);
      for (let j = c + 1; j < columns; j++) v[j] -= Math.fround(e * u[c * columns + j]);
    }
    yield (r + 1) / rows;
  }
  return codes;
}

export function gptqRows(
  w: Float32Array,
  rows: number,
  columns: number,
  u: Float32Array,
  grids: RowGrids,
): Int8Array;
export function gptqRows(
  w: Float32Array,
  rows: number,
  columns: number,
  u: Float32Array,
  grids: RowGrids,
  pause: Pause,
): Promise<Int8Array>;
/** w: [rows, columns], u: [columns, columns] → codes [rows, columns]. */
export function gptqRows(
  w: Float32Array,
  rows: number,
  columns: number,
  u: Float32Array,
  grids: RowGrids,
  pause?: Pause,
): Int8Array | Promise<Int8Array> {
  checkGptq(w, rows, columns, u, grids);
  const walk = steps(w, rows, columns, u, grids);
  return pause === undefined ? finish(walk) : finishPausing(walk, pause);
}
