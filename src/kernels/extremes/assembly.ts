// SIMD form of reference.ts. Floats are compared as integers: bits of |x| for absmax; for minmax a key that orders all
// floats, −0 before +0. minmaxRows leaves +Infinity, −Infinity for a row without a number: the caller joins parts first.
import { INFINITY_BITS, MAGNITUDE, firstLanes, select } from '../assembly/common';

@inline
function magnitudeOrZero(x: v128): v128 {
  const m = v128.and(x, i32x4.splat(MAGNITUDE));
  return v128.andnot(m, i32x4.gt_s(m, i32x4.splat(INFINITY_BITS)));
}

@inline
function largest(v: v128): i32 {
  const a = max(i32x4.extract_lane(v, 0), i32x4.extract_lane(v, 1));
  return max(a, max(i32x4.extract_lane(v, 2), i32x4.extract_lane(v, 3)));
}

@inline
function smallest(v: v128): i32 {
  const a = min(i32x4.extract_lane(v, 0), i32x4.extract_lane(v, 1));
  return min(a, min(i32x4.extract_lane(v, 2), i32x4.extract_lane(v, 3)));
}

export function absmaxRows(x: usize, rows: i32, columns: i32, out: usize): void {
  for (let r = 0; r < rows; r++) {
    let a = i32x4.splat(0);
    let b = a;
    let left = columns;
    for (; left >= 8; left -= 8, x += 32) {
      a = i32x4.max_s(a, magnitudeOrZero(v128.load(x)));
      b = i32x4.max_s(b, magnitudeOrZero(v128.load(x, 16)));
    }
    for (; left > 0; left -= 4, x += 16) {
      a = i32x4.max_s(a, magnitudeOrZero(v128.and(v128.load(x), firstLanes(min(left, 4)))));
    }
    x += <isize>left << 2; // left is 0 or negative: step back over lanes of the next row
    store<i32>(out + (<usize>r << 2), largest(i32x4.max_s(a, b)));
  }
}

const KEY_OF_MINUS_INFINITY: i32 = <i32>0x807fffff;

@inline
function orderKey(x: v128): v128 {
  return v128.xor(x, v128.and(i32x4.shr_s(x, 31), i32x4.splat(MAGNITUDE)));
}

export function minmaxRows(x: usize, rows: i32, columns: i32, outMin: usize, outMax: usize): void {
  const infinity = i32x4.splat(INFINITY_BITS);
  const minusInfinity = i32x4.splat(KEY_OF_MINUS_INFINITY);
  for (let r = 0; r < rows; r++) {
    let least = infinity;
    let most = minusInfinity;
    let left = columns;
    for (; left > 0; left -= 4, x += 16) {
      const value = v128.load(x);
      const key = orderKey(value);
      let absent = i32x4.gt_s(v128.and(value, i32x4.splat(MAGNITUDE)), infinity);
      if (left < 4) absent = v128.or(absent, v128.not(firstLanes(left)));
      least = i32x4.min_s(least, select(infinity, key, absent));
      most = i32x4.max_s(most, select(minusInfinity, key, absent));
    }
    x += <isize>left << 2;
    const low = smallest(least);
    const high = largest(most);
    store<i32>(outMin + (<usize>r << 2), low ^ ((low >> 31) & MAGNITUDE));
    store<i32>(outMax + (<usize>r << 2), high ^ ((high >> 31) & MAGNITUDE));
  }
}
