// Rounding four weights (one of each of four rows) to their grids. A table holds for each group of columns the scales of eight
// rows and then their zero points, all float32.
import { clamp, numberOrZero } from './common';

/** Bytes of a group in a table: 8 scales, 8 zero points. */
export const GROUP: usize = 64;

/** code − zero point of t, as numbers; 0 clamped for NaN and scale 0. */
@inline
export function roundToGrid(t: v128, scale: v128, zero: v128, low: v128, high: v128): v128 {
  const inverse = v128.and(f32x4.div(f32x4.splat(1), scale), f32x4.ne(scale, f32x4.splat(0)));
  const number = numberOrZero(f32x4.mul(t, inverse));
  return f32x4.nearest(clamp(number, f32x4.sub(low, zero), f32x4.sub(high, zero)));
}

/** Eight codes (whole numbers as float32), one a row: byte stores `stride` apart. */
@inline
export function storeCodes(low: v128, high: v128, to: usize, stride: usize): void {
  const words = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(low), i32x4.trunc_sat_f32x4_s(high));
  const bytes = i8x16.narrow_i16x8_s(words, words);
  v128.store8_lane(to, bytes, 0);
  v128.store8_lane(to + stride, bytes, 1);
  v128.store8_lane(to + 2 * stride, bytes, 2);
  v128.store8_lane(to + 3 * stride, bytes, 3);
  v128.store8_lane(to + 4 * stride, bytes, 4);
  v128.store8_lane(to + 5 * stride, bytes, 5);
  v128.store8_lane(to + 6 * stride, bytes, 6);
  v128.store8_lane(to + 7 * stride, bytes, 7);
}
