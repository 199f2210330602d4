/** Which parts of a range clipping tries. It must not know how they are judged. */
import type { IntegerPrecision } from '../../tensor/encoding.ts';

/** Twenty factors on so many weights take about 20 ms in plain code, less in SIMD. */
export const ELEMENTS_BETWEEN_PAUSES = 2 ** 17;

const factors = (count: number, last: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 1 - ((1 - last) * i) / (count - 1));

/** Shares of the full range that clipping tries. */
export const CLIP_FACTORS: Float32Array = factors(20, 0.5);
/** With few steps the best range is a small part of the full one: that of a normal distribution is 0.29 (3 bits), 0.25 (2 bits). */
export const WIDE_FACTORS: Readonly<Record<IntegerPrecision, Float32Array>> = {
  int8: CLIP_FACTORS,
  int4: factors(32, 0.38),
  int3: factors(40, 0.2),
  int2: factors(48, 0.08),
};
