/**
 * 16-bit floats as numbers: IEEE 754 binary16 and bfloat16. Plain conversion for reading tensors; the passes that make
 * half-precision weights use the kernels, which count overflow. It must not know tensors.
 */

let halfTable: Float32Array | undefined;

/** binary16 bits → value; exact. */
export function halfToFloat(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(bits / 1024) % 32;
  const fraction = bits % 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** All of `codes`; a table of every value makes it one load each. */
export function halvesToFloats(codes: Uint16Array): Float32Array<ArrayBuffer> {
  halfTable ??= Float32Array.from({ length: 65536 }, (_, bits) => halfToFloat(bits));
  const out = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = halfTable[codes[i]];
  return out;
}

/** Value → binary16 bits, round to nearest even, overflow to infinity as IEEE 754 says. */
export function floatToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const x = Math.abs(value);
  if (Number.isNaN(x)) return 0x7e00;
  // 65520 lies half way between the largest half (65504) and the next power: it and more round to infinity.
  if (x >= 65520) return sign + 0x7c00;
  if (x < 2 ** -14) return sign + roundTiesToEven(x * 2 ** 24);
  const exponent = Math.floor(Math.log2(x));
  const e = 2 ** exponent > x ? exponent - 1 : exponent;
  // A fraction that rounds up to 1024 carries into the exponent by itself.
  return sign + (e + 15) * 1024 + roundTiesToEven((x / 2 ** e - 1) * 1024);
}

function roundTiesToEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest > 0.5 || (rest === 0.5 && low % 2 === 1)) return low + 1;
  return low;
}

/** bfloat16 bits → float32: the upper half of its bits. */
export function bfloatsToFloats(codes: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = codes[i] * 65536;
  return new Float32Array(out.buffer);
}
