/**
 * Specification of descendRows: cyclic coordinate descent on d·H·dᵀ, d = w − ŵ, the error that rounding a row of weights makes
 * in the layer's output when H is the Gram matrix of its inputs.
 *
 * For each row on its own, in float32 (every step rounded):
 *   d[k] = w[k] − ŵ[k];  g[j] = 0 + d[0]·H[0, j] + d[1]·H[1, j] + …, in the order of k
 *   a sweep: for c = 0 … columns − 1, unless H[c, c] is not a positive finite number or the scale is 0:
 *     t = ŵ[c] + g[c] / H[c, c], code = roundTiesToEven(clamp(t · (1 / scale), low − zero, high − zero)) + zero (NaN → 0)
 *     if it differs from the code before: Δ = ŵ'[c] − ŵ[c];  g[j] = g[j] − Δ·H[c, j] for all j
 * t is where the error is least as a function of ŵ[c] alone, so its nearest grid value never adds to the error (but for
 * rounding). A sweep without a change would repeat itself for ever: the row is done. Each g[j] changes in the order of c, so
 * updates put off to the end of a block of columns give the same bits. H must be symmetric: row c is read for column c.
 *
 * Source: Zhang et al. 2024, "COMQ", arXiv:2403.07134; Nair and Suggala 2024, "CDQuant", arXiv:2406.17542.
 */
import type { RowGrids } from '../../core/tensor/kernel-set.ts';
import { checkRows, checkWhole } from '../checks.ts';
import { quantizeOne } from '../quantize/reference.ts';
import type { Grid } from '../row-grids.ts';
import { checkGrids, decodeOne, gridsOfRow } from '../row-grids.ts';
import type { Pause, Steps } from '../steps.ts';
import { finish, finishPausing } from '../steps.ts';

/** Sweeps beyond it are a mistake: descent ends after some ten. */
const MOST_SWEEPS = 1000;

/** @throws RangeError when sizes do not agree, the grids are wrong, H is not finite, a code is outside low..high or sweeps not in 0..1000. */
export function checkDescend(
  w: Float32Array,
  rows: number,
  columns: number,
  h: Float32Array,
  codes: Int8Array,
  grids: RowGrids,
  sweeps: number,
): void {
  checkRows(w.length, rows, columns);
  checkRows(h.length, columns, columns);
  checkRows(codes.length, rows, columns);
  checkGrids(rows, columns, grids);
  checkWhole('sweeps', sweeps, 0, MOST_SWEEPS);
  let faults = 0;
  for (let i = 0; i < h.length; i++) faults += h[i] - h[i]; // NaN for what is not finite
  if (faults !== 0) throw new RangeError('H must be finite');
  if (codes.some((code) => code < grids.low || code > grids.high)) {
    throw new RangeError(`codes within ${grids.low}..${grids.high} expected`);
  }
}

/** H·d of one row. */
function gradient(w: Float32Array, decoded: Float32Array, h: Float32Array): Float32Array {
  const columns = w.length;
  const g = new Float32Array(columns);
  for (let k = 0; k < columns; k++) {
    const d = Math.fround(w[k] - decoded[k]);
    for (let j = 0; j < columns; j++) g[j] += Math.fround(d * h[k * columns + j]);
  }
  return g;
}

interface Row {
  readonly codes: Int8Array;
  readonly decoded: Float32Array;
  readonly g: Float32Array;
  /** By column. */
  readonly grids: readonly Grid[];
}

/** One sweep; true when a code changed. */
function sweepRow({ codes, decoded, g, grids }: Row, h: Float32Array, low: number, high: number): boolean {
  const columns = codes.length;
  let changed = false;
  for (let c = 0; c < columns; c++) {
    const grid = grids[c];
    const pivot = h[c * columns + c];
    if (!(pivot > 0 && pivot < Infinity) || grid.scale === 0) continue;
    const t = Math.fround(decoded[c] + Math.fround(g[c] / pivot));
    const code = quantizeOne(t, grid.inverse, low - grid.zero, high - grid.zero) + grid.zero;
    if (code === codes[c]) continue;
    const value = decodeOne(code, grid);
    const delta = Math.fround(value - decoded[c]);
    codes[c] = code;
    decoded[c] = value;
    changed = true;
    for (let j = 0; j < columns; j++) g[j] -= Math.fround(delta * h[c * columns + j]);
  }
  return changed;
}

function* steps(
  w: Float32Array,
  rows: number,
  columns: number,
  h: Float32Array,
  codes: Int8Array,
  grids: RowGrids,
  sweeps: number,
): Steps<Int8Array> {
  const better = codes.slice();
  for (let r = 0; r < rows; r++) {
    const own = better.subarray(r * columns, (r + 1) * columns);
    const byGroup = gridsOfRow(grids, r);
    const byColumn = Array.from(grids.groupOf, (group) => byGroup[group]);
    const decoded = Float32Array.from(own, (code, c) => decodeOne(code, byColumn[c]));
    const g = gradient(w.subarray(r * columns, (r + 1) * columns), decoded, h);
    const row = { codes: own, decoded, g, grids: byColumn };
    for (let sweep = 0; sweep < sweeps && sweepRow(row, h, grids.low, grids.high); sweep++);
    yield (r + 1) / rows;
  }
  return better;
}

export function descendRows(
  w: Float32Array,
  rows: number,
  columns: number,
  h: Float32Array,
  codes: Int8Array,
  grids: RowGrids,
  sweeps: number,
): Int8Array;
export function descendRows(
  w: Float32Array,
  rows: number,
  columns: number,
  h: Float32Array,
  codes: Int8Array,
  grids: RowGrids,
  sweeps: number,
  pause: Pause,
): Promise<Int8Array>;
/** w and codes: [rows, columns], h: [columns, columns] → better codes [rows, columns]. */
export function descendRows(
  w: Float32Array,
  rows: number,
  columns: number,
  h: Float32Array,
  codes: Int8Array,
  grids: RowGrids,
  sweeps: number,
  pause?: Pause,
): Int8Array | Promise<Int8Array> {
  checkDescend(w, rows, columns, h, codes, grids, sweeps);
  const walk = steps(w, rows, columns, h, codes, grids, sweeps);
  return pause === undefined ? finish(walk) : finishPausing(walk, pause);
}
