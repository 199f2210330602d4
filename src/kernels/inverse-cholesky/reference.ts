/**
 * Specification of inverseCholesky: upper triangular U with H⁻¹ = UᵀU, without forming H⁻¹.
 *
 * With J the matrix that reverses an order, J·H·J = L·Lᵀ (Cholesky) gives H⁻¹ = J·L⁻ᵀ·L⁻¹·J = UᵀU with U = J·L⁻¹·J, which
 * is upper triangular. J·A·J of a row-major matrix is its elements read backwards. In float32, every product, difference and
 * quotient rounded, sums in the order of k:
 *   Cholesky, A = J·H·J:  s = A[i, j] − L[i, 0]·L[j, 0] − … − L[i, j−1]·L[j, j−1]
 *                         L[j, j] = √s (s is the pivot), L[i, j] = s / L[j, j] for i > j
 *   inverse, M = L⁻¹:     M[i, i] = 1 / L[i, i];  for j < i:
 *                         s = 0 − L[i, j]·M[j, j] − … − L[i, i−1]·M[i−1, j],  M[i, j] = s / L[i, i]
 * As each sum has one order, blocks of any size give the same bits. Terms with M[k, j] = 0 (k < j) may be included: 0 − (±0)
 * is 0. Null when a pivot is not a positive finite number or an element of U is not finite. Of H the upper triangle is read.
 *
 * Float32 suffices: with damping of 1 % of the mean diagonal the condition number is at most 100·n + 1, and GPTQ only needs
 * the error direction; reference.test.ts compares with float64.
 *
 * Source: Frantar et al. 2022, arXiv:2210.17323, section 3.3 (what U is for); Golub and Van Loan, Matrix Computations, 4.2.
 */
import { checkRows } from '../checks.ts';
import type { Pause, Steps } from '../steps.ts';
import { finish, finishPausing } from '../steps.ts';

/** Lower triangular L [n, n] with a = L·Lᵀ in place; false when a pivot is not positive. Yields after each row. */
function* factor(a: Float32Array, n: number): Steps<boolean> {
  for (let i = 0; i < n; i++) {
    const row = a.subarray(i * n, (i + 1) * n);
    for (let j = 0; j <= i; j++) {
      const other = a.subarray(j * n, j * n + j);
      let s = row[j];
      for (let k = 0; k < other.length; k++) s = Math.fround(s - Math.fround(row[k] * other[k]));
      if (j < i) row[j] = s / a[j * n + j];
      else if (s > 0 && s < Infinity) row[j] = Math.sqrt(s);
      else return false;
    }
    yield i / n / 2;
  }
  return true;
}

/** L⁻¹ of a lower triangular L [n, n]; above the diagonal 0. */
function* invertLower(l: Float32Array, n: number): Steps<Float32Array> {
  const inverse = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = inverse.subarray(i * n, (i + 1) * n);
    for (let k = 0; k < i; k++) {
      const factor = l[i * n + k];
      const above = inverse.subarray(k * n, k * n + k + 1);
      for (let j = 0; j < above.length; j++) row[j] -= Math.fround(factor * above[j]);
    }
    const pivot = l[i * n + i];
    for (let j = 0; j < i; j++) row[j] /= pivot;
    row[i] = 1 / pivot;
    yield 0.5 + i / n / 2;
  }
  return inverse;
}

function* steps(h: Float32Array, n: number): Steps<Float32Array | null> {
  const l = h.slice().reverse();
  if (!(yield* factor(l, n))) return null;
  const u = (yield* invertLower(l, n)).reverse();
  return u.every(Number.isFinite) ? u : null;
}

export function inverseCholesky(h: Float32Array, n: number): Float32Array | null;
export function inverseCholesky(h: Float32Array, n: number, pause: Pause): Promise<Float32Array | null>;
/** h: [n, n] → U [n, n], 0 below the diagonal. */
export function inverseCholesky(
  h: Float32Array,
  n: number,
  pause?: Pause,
): Float32Array | null | Promise<Float32Array | null> {
  checkRows(h.length, n, n);
  return pause === undefined ? finish(steps(h, n)) : finishPausing(steps(h, n), pause);
}
