// SIMD form of reference.ts: 16 flags, 8 floats or 8 codes a turn.
import { pick } from '../assembly/common';

export function packMask(flags: usize, n: i32, out: usize): void {
  const zero = i8x16.splat(0);
  for (let i = 0; i < n; i += 16, flags += 16, out += 2) {
    let bits = i8x16.bitmask(i8x16.ne(v128.load(flags), zero));
    if (n - i < 16) bits &= (1 << (n - i)) - 1;
    store<u16>(out, <u16>bits);
  }
}

export function applyMask(x: usize, n: i32, mask: usize, out: usize): void {
  const low = i32x4(1, 2, 4, 8);
  const high = i32x4(16, 32, 64, 128);
  for (let i = 0; i < n; i += 8, x += 32, out += 32, mask++) {
    const bits = i32x4.splat(<i32>load<u8>(mask));
    v128.store(out, v128.and(v128.load(x), i32x4.eq(v128.and(bits, low), low)));
    v128.store(out, v128.and(v128.load(x, 16), i32x4.eq(v128.and(bits, high), high)), 16);
  }
}

/** For each mask byte the indices of its set bits, then zeros: eight bytes each. */
const INDICES = memory.data(256 * 8, 16);

/** Fills the table of `compress`; called once. */
export function initCompress(): void {
  for (let byte = 0; byte < 256; byte++) {
    let at = INDICES + ((<usize>byte) << 3);
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) store<u8>(at++, <u8>bit);
  }
}

/** Returns the number of codes written; up to 8 bytes after them are overwritten. */
export function compress(codes: usize, n: i32, mask: usize, out: usize): i32 {
  const start = out;
  for (let i = 0; i < n; i += 8, codes += 8, mask++) {
    let byte = <i32>load<u8>(mask);
    if (n - i < 8) byte &= (1 << (n - i)) - 1;
    const picked = pick(v128.load64_zero(codes), v128.load64_zero(INDICES + ((<usize>byte) << 3)));
    v128.store64_lane(out, picked, 0);
    out += popcnt(byte);
  }
  return <i32>(out - start);
}
