// SIMD form of reference.ts. The matrix [n, n] (n a multiple of 8, filled up with the identity) is worked on in place in blocks
// of columns, then of rows: nearly all of it tiles. `stride` is in bytes.
import { STEP, TILE, packColumns, packRows, tileSub, unpackRows } from '../assembly/tile';

/** x[j] = (x[j] − Σ L[j, k] · x[k]) / L[j, j] within 8 steps; l: the 8 × 8 of L as a panel. */
function solveTile(l: usize, x: usize): void {
  for (let j: usize = 0; j < 8; j++) {
    let low = v128.load(x + j * STEP);
    let high = v128.load(x + j * STEP, 16);
    for (let k: usize = 0; k < j; k++) {
      const factor = v128.load32_splat(l + k * STEP + (j << 2));
      low = f32x4.sub(low, f32x4.mul(factor, v128.load(x + k * STEP)));
      high = f32x4.sub(high, f32x4.mul(factor, v128.load(x + k * STEP, 16)));
    }
    const pivot = v128.load32_splat(l + j * STEP + (j << 2));
    v128.store(x + j * STEP, f32x4.div(low, pivot));
    v128.store(x + j * STEP, f32x4.div(high, pivot), 16);
  }
}

/** L·y = x for eight right-hand sides: x [8 · groups][8] in place; `diagonal`: the rows of L as `groups` panels of `size` bytes. */
function solve(diagonal: usize, size: usize, groups: i32, x: usize): void {
  for (let g = 0; g < groups; g++, diagonal += size) {
    const own = (<usize>g) * TILE;
    tileSub(diagonal, x, x + own, STEP, g << 3);
    solveTile(diagonal + own, x + own);
  }
}

/** Cholesky of an 8 × 8 tile as a panel, in place, 0 above the diagonal; false when a pivot is not positive. */
function factorTile(x: usize): bool {
  for (let j: usize = 0; j < 8; j++) {
    const at = x + j * STEP;
    let low = v128.load(at);
    let high = v128.load(at, 16);
    for (let k: usize = 0; k < j; k++) {
      const factor = v128.load32_splat(x + k * STEP + (j << 2));
      low = f32x4.sub(low, f32x4.mul(factor, v128.load(x + k * STEP)));
      high = f32x4.sub(high, f32x4.mul(factor, v128.load(x + k * STEP, 16)));
    }
    v128.store(at, low);
    v128.store(at, high, 16);
    const s = load<f32>(at + (j << 2));
    if (!(s > 0 && s < Infinity)) return false;
    const root = sqrt<f32>(s);
    v128.store(at, f32x4.div(low, f32x4.splat(root)));
    v128.store(at, f32x4.div(high, f32x4.splat(root)), 16);
    for (let i: usize = 0; i < j; i++) store<f32>(at + (i << 2), 0);
    store<f32>(at + (j << 2), root);
  }
  return true;
}

/**
 * Columns k … k + width − 1 of L, from the diagonal down, in the matrix and as panels of `width` steps, one for each 8 rows.
 * False when a pivot is not positive.
 */
export function factorColumns(a: usize, stride: usize, n: i32, k: i32, width: i32, panels: usize): bool {
  const size = (<usize>width) * STEP;
  const inside = width >> 3;
  const groups = (n - k) >> 3;
  a += (<usize>k) * stride + ((<usize>k) << 2);
  for (let g = 0; g < groups; g++, a += 8 * stride) {
    const x = panels + (<usize>g) * size;
    packRows(a, stride, width, x);
    solve(panels, size, min(g, inside), x);
    if (g < inside) {
      const own = (<usize>g) * TILE;
      tileSub(x, x, x + own, STEP, g << 3);
      if (!factorTile(x + own)) return false;
      const rest = own + TILE;
      memory.fill(x + rest, 0, size - rest);
    }
    unpackRows(x, width, a, stride);
  }
  return true;
}

/**
 * Takes the products of the panels of factorColumns off what is to the right of its columns, on and below the diagonal: panels
 * first … last − 1 (of those behind the diagonal block) as columns.
 */
export function updateColumns(
  a: usize,
  stride: usize,
  n: i32,
  k: i32,
  width: i32,
  panels: usize,
  first: i32,
  last: i32,
): void {
  const size = (<usize>width) * STEP;
  const groups = (n - k - width) >> 3;
  panels += (<usize>(width >> 3)) * size;
  a += (<usize>(k + width)) * (stride + 4);
  for (let j = first; j < last; j++) {
    const b = panels + (<usize>j) * size;
    const to = a + (<usize>j) * STEP;
    for (let i = j; i < groups; i++) {
      tileSub(panels + (<usize>i) * size, b, to + (<usize>i) * 8 * stride, stride, width);
    }
  }
}

/** Steps of a panel that stays in the first-level cache. */
const LONG: i32 = 256;

/** Rows k … k + width − 1 of L as panels: what is left of the diagonal block to `left`, the block to `diagonal`. */
export function packBlock(
  a: usize,
  stride: usize,
  k: i32,
  width: i32,
  left: usize,
  diagonal: usize,
): void {
  a += (<usize>k) * stride;
  for (let g = 0; g < width; g += 8, a += 8 * stride) {
    packRows(a, stride, k, left);
    packRows(a + ((<usize>k) << 2), stride, width, diagonal);
    left += (<usize>k) * STEP;
    diagonal += (<usize>width) * STEP;
  }
}

/**
 * Rows k … k + width − 1 of L⁻¹ over those of L (packed by packBlock before): panels first … last − 1 of its columns. The rows
 * above are done. `y`: width steps, `b`: 256 steps.
 */
export function invertRows(
  a: usize,
  stride: usize,
  k: i32,
  width: i32,
  left: usize,
  diagonal: usize,
  first: i32,
  last: i32,
  y: usize,
  b: usize,
): void {
  const size = (<usize>width) * STEP;
  const groups = width >> 3;
  const leftSize = (<usize>k) * STEP;
  for (let panel = first; panel < last; panel++) {
    const column = panel << 3;
    const at = a + (<usize>panel) * STEP;
    memory.fill(y, 0, size);
    for (let t: usize = 0; column >= k && t < 8; t++) {
      store<f32>(y + (<usize>(column - k) + t) * STEP + (t << 2), 1);
    }
    for (let from = column; from < k; from += LONG) {
      const steps = min(LONG, k - from);
      packColumns(at + (<usize>from) * stride, stride, steps, b);
      for (let g = 0; g < groups; g++) {
        const rows = left + (<usize>g) * leftSize + (<usize>from) * STEP;
        tileSub(rows, b, y + (<usize>g) * TILE, STEP, steps);
      }
    }
    solve(diagonal, size, groups, y);
    for (let i = 0; i < width; i++) {
      const to = at + (<usize>(k + i)) * stride;
      v128.store(to, v128.load(y + (<usize>i) * STEP));
      v128.store(to, v128.load(y + (<usize>i) * STEP, 16), 16);
    }
  }
}
