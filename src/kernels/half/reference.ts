/**
 * Specification of toHalf and fromHalf: float32 ↔ IEEE 754 binary16 bit patterns.
 *
 * toHalf rounds to nearest, ties to even, subnormals included.
 * - A finite value that rounds beyond 65504 becomes ±65504 and counts as overflowed.
 * - A non-zero value that rounds to zero counts as flushed; the sign of the zero stays.
 * - ±Infinity stay. NaN becomes the quiet NaN 0x7e00 with its sign.
 *
 * fromHalf is exact; NaN keeps its sign and payload.
 */
import type { HalfConversion } from '../../core/tensor/kernel-set.ts';

const INFINITY_BITS = 0x7f800000;
/** Bits of 2^−14, the least normal binary16 value. */
const LEAST_NORMAL_BITS = 0x38800000;
const LARGEST_HALF = 0x7bff;

/** x: [n] → bit patterns [n] and counts. */
export function toHalf(x: Float32Array): HalfConversion {
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  const codes = new Uint16Array(x.length);
  let overflowed = 0;
  let flushed = 0;
  for (let i = 0; i < bits.length; i++) {
    const sign = (bits[i] >>> 16) & 0x8000;
    const magnitude = bits[i] & 0x7fffffff;
    let half = magnitudeToHalf(magnitude);
    if (half > LARGEST_HALF && magnitude < INFINITY_BITS) {
      half = LARGEST_HALF;
      overflowed++;
    }
    if (half === 0 && magnitude !== 0) flushed++;
    codes[i] = sign | half;
  }
  return { codes, overflowed, flushed };
}

function magnitudeToHalf(magnitude: number): number {
  if (magnitude > INFINITY_BITS) return 0x7e00;
  if (magnitude === INFINITY_BITS) return 0x7c00;
  if (magnitude < LEAST_NORMAL_BITS) return subnormalToHalf(magnitude);
  // Exponent bias 127 → 15, then drop 13 bits of the significand, ties to even. A carry runs into the exponent rightly.
  const rebiased = magnitude - (112 << 23);
  return (rebiased + 0xfff + ((rebiased >> 13) & 1)) >> 13;
}

/** Whole units of 2^−24, ties to even. */
function subnormalToHalf(magnitude: number): number {
  const exponent = magnitude >> 23;
  const significand = (magnitude & 0x7fffff) | (exponent === 0 ? 0 : 0x800000);
  const shift = 126 - Math.max(exponent, 1); // significand · 2^(exponent − 150) = units · 2^−24
  if (shift > 24) return 0; // below half a unit
  const units = Math.floor(significand / 2 ** shift);
  const rest = significand - units * 2 ** shift;
  const middle = 2 ** (shift - 1);
  return rest > middle || (rest === middle && (units & 1) === 1) ? units + 1 : units;
}

/** codes: [n] → float32 [n]. */
export function fromHalf(codes: Uint16Array): Float32Array {
  const out = new Float32Array(codes.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < codes.length; i++) {
    const sign = (codes[i] & 0x8000) << 16;
    const exponent = (codes[i] >> 10) & 31;
    const significand = codes[i] & 0x3ff;
    if (exponent === 0) out[i] = significand * 2 ** -24;
    else if (exponent === 31) bits[i] = INFINITY_BITS | (significand << 13);
    else bits[i] = ((exponent + 112) << 23) | (significand << 13);
    bits[i] |= sign;
  }
  return out;
}
