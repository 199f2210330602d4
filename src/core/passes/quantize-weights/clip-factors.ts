/** Which parts of a range clipping tries. It must not know how they are judged. */
import type { IntegerPrecision } from '../../tensor/encoding.ts';

/** Twenty factors on so many weights take about 20 ms in plain code, less in SIMD. */
export const ELEMENTS_BETWEEN_PAUSES = 2 ** 17;

const factors = (count: number, step: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 1 - i * step);

/** Shares of the full range that clipping tries: 1 … 0.5. */
export const CLIP_FACTORS: Float32Array = Float32Array.from({ length: 20 }, (_, i) => 1 - (0.5 * i) / 19);
/**
 * With few steps the best range is a small part of the full one: that of a normal distribution is 0.29 (3 bits), 0.25
 * (2 bits). The range that codes have on their longer side is among them: 7/8, 3/4, 1/2.
 */
export const WIDE_FACTORS: Readonly<Record<IntegerPrecision, Float32Array>> = {
  int8: CLIP_FACTORS,
  int4: factors(36, 1 / 56),
  int3: factors(39, 1 / 48),
  int2: factors(47, 1 / 50),
};
