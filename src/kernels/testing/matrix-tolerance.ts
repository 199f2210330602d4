/**
 * By how much the matrix kernels of WebGPU may differ, derived. Sums there come in other portions and may be fused, so a weight near
 * the middle of two codes may get either, and everything after it differs. Codes are therefore checked as decisions: replayed in
 * float64, each must be the nearest one to its target within what float32 can tell of that target.
 */
import type { RowGrids } from '../../core/tensor/kernel-set.ts';
import type { Inputs } from './conformance.ts';
import type { Within } from './tolerance.ts';
import { decodeCodes, inverseFault, outputErrors } from './second-order.ts';

/** Half a unit in the last place of float32, relative. */
const U = 2 ** -24;
/** Smallest normal float32: what a device that flushes denormals may lose. */
const LEAST_NORMAL = 2 ** -126;

/**
 * Either sum of `rows` products and a start is off by at most (rows + 2) · U of Σ|terms|, fused or not, in any order. A device may
 * flush an input, a product or a partial sum that is denormal: LEAST_NORMAL, times the other factor for an input.
 */
export const closeGram: Within = (found, wanted, input) => {
  const { rows, columns: n } = input;
  const [mine, right, x] = [found.out as Float32Array, wanted.out as Float32Array, input.x as Float32Array];
  if (mine.length !== right.length) return `${mine.length} elements instead of ${right.length}`;
  const start = input.matrix().h;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const at = i * n + j;
      if (Object.is(mine[at], right[at])) continue;
      let size = Math.abs(start[Math.min(i, j) * n + Math.max(i, j)]);
      let flushed = 0;
      for (let r = 0; r < rows; r++) {
        const [a, b] = [Math.abs(x[r * n + i]), Math.abs(x[r * n + j])];
        size += a * b;
        flushed += LEAST_NORMAL * (2 + a + b);
      }
      const bound = 2 * (rows + 2) * U * size + flushed;
      if (!(Math.abs(mine[at] - right[at]) <= bound))
        return `[${i}, ${j}] ${mine[at]} instead of ${right[at]}`;
    }
  }
  return undefined;
};

/** Another U is as good if it factors the inverse within what float32 can tell. */
export const closeInverse: Within = (found, wanted, input) => {
  if (found.positive !== wanted.positive) return `positive ${String(found.positive)}`;
  if (wanted.positive === 0) return undefined;
  return inverseFault(found.out as Float32Array, input.matrix().h, input.columns);
};

/** Of one element. */
interface Grid {
  readonly scale: number;
  readonly zero: number;
}

function gridAt({ scales, zeroPoints, groups, groupOf }: RowGrids, row: number, column: number): Grid {
  const at = row * groups + groupOf[column];
  return { scale: scales[at], zero: zeroPoints?.[at] ?? 0 };
}

/** The code is the nearest to t, where t may be `off` off; the last one of the range also for what is beyond. */
function isNearest(t: number, off: number, code: number, { scale, zero }: Grid, grids: RowGrids): boolean {
  if (code < grids.low || code > grids.high) return false;
  if (scale === 0) return code - zero === Math.min(Math.max(0, grids.low - zero), grids.high - zero);
  const rest = t - (code - zero) * scale;
  // t · (1 / scale) is rounded twice.
  const reach = scale / 2 + off + 4 * U * Math.abs(t);
  return (rest <= reach || code === grids.high) && (rest >= -reach || code === grids.low);
}

/** Rows in which the codes differ. Those that agree need no further look. */
function rowsApart(found: Int8Array, wanted: Int8Array, { rows, columns }: Inputs): number[] {
  const rowOf = (codes: Int8Array, r: number) => codes.subarray(r * columns, (r + 1) * columns).join();
  return Array.from({ length: rows }, (_, r) => r).filter((r) => rowOf(found, r) !== rowOf(wanted, r));
}

/** |U⁻ᵀ| [n, n] in float64. */
function absInverseTransposed(u: Float32Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let s = i === j ? 1 : 0;
      for (let k = j; k < i; k++) s -= u[k * n + i] * inverse[k * n + j];
      inverse[i * n + j] = s / u[i * n + i];
    }
  }
  return inverse.map(Math.abs);
}

/**
 * The errors e of a row solve Uᵀe = w − ŵ by forward substitution, which is backward stable whatever the order of its sums:
 * |δe| ≤ |U⁻ᵀ| · ((n + 8) · U · |Uᵀ|·|e| + 2 · U · (|w| + |ŵ|)) (Higham, Accuracy and Stability, theorem 8.5). The target of column c
 * is U_cc · e_c + ŵ_c, hence off by at most U_cc · δe_c.
 */
