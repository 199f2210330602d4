// SIMD form of reference.ts: bin numbers four at a time, one table of bins + 1 counters a lane (two increments of one
// counter in a row would wait for each other); the last counter takes what is not counted. The caller adds the tables.
import { clamp, select, truncate } from '../assembly/common';

@inline
function count(table: usize, bin: i32): void {
  const at = table + (<usize>bin << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** `least` is the lowest bin a counted value can get: bins − 1 when low = high, else 0. */
export function histogram(
  x: usize, n: i32, low: f32, high: f32, power: f32, base: f32, perUnit: f32, bins: i32, least: i32, tables: usize,
): void {
  const stride = <usize>(bins + 1) << 2;
  const lowest = f32x4.splat(<f32>least);
  const last = f32x4.splat(<f32>(bins - 1));
  for (let i = 0; i < n; i += 4, x += 16) {
    const value = v128.load(x);
    const inside = v128.and(f32x4.ge(value, f32x4.splat(low)), f32x4.le(value, f32x4.splat(high)));
    const offset = f32x4.sub(f32x4.mul(value, f32x4.splat(power)), f32x4.splat(base));
    // Clamped before truncation: bins ≤ 65536 are exact floats, so the order does not matter.
    const place = clamp(v128.and(f32x4.mul(offset, f32x4.splat(perUnit)), inside), lowest, last);
    const bin = select(truncate(place), i32x4.splat(bins), inside);
    count(tables, i32x4.extract_lane(bin, 0));
    if (n - i > 1) count(tables + stride, i32x4.extract_lane(bin, 1));
    if (n - i > 2) count(tables + 2 * stride, i32x4.extract_lane(bin, 2));
    if (n - i > 3) count(tables + 3 * stride, i32x4.extract_lane(bin, 3));
  }
}
