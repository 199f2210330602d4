// Radix selection over the keys of reference.ts: 31-bit keys, 11 + 10 + 10 bits. Each pass counts one digit of the keys that
// share the digits found so far; the caller walks the counts. No sorting, no copy of the data.
import { keyOf } from '../assembly/common';

@inline
function count(table: usize, digit: i32): void {
  const at = table + (<usize>digit << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Counts the top digit (bits 30..20) of x [n] into four tables of 2048, one a lane. */
export function countKeys(x: usize, n: i32, tables: usize): void {
  for (let i = 0; i < n; i += 4, x += 16) {
    const digits = i32x4.shr_u(keyOf(v128.load(x)), 20);
    count(tables, i32x4.extract_lane(digits, 0));
    if (n - i > 1) count(tables + 8192, i32x4.extract_lane(digits, 1));
    if (n - i > 2) count(tables + 16384, i32x4.extract_lane(digits, 2));
    if (n - i > 3) count(tables + 24576, i32x4.extract_lane(digits, 3));
  }
}

/** Counts the ten bits above `shift` of those keys whose bits above them equal `prefix`, into one table of 1024. */
export function countKeysWithPrefix(x: usize, n: i32, prefix: i32, shift: i32, table: usize): void {
  const wanted = i32x4.splat(prefix);
  for (let i = 0; i < n; i += 4, x += 16) {
    const keys = keyOf(v128.load(x));
    let hits = i32x4.bitmask(i32x4.eq(i32x4.shr_u(keys, shift + 10), wanted));
    if (n - i < 4) hits &= (1 << (n - i)) - 1;
    if (hits == 0) continue;
    const digits = v128.and(i32x4.shr_u(keys, shift), i32x4.splat(1023));
    if (hits & 1) count(table, i32x4.extract_lane(digits, 0));
    if (hits & 2) count(table, i32x4.extract_lane(digits, 1));
    if (hits & 4) count(table, i32x4.extract_lane(digits, 2));
    if (hits & 8) count(table, i32x4.extract_lane(digits, 3));
  }
}

/** Mask of keys above `threshold` and of the first `ties` keys equal to it. Returns the ties left. */
export function thresholdMask(x: usize, n: i32, threshold: i32, ties: i32, out: usize): i32 {
  const limit = i32x4.splat(threshold);
  for (let i = 0; i < n; i += 8, x += 32, out += 1) {
    const a = keyOf(v128.load(x));
    const b = keyOf(v128.load(x, 16));
    let bits = i32x4.bitmask(i32x4.gt_s(a, limit)) | (i32x4.bitmask(i32x4.gt_s(b, limit)) << 4);
    let equal = i32x4.bitmask(i32x4.eq(a, limit)) | (i32x4.bitmask(i32x4.eq(b, limit)) << 4);
    if (n - i < 8) {
      bits &= (1 << (n - i)) - 1;
      equal &= (1 << (n - i)) - 1;
    }
    for (; equal != 0 && ties > 0; equal &= equal - 1, ties--) bits |= equal & -equal;
    store<u8>(out, <u8>bits);
  }
  return ties;
}
