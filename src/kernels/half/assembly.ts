// SIMD form of reference.ts, eight elements a turn, on bit patterns.
import { INFINITY_BITS, MAGNITUDE, firstLanes, select } from '../assembly/common';

const REBIAS: i32 = 112 << 23;
const LEAST_NORMAL_BITS: i32 = 0x38800000;
const LARGEST_HALF: i32 = 0x7bff;

/** Half magnitudes of finite and infinite |x| before clamping; NaN gives anything. */
// @ts-ignore: decorator
@inline
function roundedHalf(magnitude: v128): v128 {
  const rebiased = i32x4.sub(magnitude, i32x4.splat(REBIAS));
  const odd = v128.and(i32x4.shr_u(rebiased, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(rebiased, i32x4.splat(0xfff)), odd), 13);
  // One unit in the last place of 0.5 is 2^−24, the unit of subnormal halves: the addition rounds for us.
  const half = f32x4.splat(0.5);
  const subnormal = i32x4.sub(f32x4.add(magnitude, half), half);
  return select(subnormal, normal, i32x4.lt_s(magnitude, i32x4.splat(LEAST_NORMAL_BITS)));
}

let overflowed = i32x4.splat(0);
let flushed = i32x4.splat(0);

// @ts-ignore: decorator
@inline
function half4(x: v128): v128 {
  const infinity = i32x4.splat(INFINITY_BITS);
  const magnitude = v128.and(x, i32x4.splat(MAGNITUDE));
  let half = roundedHalf(magnitude);
  const finite = i32x4.lt_s(magnitude, infinity);
  const over = v128.and(finite, i32x4.gt_s(half, i32x4.splat(LARGEST_HALF)));
  const zero = i32x4.splat(0);
  const under = v128.andnot(i32x4.eq(half, zero), i32x4.eq(magnitude, zero));
  overflowed = i32x4.sub(overflowed, over);
  flushed = i32x4.sub(flushed, under);
  half = select(i32x4.splat(LARGEST_HALF), half, over);
  half = select(i32x4.splat(0x7c00), half, i32x4.eq(magnitude, infinity));
  half = select(i32x4.splat(0x7e00), half, i32x4.gt_s(magnitude, infinity));
  return v128.or(half, v128.and(i32x4.shr_u(x, 16), i32x4.splat(0x8000)));
}

// @ts-ignore: decorator
@inline
function sum(v: v128): u32 {
  return (
    i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3)
  );
}

/** x [n] → out u16 [n]; u32 counts overflowed, flushed at `counts`. */
export function toHalf(x: usize, n: i32, out: usize, counts: usize): void {
  overflowed = i32x4.splat(0);
  flushed = i32x4.splat(0);
  let left = n;
  for (; left >= 8; left -= 8, x += 32, out += 16) {
    v128.store(out, i16x8.narrow_i32x4_u(half4(v128.load(x)), half4(v128.load(x, 16))));
  }
  if (left > 0) {
    // Lanes after the end are read as +0, which neither overflows nor is flushed.
    const a = v128.and(v128.load(x), firstLanes(min(left, 4)));
    const b = v128.and(v128.load(x, 16), firstLanes(max(left - 4, 0)));
    v128.store(out, i16x8.narrow_i32x4_u(half4(a), half4(b)));
  }
  store<u32>(counts, sum(overflowed));
  store<u32>(counts, sum(flushed), 4);
}

// @ts-ignore: decorator
@inline
function float4(half: v128): v128 {
  const sign = i32x4.shl(v128.and(half, i32x4.splat(0x8000)), 16);
  const magnitude = v128.and(half, i32x4.splat(0x7fff));
  const exponent = v128.and(half, i32x4.splat(0x7c00));
  const rebias = i32x4.splat(REBIAS);
  const normal = i32x4.add(i32x4.shl(magnitude, 13), rebias);
  // Exponent 31 → 143; rebias once more gives 255.
  const special = i32x4.add(normal, rebias);
  const subnormal = f32x4.mul(f32x4.convert_i32x4_s(magnitude), f32x4.splat(<f32>(1.0 / 16777216.0)));
  let value = select(special, normal, i32x4.eq(exponent, i32x4.splat(0x7c00)));
  value = select(subnormal, value, i32x4.eq(exponent, i32x4.splat(0)));
  return v128.or(value, sign);
}

export function fromHalf(codes: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i += 8, codes += 16, out += 32) {
    const halves = v128.load(codes);
    v128.store(out, float4(i32x4.extend_low_i16x8_u(halves)));
    v128.store(out, float4(i32x4.extend_high_i16x8_u(halves)), 16);
  }
}
