// Matrix products in tiles of 8 × 8, the work of all matrix kernels. A panel is [k][8]: eight columns (or rows) of a matrix, one
// step of the sum after the other, so that a tile reads two panels from first to last. Every element of a tile takes its terms
// in the order of k, product and sum rounded on their own: the bits do not depend on how a kernel cuts the sum.

/** Bytes of one step of a panel. */
export const STEP: usize = 32;
/** Bytes of an 8 × 8 tile that is stored as a panel. */
export const TILE: usize = 256;

@inline
function term(sub: bool, sum: v128, a: v128, b: v128): v128 {
  return sub ? f32x4.sub(sum, f32x4.mul(a, b)) : f32x4.add(sum, f32x4.mul(a, b));
}

/** Four rows of a tile: c[i][j] ±= Σ a[k][i] · b[k][j], i < 4, j < 8. */
@inline
function half(sub: bool, a: usize, b: usize, c: usize, stride: usize, steps: i32): void {
  const c1 = c + stride;
  const c2 = c1 + stride;
  const c3 = c2 + stride;
  let x0 = v128.load(c);
  let y0 = v128.load(c, 16);
  let x1 = v128.load(c1);
  let y1 = v128.load(c1, 16);
  let x2 = v128.load(c2);
  let y2 = v128.load(c2, 16);
  let x3 = v128.load(c3);
  let y3 = v128.load(c3, 16);
  for (const end = b + (<usize>steps) * STEP; b < end; b += STEP, a += STEP) {
    const x = v128.load(b);
    const y = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    x0 = term(sub, x0, a0, x);
    y0 = term(sub, y0, a0, y);
    const a1 = v128.load32_splat(a, 4);
    x1 = term(sub, x1, a1, x);
    y1 = term(sub, y1, a1, y);
    const a2 = v128.load32_splat(a, 8);
    x2 = term(sub, x2, a2, x);
    y2 = term(sub, y2, a2, y);
    const a3 = v128.load32_splat(a, 12);
    x3 = term(sub, x3, a3, x);
    y3 = term(sub, y3, a3, y);
  }
  v128.store(c, x0);
  v128.store(c, y0, 16);
  v128.store(c1, x1);
  v128.store(c1, y1, 16);
  v128.store(c2, x2);
  v128.store(c2, y2, 16);
  v128.store(c3, x3);
  v128.store(c3, y3, 16);
}

/** c[i][j] += Σ a[k][i] · b[k][j]; a, b panels of `steps`, c 8 × 8 with `stride` bytes between its rows. */
export function tileAdd(a: usize, b: usize, c: usize, stride: usize, steps: i32): void {
  half(false, a, b, c, stride, steps);
  half(false, a + 16, b, c + 4 * stride, stride, steps);
}

/** c[i][j] −= Σ a[k][i] · b[k][j]. */
export function tileSub(a: usize, b: usize, c: usize, stride: usize, steps: i32): void {
  half(true, a, b, c, stride, steps);
  half(true, a + 16, b, c + 4 * stride, stride, steps);
}

/** Eight columns of a row-major matrix as a panel: one step a row. `stride` in bytes. */
export function packColumns(from: usize, stride: usize, steps: i32, panel: usize): void {
  for (const end = panel + (<usize>steps) * STEP; panel < end; panel += STEP, from += stride) {
    v128.store(panel, v128.load(from));
    v128.store(panel, v128.load(from, 16), 16);
  }
}

/** A 4 × 4 block turned over, to steps STEP apart. */
@inline
function turn(from: usize, stride: usize, to: usize, toStride: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + stride);
  const r2 = v128.load(from + 2 * stride);
  const r3 = v128.load(from + 3 * stride);
  const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
  const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
  v128.store(to + toStride, i64x2.shuffle(low01, low23, 1, 3));
  v128.store(to + 2 * toStride, i64x2.shuffle(high01, high23, 0, 2));
  v128.store(to + 3 * toStride, i64x2.shuffle(high01, high23, 1, 3));
}

/** Eight rows of a row-major matrix as a panel: one step a column; `steps` a multiple of 4. */
export function packRows(from: usize, stride: usize, steps: i32, panel: usize): void {
  for (let k = 0; k < steps; k += 4, from += 16, panel += 4 * STEP) {
    turn(from, stride, panel, STEP);
    turn(from + 4 * stride, stride, panel + 16, STEP);
  }
}

/** The reverse of packRows. */
export function unpackRows(panel: usize, steps: i32, to: usize, stride: usize): void {
  for (let k = 0; k < steps; k += 4, to += 16, panel += 4 * STEP) {
    turn(panel, STEP, to, stride);
    turn(panel + 16, STEP, to + 4 * stride, stride);
  }
}
