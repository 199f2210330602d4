// SIMD form of reference.ts, 16 elements a turn. Rows run in order and the last turn of a row may write past it: the next
// row, or the caller's padding, lies there and is written later.
import { ROUNDER, ROUNDER_BITS, clamp, numberOrZero } from '../assembly/common';

@inline
function code4(x: usize, inverse: v128, low: v128, high: v128, zero: v128): v128 {
  const t = clamp(numberOrZero(f32x4.mul(v128.load(x), inverse)), low, high);
  return i32x4.add(f32x4.add(t, f32x4.splat(ROUNDER)), zero);
}

/** inverses: f32 [rows], zeros: i32 [rows]; codes are bytes, unsigned when low is not negative. */
export function quantizeRows(
  x: usize, rows: i32, columns: i32, inverses: usize, zeros: usize, low: i32, high: i32, out: usize,
): void {
  const signed = low < 0;
  for (let r = 0; r < rows; r++) {
    const zero = load<i32>(zeros + (<usize>r << 2));
    const inverse = f32x4.splat(load<f32>(inverses + (<usize>r << 2)));
    const least = f32x4.splat(<f32>(low - zero));
    const most = f32x4.splat(<f32>(high - zero));
    const shift = i32x4.splat(zero - ROUNDER_BITS);
    for (let c = 0; c < columns; c += 16) {
      const from = x + (<usize>c << 2);
      const a = i16x8.narrow_i32x4_s(
        code4(from, inverse, least, most, shift), code4(from + 16, inverse, least, most, shift),
      );
      const b = i16x8.narrow_i32x4_s(
        code4(from + 32, inverse, least, most, shift), code4(from + 48, inverse, least, most, shift),
      );
      v128.store(out + c, signed ? i8x16.narrow_i16x8_s(a, b) : i8x16.narrow_i16x8_u(a, b));
    }
    x += <usize>columns << 2;
    out += columns;
  }
}

@inline
function decode8(words: v128, scale: v128, zero: v128, out: usize): void {
  const a = i32x4.sub(i32x4.extend_low_i16x8_s(words), zero);
  const b = i32x4.sub(i32x4.extend_high_i16x8_s(words), zero);
  v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(a), scale));
  v128.store(out + 16, f32x4.mul(f32x4.convert_i32x4_s(b), scale));
}

export function dequantizeRows(
  codes: usize, rows: i32, columns: i32, scales: usize, zeros: usize, signed: bool, out: usize,
): void {
  for (let r = 0; r < rows; r++) {
    const zero = i32x4.splat(load<i32>(zeros + (<usize>r << 2)));
    const scale = f32x4.splat(load<f32>(scales + (<usize>r << 2)));
    for (let c = 0; c < columns; c += 8) {
      const bytes = v128.load64_zero(codes + c);
      const words = signed ? i16x8.extend_low_i8x16_s(bytes) : i16x8.extend_low_i8x16_u(bytes);
      decode8(words, scale, zero, out + (<usize>c << 2));
    }
    codes += columns;
    out += <usize>columns << 2;
  }
}
