/**
 * Matrix products for the sample's training, all row-major. It must not know layers.
 * Sums are kept in doubles and stored in the arrays' own precision; the order of additions is fixed, so a training
 * run repeats bit for bit.
 */

/** Training uses Float32Array only; the gradient tests use Float64Array, where finite differences are exact enough. */
export type Floats = Float32Array | Float64Array;

/** Columns of `b` handled together: 4×4 sums fill the 16 registers that a 64-bit machine has. */
const TILE = 4;

/** out[m×n] = a[m×k] · b[k×n]. */
export function multiply(out: Floats, a: Floats, b: Floats, m: number, k: number, n: number): void {
  // A tile's columns lie n apart in `b`; copied side by side they are read from the nearest cache.
  const panel = new Float64Array(k * TILE);
  const full = m - (m % TILE);
  for (let j = 0; j < n; j += TILE) {
    const width = Math.min(TILE, n - j);
    if (width < TILE) panel.fill(0);
    for (let p = 0; p < k; p++) {
      for (let c = 0; c < width; c++) panel[p * TILE + c] = b[p * n + j + c];
    }
    if (width === TILE) {
      for (let i = 0; i < full; i += TILE) tileOf4x4(out, a, panel, i, j, k, n);
    }
    for (let i = width === TILE ? full : 0; i < m; i++) {
      for (let c = 0; c < width; c++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += a[i * k + p] * panel[p * TILE + c];
        out[i * n + j + c] = sum;
      }
    }
  }
}

function tileOf4x4(
  out: Floats,
  a: Floats,
  panel: Float64Array,
  i: number,
  j: number,
  k: number,
  n: number,
): void {
  const a0 = i * k;
  const a1 = a0 + k;
  const a2 = a1 + k;
  const a3 = a2 + k;
  // Two halves of two columns: eight sums and their operands stay in registers.
  for (let half = 0; half < TILE; half += 2) {
    let s00 = 0;
    let s01 = 0;
    let s10 = 0;
    let s11 = 0;
    let s20 = 0;
    let s21 = 0;
    let s30 = 0;
    let s31 = 0;
    for (let p = 0, q = half; p < k; p++, q += TILE) {
      const b0 = panel[q];
      const b1 = panel[q + 1];
      const x0 = a[a0 + p];
      s00 += x0 * b0;
      s01 += x0 * b1;
      const x1 = a[a1 + p];
      s10 += x1 * b0;
      s11 += x1 * b1;
      const x2 = a[a2 + p];
      s20 += x2 * b0;
      s21 += x2 * b1;
      const x3 = a[a3 + p];
      s30 += x3 * b0;
      s31 += x3 * b1;
    }
    const o = i * n + j + half;
    out[o] = s00;
    out[o + 1] = s01;
    out[o + n] = s10;
    out[o + n + 1] = s11;
    out[o + 2 * n] = s20;
    out[o + 2 * n + 1] = s21;
    out[o + 3 * n] = s30;
    out[o + 3 * n + 1] = s31;
  }
}

/** out[m×n] = a[m×k] · b[n×k]ᵀ: every result is a dot product of two rows. */
export function multiplyTransposed(out: Floats, a: Floats, b: Floats, m: number, k: number, n: number): void {
  for (let i = 0; i < m; i += 2) {
    const a0 = i * k;
    const a1 = i + 1 < m ? a0 + k : a0;
    for (let j = 0; j < n; j += 4) {
      const b0 = j * k;
      const b1 = Math.min(j + 1, n - 1) * k;
      const b2 = Math.min(j + 2, n - 1) * k;
      const b3 = Math.min(j + 3, n - 1) * k;
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let p = 0; p < k; p++) {
        const x0 = a[a0 + p];
        const x1 = a[a1 + p];
        const y0 = b[b0 + p];
        s00 += x0 * y0;
        s10 += x1 * y0;
        const y1 = b[b1 + p];
        s01 += x0 * y1;
        s11 += x1 * y1;
        const y2 = b[b2 + p];
        s02 += x0 * y2;
        s12 += x1 * y2;
        const y3 = b[b3 + p];
        s03 += x0 * y3;
        s13 += x1 * y3;
      }
      const rows = i + 1 < m ? 2 : 1;
      const columns = Math.min(4, n - j);
      const sums = [s00, s01, s02, s03, s10, s11, s12, s13];
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++) out[(i + r) * n + j + c] = sums[r * 4 + c];
      }
    }
  }
}

/** out[n×m] = a[m×n]ᵀ. */
export function transpose(out: Floats, a: Floats, m: number, n: number): void {
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = a[i * n + j];
}
