// SIMD form of reference.ts: 32 codes ↔ 16 bytes a turn. The caller puts a 0 after an odd number of codes.

export function packInt4(codes: usize, n: i32, out: usize): void {
  const low = i16x8.splat(0x0f);
  const high = i16x8.splat(0xf0);
  for (let i = 0; i < n; i += 32, codes += 32, out += 16) {
    const a = v128.load(codes);
    const b = v128.load(codes, 16);
    // A pair is one 16-bit lane: even code in the low byte, odd code in the high byte.
    const p = v128.or(v128.and(a, low), v128.and(i16x8.shr_u(a, 4), high));
    const q = v128.or(v128.and(b, low), v128.and(i16x8.shr_u(b, 4), high));
    v128.store(out, i8x16.narrow_i16x8_u(p, q));
  }
}

export function unpackInt4(packed: usize, n: i32, signed: bool, out: usize): void {
  // (nibble ^ 8) − 8 extends the sign; both 0 for unsigned codes.
  const sign = i8x16.splat(signed ? 8 : 0);
  for (let i = 0; i < n; i += 32, packed += 16, out += 32) {
    const bytes = v128.load(packed);
    const even = i8x16.sub(v128.xor(v128.and(bytes, i8x16.splat(15)), sign), sign);
    const odd = i8x16.sub(v128.xor(i8x16.shr_u(bytes, 4), sign), sign);
    v128.store(out, i8x16.shuffle(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    v128.store(
      out,
      i8x16.shuffle(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31),
      16,
    );
  }
}
