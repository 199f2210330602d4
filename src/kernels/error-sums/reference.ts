/**
 * Specification of errorSums: how far y is from x. SQNR in dB is 10·log10(signal / noise).
 *
 * Everything in float64 (each float32 element is exact in it): d = x − y,
 *   signal = (S0 + S1) + (S2 + S3), S_j the sum of x² over elements ≡ j mod 4, in order; noise the same of d².
 *   maxError = largest |d|; NaN ignored, 0 when there is none.
 * A NaN element makes signal and noise NaN, as does Infinity − Infinity the noise.
 */
import type { ErrorSums } from '../../core/tensor/kernel-set.ts';

/** @throws RangeError when the lengths differ. */
export function checkSameLength(x: Float32Array, y: Float32Array): void {
  if (x.length !== y.length)
    throw new RangeError(`two arrays of one length expected, got ${x.length} and ${y.length}`);
}

/** Σ of four lanes in the order every backend uses. */
export function sumLanes(lanes: Float64Array): number {
  return lanes[0] + lanes[1] + (lanes[2] + lanes[3]);
}

/** x, y: [n]. */
export function errorSums(x: Float32Array, y: Float32Array): ErrorSums {
  checkSameLength(x, y);
  const signal = new Float64Array(4);
  const noise = new Float64Array(4);
  let maxError = 0;
  for (let i = 0; i < x.length; i++) {
    const d = x[i] - y[i];
    signal[i % 4] += x[i] * x[i];
    noise[i % 4] += d * d;
    if (Math.abs(d) > maxError) maxError = Math.abs(d); // false for NaN
  }
  return { signal: sumLanes(signal), noise: sumLanes(noise), maxError };
}
