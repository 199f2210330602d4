// SIMD form of reference.ts. A row longer than the working memory comes in segments (multiples of 4 columns), whose four
// float64 sums per factor stay in memory between them.
import { INFINITY_BITS, MAGNITUDE, ROUNDER, clamp, firstLanes, numberOrZero } from '../assembly/common';

/** Writes 0 over NaN, ±Infinity and the lanes after the end of x [n]; returns the largest magnitude. */
export function finiteAbsmax(x: usize, n: i32): f32 {
  let most = i32x4.splat(0);
  for (let left = n; left > 0; left -= 4, x += 16) {
    const value = v128.load(x);
    const magnitude = v128.and(value, i32x4.splat(MAGNITUDE));
    let keep = i32x4.lt_s(magnitude, i32x4.splat(INFINITY_BITS));
    if (left < 4) keep = v128.and(keep, firstLanes(left));
    most = i32x4.max_s(most, v128.and(magnitude, keep));
    v128.store(x, v128.and(value, keep));
  }
  const a = max(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1));
  const b = max(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3));
  return reinterpret<f32>(max(a, b));
}

/** Adds the squared errors of x [n], cleaned by finiteAbsmax, to the four float64 sums at `sums`. */
export function mseSegment(x: usize, n: i32, scale: f32, low: f32, high: f32, sums: usize): void {
  const inverse = f32x4.splat(scale == 0 ? 0 : <f32>1 / scale);
  const step = f32x4.splat(scale);
  const least = f32x4.splat(low);
  const most = f32x4.splat(high);
  const rounder = f32x4.splat(ROUNDER);
  let a = v128.load(sums);
  let b = v128.load(sums, 16);
  for (const end = x + ((<usize>n) << 2); x < end; x += 16) {
    const value = v128.load(x);
    const t = clamp(numberOrZero(f32x4.mul(value, inverse)), least, most);
    const q = f32x4.sub(f32x4.add(t, rounder), rounder);
    const e = f32x4.sub(value, f32x4.mul(q, step));
    const e01 = f64x2.promote_low_f32x4(e);
    const e23 = f64x2.promote_low_f32x4(i32x4.shuffle(e, e, 2, 3, 2, 3));
    a = f64x2.add(a, f64x2.mul(e01, e01));
    b = f64x2.add(b, f64x2.mul(e23, e23));
  }
  v128.store(sums, a);
  v128.store(sums, b, 16);
}

/**
 * Whole rows of x [rows, columns]; `scratch` holds one row and 64 bytes more, `sums` four float64.
 * Scales of candidates: fround(fround(f · absmax) / high).
 */
export function mseRows(
  x: usize,
  rows: i32,
  columns: i32,
  low: i32,
  high: i32,
  factors: usize,
  count: i32,
  scratch: usize,
  sums: usize,
  out: usize,
): void {
  const bytes = (<usize>columns) << 2;
  for (let r = 0; r < rows; r++, x += bytes) {
    memory.copy(scratch, x, bytes);
    const absmax = finiteAbsmax(scratch, columns);
    let best: f32 = absmax == 0 ? 0 : (load<f32>(factors) * absmax) / <f32>high;
    let least: f64 = Infinity;
    for (let f = 0; f < count && absmax != 0; f++) {
      const scale = (load<f32>(factors + ((<usize>f) << 2)) * absmax) / <f32>high;
      v128.store(sums, f64x2.splat(0));
      v128.store(sums, f64x2.splat(0), 16);
      mseSegment(scratch, columns, scale, <f32>low, <f32>high, sums);
      const error = load<f64>(sums) + load<f64>(sums, 8) + (load<f64>(sums, 16) + load<f64>(sums, 24));
      if (error < least) {
        least = error;
        best = scale;
      }
    }
    store<f32>(out + ((<usize>r) << 2), best);
  }
}
