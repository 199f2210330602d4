// SIMD form of reference.ts, eight elements a turn, on bit patterns.
import { INFINITY_BITS, MAGNITUDE, firstLanes, select } from '../assembly/common';

const REBIAS: i32 = 112 << 23;
const LEAST_NORMAL_BITS: i32 = 0x38800000;
const LARGEST_HALF: i32 = 0x7bff;

/** Half magnitudes of finite and infinite |x| before clamping; NaN gives anything. */
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

/** All ones where a finite value rounded beyond the largest half. */
@inline
function isOver(magnitude: v128, half: v128): v128 {
  const finite = i32x4.lt_s(magnitude, i32x4.splat(INFINITY_BITS));
  return v128.and(finite, i32x4.gt_s(half, i32x4.splat(LARGEST_HALF)));
}

/** All ones where a value other than 0 became 0. */
@inline
function isFlushed(magnitude: v128, half: v128): v128 {
  const zero = i32x4.splat(0);
  return v128.andnot(i32x4.eq(half, zero), i32x4.eq(magnitude, zero));
}

/** Clamped, with infinity, NaN and sign. */
@inline
function finished(x: v128, magnitude: v128, rounded: v128, over: v128): v128 {
  const infinity = i32x4.splat(INFINITY_BITS);
  let half = select(i32x4.splat(LARGEST_HALF), rounded, over);
  half = select(i32x4.splat(0x7c00), half, i32x4.eq(magnitude, infinity));
  half = select(i32x4.splat(0x7e00), half, i32x4.gt_s(magnitude, infinity));
  return v128.or(half, v128.and(i32x4.shr_u(x, 16), i32x4.splat(0x8000)));
}

@inline
function sum(v: v128): u32 {
  return (
    i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3)
  );
}

/** x [n] → out u16 [n]; u32 counts overflowed, flushed at `counts`. Writes +0 over the lanes after the end of x. */
export function toHalf(x: usize, n: i32, out: usize, counts: usize): void {
  let overflowed = i32x4.splat(0);
  let flushed = i32x4.splat(0);
  // +0 neither overflows nor is flushed.
  const tail = n & 7;
  const end = x + (<usize>(n - tail) << 2);
  if (tail > 0) {
    v128.store(end, v128.and(v128.load(end), firstLanes(min(tail, 4))));
    v128.store(end, v128.and(v128.load(end, 16), firstLanes(max(tail - 4, 0))), 16);
  }
  for (let i = 0; i < n; i += 8, x += 32, out += 16) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    const sizeA = v128.and(a, i32x4.splat(MAGNITUDE));
    const sizeB = v128.and(b, i32x4.splat(MAGNITUDE));
    const halfA = roundedHalf(sizeA);
    const halfB = roundedHalf(sizeB);
    const overA = isOver(sizeA, halfA);
    const overB = isOver(sizeB, halfB);
    overflowed = i32x4.sub(overflowed, i32x4.add(overA, overB)); // all ones is −1
    flushed = i32x4.sub(flushed, i32x4.add(isFlushed(sizeA, halfA), isFlushed(sizeB, halfB)));
    v128.store(
      out,
      i16x8.narrow_i32x4_u(finished(a, sizeA, halfA, overA), finished(b, sizeB, halfB, overB)),
    );
  }
  store<u32>(counts, sum(overflowed));
  store<u32>(counts, sum(flushed), 4);
}

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
