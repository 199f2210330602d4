// SIMD form of reference.ts. Whole groups of four use three rotations; other groups compare each key with all keys of the
// group, four at a time. `a beats b from a lower index` needs ≥ instead of >: keys are integers, so a + 1 > b says it.
import { keyOf } from '../assembly/common';

/** Loading at 3 − d lanes in gives 1 for lanes after lane d, which key d may beat when equal. */
const LATER = memory.data<u32>([0, 0, 0, 0, 1, 1, 1, 1]);

/** Keep-bits of the four elements at x, of which the n largest stay. */
@inline
function groupOfFour(x: usize, n: v128): i32 {
  const key = keyOf(v128.load(x));
  // Lane l meets the key of lane l + 1, l + 2, l + 3 (mod 4); a wrapped lane comes from a lower index and gets + 1.
  const a = i32x4.add(i32x4.shuffle(key, key, 1, 2, 3, 0), i32x4(0, 0, 0, 1));
  const b = i32x4.add(i32x4.shuffle(key, key, 2, 3, 0, 1), i32x4(0, 0, 1, 1));
  const c = i32x4.add(i32x4.shuffle(key, key, 3, 0, 1, 2), i32x4(0, 1, 1, 1));
  // A comparison gives −1, so the sum is minus the number of keys that beat this one.
  const beaten = i32x4.add(i32x4.add(i32x4.gt_s(a, key), i32x4.gt_s(b, key)), i32x4.gt_s(c, key));
  return i32x4.bitmask(i32x4.gt_s(i32x4.add(beaten, n), i32x4.splat(0)));
}

/** Copies the keys of a group to scratch and fills up to a multiple of four with −1, which beats nothing. */
function stageKeys(x: usize, length: i32, scratch: usize): void {
  for (let i = 0; i < length; i += 4) v128.store(scratch + (<usize>i << 2), keyOf(v128.load(x + (<usize>i << 2))));
  for (let i = length; i & 3; i++) store<i32>(scratch + (<usize>i << 2), -1);
}

/** Keep-bits of the four keys from index `first` of the staged group. */
function keepBits(scratch: usize, length: i32, first: i32, n: i32): i32 {
  const own = v128.load(scratch + (<usize>first << 2));
  let beaten = i32x4.splat(0);
  for (let j = 0; j < length; j++) {
    const from = max(0, min(4, 3 - (j - first)));
    const later = v128.load(LATER + (<usize>from << 2));
    const other = i32x4.add(i32x4.splat(load<i32>(scratch + (<usize>j << 2))), later);
    beaten = i32x4.add(beaten, i32x4.gt_s(other, own));
  }
  return i32x4.bitmask(i32x4.gt_s(i32x4.add(beaten, i32x4.splat(n)), i32x4.splat(0)));
}

let bits: u64 = 0;
let used: i32 = 0;

@inline
function emit(keep: i32, count: i32, out: usize): usize {
  bits |= <u64>(keep & ((1 << count) - 1)) << used;
  used += count;
  for (; used >= 8; used -= 8, out++) {
    store<u8>(out, <u8>bits);
    bits >>= 8;
  }
  return out;
}

/** Bits start at bit `firstBit` (0..7) of the first byte at `out`; the bits before it are written as 0. */
export function nmMask(
  x: usize, rows: i32, columns: i32, n: i32, m: i32, firstBit: i32, scratch: usize, out: usize,
): void {
  const limit = i32x4.splat(n);
  bits = 0;
  used = firstBit;
  for (let r = 0; r < rows; r++, x += <usize>columns << 2) {
    for (let start = 0; start < columns; start += m) {
      const group = x + (<usize>start << 2);
      const length = min(m, columns - start);
      if (length == 4) {
        out = emit(groupOfFour(group, limit), 4, out);
        continue;
      }
      stageKeys(group, length, scratch);
      for (let first = 0; first < length; first += 4) {
        out = emit(keepBits(scratch, length, first, n), min(4, length - first), out);
      }
    }
  }
  if (used > 0) store<u8>(out, <u8>bits);
}
