// SIMD form of reference.ts: eight rows of weights as a panel [columns][8]. Rounding a column needs the errors of all columns
// before it, so the panel holds errors up to there and weights from there on, and the updates are tiles.
import { GROUP, roundToGrid, storeCodes } from '../assembly/grid';
import { STEP, packColumns, tileSub } from '../assembly/tile';

/** Steps of a panel that stays in the first-level cache. */
const LONG: i32 = 256;

/** Eight columns of one panel, at x. u: the 8 × 8 of U on its diagonal as a panel. */
function roundTile(
  x: usize,
  u: usize,
  table: usize,
  groupOf: usize,
  least: v128,
  most: v128,
  codes: usize,
  stride: usize,
): void {
  for (let c: usize = 0; c < 8; c++) {
    const at = x + c * STEP;
    let low = v128.load(at);
    let high = v128.load(at, 16);
    for (let k: usize = 0; k < c; k++) {
      const factor = v128.load32_splat(u + k * STEP + (c << 2));
      low = f32x4.sub(low, f32x4.mul(v128.load(x + k * STEP), factor));
      high = f32x4.sub(high, f32x4.mul(v128.load(x + k * STEP, 16), factor));
    }
    const group = table + (<usize>load<u32>(groupOf + (c << 2))) * GROUP;
    const lowScale = v128.load(group);
    const highScale = v128.load(group, 16);
    const lowZero = v128.load(group, 32);
    const highZero = v128.load(group, 48);
    const p = roundToGrid(low, lowScale, lowZero, least, most);
    const q = roundToGrid(high, highScale, highZero, least, most);
    const pivot = v128.load32_splat(u + c * STEP + (c << 2));
    v128.store(at, f32x4.div(f32x4.sub(low, f32x4.mul(p, lowScale)), pivot));
    v128.store(at, f32x4.div(f32x4.sub(high, f32x4.mul(q, highScale)), pivot), 16);
    storeCodes(f32x4.add(p, lowZero), f32x4.add(q, highZero), codes + c, stride);
  }
}

/**
 * Rounds columns from … to − 1 (multiples of 8) of `groups` panels of `size` bytes. u: rows 0 … to − 1 of these columns of U,
 * `stride` bytes a row. Tables of `tableSize` bytes, one a panel. codes: 8 · groups rows of `codeStride` bytes. b: 256 steps.
 */
export function gptqColumns(
  x: usize,
  size: usize,
  groups: i32,
  u: usize,
  stride: usize,
  from: i32,
  to: i32,
  table: usize,
  tableSize: usize,
  groupOf: usize,
  low: i32,
  high: i32,
  codes: usize,
  codeStride: usize,
  b: usize,
): void {
  const least = f32x4.splat(<f32>low);
  const most = f32x4.splat(<f32>high);
  for (let column = from; column < to; column += 8, u += STEP) {
    const at = (<usize>column) * STEP;
    for (let k = 0; k < column; k += LONG) {
      const steps = min(LONG, column - k);
      packColumns(u + (<usize>k) * stride, stride, steps, b);
      for (let g = 0; g < groups; g++) {
        const panel = x + (<usize>g) * size;
        tileSub(b, panel + (<usize>k) * STEP, panel + at, STEP, steps);
      }
    }
    packColumns(u + (<usize>column) * stride, stride, 8, b);
    for (let g: usize = 0; g < (<usize>groups); g++) {
      roundTile(
        x + g * size + at,
        b,
        table + g * tableSize,
        groupOf + ((<usize>column) << 2),
        least,
        most,
        codes + g * 8 * codeStride + column,
        codeStride,
      );
    }
  }
}
