// Helpers of the AssemblyScript kernels: lane masks, and the operations relaxed SIMD makes cheaper without changing a bit.
// Memory belongs to the caller (wasm-backend.ts): a kernel gets pointers and may read and write up to 64 bytes past the
// end of its arrays, which the caller pads.

export const MAGNITUDE: i32 = 0x7fffffff;
export const INFINITY_BITS: i32 = 0x7f800000;

/** Four ones, then four zeros: loading at 4 − n lanes in gives a mask of the first n lanes. */
const LANES = memory.data<u32>([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 0, 0]);

/** All bits in the first `count` (0..4) 32-bit lanes. */
@inline
export function firstLanes(count: i32): v128 {
  return v128.load(LANES + (<usize>(4 - count) << 2));
}

/** a where the lane of m is all ones, b where it is all zeros. Other masks are not allowed. */
@inline
export function select(a: v128, b: v128, m: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_laneselect(a, b, m);
  return v128.bitselect(a, b, m);
}

/** Clamp of numbers (no NaN) whose sign of zero does not matter. */
@inline
export function clamp(x: v128, low: v128, high: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_min(f32x4.relaxed_max(x, low), high);
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

/** Truncation of numbers within int32; lanes outside give anything. */
@inline
export function truncate(x: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_trunc_f32x4_s(x);
  return i32x4.trunc_sat_f32x4_s(x);
}

/** Bytes of `a` by index; indices are below 16. */
@inline
export function pick(a: v128, indices: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(a, indices);
  return i8x16.swizzle(a, indices);
}

/** x, with +0 for NaN. */
@inline
export function numberOrZero(x: v128): v128 {
  return v128.and(x, f32x4.eq(x, x));
}

/** 1.5 · 2^23: adding it to |t| < 2^22 leaves roundTiesToEven(t) in the low bits of the sum. */
export const ROUNDER: f32 = 12582912.0;
export const ROUNDER_BITS: i32 = 0x4b400000;

/** Bits of |x|, NaN as those of +Infinity. */
@inline
export function keyOf(x: v128): v128 {
  return i32x4.min_s(v128.and(x, i32x4.splat(MAGNITUDE)), i32x4.splat(INFINITY_BITS));
}
