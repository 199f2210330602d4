/** Scales as binary16: rounding up, and the binade of a number. It must not know encodings. Source: IEEE 754-2019. */

const scratch = new DataView(new ArrayBuffer(4));

/** Bit pattern of the smallest binary16 that is not below `value`; `value` within 0..65504. */
export function halfAtLeast(value: number): number {
  if (value === 0) return 0;
  // Below the normal range the step is 2^-24, so subnormals and the first binade count up without a gap.
  const exponent = Math.max(-14, floorLog2(value));
  const steps = Math.ceil(value / 2 ** (exponent - 10));
  // A carry to 2048 steps runs into the exponent field, which is exactly the next binade.
  return exponent === -14 ? steps : (exponent + 14) * 1024 + steps;
}

/** ⌊log2 x⌋ of a positive number, from the exponent bits of its float32. */
export function floorLog2(x: number): number {
  scratch.setFloat32(0, x);
  const bits = scratch.getUint32(0);
  const exponent = (bits >>> 23) & 255;
  return exponent === 0 ? 31 - Math.clz32(bits) - 149 : exponent - 127;
}
