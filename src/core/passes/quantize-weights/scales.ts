/** Scales as they are stored. It must not know how they are found. */
import { halfToFloat } from '../../tensor/float16.ts';
import { floorLog2, halfAtLeast } from '../../tensor/half.ts';

/** Half numbers are normal from 2^-14; the largest scale is moved to [2^14, 2^15), so 28 binades below it lose nothing. */
const HALF_TOP_EXPONENT = 14;

/** Halves are rounded up in size, relative to a power of two, so that no weight falls out of its range. */
export function roundScales(
  scales: Float32Array,
  type: 'float32' | 'float16',
): { scales: Float32Array; scaleExponent: number } {
  if (type === 'float32') return { scales, scaleExponent: 0 };
  let largest = 0;
  for (const scale of scales) largest = Math.max(largest, Math.abs(scale));
  if (largest === 0) return { scales, scaleExponent: 0 };
  const scaleExponent = Math.max(-126, floorLog2(largest) - HALF_TOP_EXPONENT);
  const unit = 2 ** scaleExponent;
  const rounded = (scale: number): number =>
    Math.sign(scale) * halfToFloat(halfAtLeast(Math.abs(scale) / unit)) * unit;
  return { scales: scales.map(rounded), scaleExponent };
}
