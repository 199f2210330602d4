/**
 * Values of 8-bit floats and of types below a byte, as tables and unpacking. It must not know tensors.
 * Sources: ONNX "Float stored in 8 bits" and "4 bit integer types"; OCP FP8 and Microscaling formats.
 */
import type { DataType } from './dtype.ts';

interface Float8 {
  readonly fractionBits: number;
  readonly bias: number;
  /** fn: finite, NaN is all ones; uz: no negative zero, its code is NaN; ieee: infinities. */
  readonly special: 'fn' | 'uz' | 'ieee';
}

const FLOAT8: Partial<Record<DataType, Float8>> = {
  float8e4m3fn: { fractionBits: 3, bias: 7, special: 'fn' },
  float8e4m3fnuz: { fractionBits: 3, bias: 8, special: 'uz' },
  float8e5m2: { fractionBits: 2, bias: 15, special: 'ieee' },
  float8e5m2fnuz: { fractionBits: 2, bias: 16, special: 'uz' },
};

const FLOAT4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];

/** The value of each code of a type of at most 8 bits that is no plain integer; undefined for other types. */
export function codeValues(type: DataType): Float32Array | undefined {
  if (type === 'float4e2m1') return Float32Array.from(FLOAT4);
  if (type === 'float8e8m0') {
    return Float32Array.from({ length: 256 }, (_, code) => (code === 255 ? NaN : 2 ** (code - 127)));
  }
  const format = FLOAT8[type];
  if (format === undefined) return undefined;
  return Float32Array.from({ length: 256 }, (_, code) => float8Value(code, format));
}

function float8Value(code: number, { fractionBits, bias, special }: Float8): number {
  const sign = code >= 128 ? -1 : 1;
  const steps = 2 ** fractionBits;
  const exponent = Math.floor((code % 128) / steps);
  const fraction = code % steps;
  const top = 128 / steps - 1;
  if (special === 'uz' && code === 128) return NaN;
  if (special === 'fn' && code % 128 === 127) return NaN;
  if (special === 'ieee' && exponent === top) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * (fraction / steps) * 2 ** (1 - bias);
  return sign * (1 + fraction / steps) * 2 ** (exponent - bias);
}

/**
 * Codes of `count` elements of `bits` each (2 or 4), the first in the lowest bits of a byte, sign-extended when `signed`.
 */
export function unpackBits(packed: Uint8Array, count: number, bits: 2 | 4, signed: boolean): Int8Array {
  const out = new Int8Array(count);
  const perByte = 8 / bits;
  const levels = 2 ** bits;
  for (let i = 0; i < count; i++) {
    const code = (packed[Math.floor(i / perByte)] >> ((i % perByte) * bits)) & (levels - 1);
    out[i] = signed && code >= levels / 2 ? code - levels : code;
  }
  return out;
}