export const nearestGptq: Within = (found, wanted, input) => {
  const n = input.columns;
  const codes = found.out as Int8Array;
  if (codes.length !== input.rows * n) return `${codes.length} codes`;
  const rows = rowsApart(codes, wanted.out as Int8Array, input);
  if (rows.length === 0) return undefined;
  const { u, grids } = input.matrix();
  const decoded = decodeCodes(codes, n, grids);
  const w = input.x as Float32Array;
  const inverse = absInverseTransposed(u, n);
  for (const r of rows) {
    const e = new Float64Array(n);
    const loose = new Float64Array(n);
    for (let c = 0; c < n; c++) {
      let [target, size] = [w[r * n + c], 0];
      for (let k = 0; k < c; k++) {
        target -= e[k] * u[k * n + c];
        size += Math.abs(e[k] * u[k * n + c]);
      }
      const value = decoded[r * n + c];
      e[c] = (target - value) / u[c * n + c];
      size += Math.abs(e[c] * u[c * n + c]);
      loose[c] = (n + 8) * U * size + 2 * U * (Math.abs(w[r * n + c]) + Math.abs(value));
      let off = 0;
      for (let k = 0; k <= c; k++) off += inverse[c * n + k] * loose[k];
      if (!isNearest(target, u[c * n + c] * off, codes[r * n + c], gridAt(grids, r, c), grids)) {
        return `row ${r}, column ${c}: code ${codes[r * n + c]} is not the nearest to ${target}`;
      }
    }
  }
  return undefined;
};

/** H[k, c] for column c and what of d = w − ŵ it sees, when the columns before c have `after` and the others `before`. */
function targetOf(
  w: Float32Array,
  before: Float32Array,
  after: Float32Array,
  h: Float32Array,
  { r, c, n }: { r: number; c: number; n: number },
): { target: number; off: number } {
  let [g, size] = [0, 0];
  for (let k = 0; k < n; k++) {
    const at = r * n + k;
    g += (w[at] - (k < c ? after[at] : before[at])) * h[k * n + c];
    // g began with w − before and was told of each change.
    size += (Math.abs(w[at] - before[at]) + Math.abs(after[at] - before[at])) * Math.abs(h[k * n + c]);
  }
  const pivot = h[c * n + c];
  // n products at the start, at most n more for changes, each rounded; d, Δ, the quotient and the sum besides.
  return { target: before[r * n + c] + g / pivot, off: ((2 * n + 8) * U * size) / pivot };
}

/** One sweep decides each column once: all its targets can be told from the codes before and after. */
function nearestSweep(codes: Int8Array, rows: readonly number[], input: Inputs): string | undefined {
  const n = input.columns;
  const w = input.x as Float32Array;
  const { h, grids, codes: start } = input.matrix();
  const [before, after] = [decodeCodes(start, n, grids), decodeCodes(codes, n, grids)];
  for (const r of rows) {
    for (let c = 0; c < n; c++) {
      const [code, grid] = [codes[r * n + c], gridAt(grids, r, c)];
      if (!(h[c * n + c] > 0) || grid.scale === 0) {
        if (code !== start[r * n + c]) return `row ${r}, column ${c}: changed`;
        continue;
      }
      const { target, off } = targetOf(w, before, after, h, { r, c, n });
      if (!isNearest(target, off, code, grid, grids)) {
        return `row ${r}, column ${c}: code ${code} is not the nearest to ${target}`;
      }
    }
  }
  return undefined;
}

/**
 * After one sweep every code must be a right decision. After more, the error in the output must not have grown: a wrong choice between
 * two codes, `off` from their middle, adds at most 2 · H_cc · scale · off, and each sweep makes at most n choices.
 */
export const nearestDescent: Within = (found, wanted, input) => {
  const { rows, columns: n } = input;
  const codes = found.out as Int8Array;
  if (codes.length !== rows * n) return `${codes.length} codes`;
  const apart = rowsApart(codes, wanted.out as Int8Array, input);
  if (apart.length === 0) return undefined;
  if (input.arg('sweeps') === 1) return nearestSweep(codes, apart, input);
  const { h, grids, codes: start } = input.matrix();
  const w = input.x as Float32Array;
  const decoded = decodeCodes(start, n, grids);
  const before = outputErrors(w, decoded, h, rows, n);
  const after = outputErrors(w, decodeCodes(codes, n, grids), h, rows, n);
  for (const r of apart) {
    let allowed = before[r];
    for (let c = 0; c < n; c++) {
      const { scale } = gridAt(grids, r, c);
      // No ŵ is further from w than this, whatever its code.
      let size = 0;
      for (let k = 0; k < n; k++) {
        const reach = Math.abs(w[r * n + k]) + 256 * gridAt(grids, r, k).scale;
        size += 2 * reach * Math.abs(h[k * n + c]);
      }
      allowed += input.arg('sweeps') * 2 * scale * (2 * n + 8) * U * size;
    }
    if (!(after[r] <= allowed)) return `row ${r}: error ${after[r]}, ${before[r]} before`;
  }
  return undefined;
};
