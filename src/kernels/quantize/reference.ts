/**
 * Specification of quantizeRows and dequantizeRows: affine codes, one scale (and zero point) a row.
 *
 * Quantize, every step rounded to float32:
 *   inverse = 1 / scale, but 0 for scale 0
 *   t = x · inverse; NaN → 0
 *   code = roundTiesToEven(clamp(t, low − zeroPoint, high − zeroPoint)) + zeroPoint
 * The bounds are whole numbers, so clamping before rounding gives what clamping after it would, and t stays small enough
 * for every way to round. Hence NaN, and every x of a row with scale 0, give the zero point.
 *
 * Dequantize: fround(code − zeroPoint) · scale in float32; the difference is exact.
 *
 * Source: ONNX QuantizeLinear / DequantizeLinear (opset 21), with the division replaced by a multiplication.
 */
import { checkCodeRange, checkPerRow, checkRows, newCodes } from '../checks.ts';

/** 1/scale in float32; 0 for scale 0 (then every code is the zero point). */
export function inverseOf(scale: number): number {
  return scale === 0 ? 0 : Math.fround(1 / scale);
}

/** Nearest whole number, ties to even. |t| < 2^51. */
export function roundTiesToEven(t: number): number {
  const down = Math.floor(t);
  const rest = t - down;
  if (rest < 0.5) return down;
  if (rest > 0.5) return down + 1;
  return down % 2 === 0 ? down : down + 1;
}

/** One code, relative to the zero point: roundTiesToEven(clamp(x · inverse, low, high)); NaN → 0 clamped. */
export function quantizeOne(x: number, inverse: number, low: number, high: number): number {
  const t = Math.fround(x * inverse);
  const number = Number.isNaN(t) ? 0 : t;
  return roundTiesToEven(Math.min(Math.max(number, low), high));
}

/** x: [rows, columns], scales and zeroPoints: [rows] → codes [rows, columns], Int8Array when low < 0. */
export function quantizeRows(
  x: Float32Array,
  rows: number,
  columns: number,
  scales: Float32Array,
  zeroPoints: Int32Array | undefined,
  low: number,
  high: number,
): Int8Array | Uint8Array {
  const codes = newCodes(low, x.length);
  quantizeRowsInto(codes, x, rows, columns, scales, zeroPoints, low, high);
  return codes;
}

/** quantizeRows into an array that exists already: [rows, columns], of the type that low asks for. */
export function quantizeRowsInto(
  codes: Int8Array | Uint8Array,
  x: Float32Array,
  rows: number,
  columns: number,
  scales: Float32Array,
  zeroPoints: Int32Array | undefined,
  low: number,
  high: number,
): void {
  checkQuantize(x.length, rows, columns, scales, zeroPoints);
  checkCodeRange(low, high);
  for (let r = 0; r < rows; r++) {
    const inverse = inverseOf(scales[r]);
    const zero = zeroPoints === undefined ? 0 : zeroPoints[r];
    for (let i = r * columns; i < (r + 1) * columns; i++) {
      codes[i] = quantizeOne(x[i], inverse, low - zero, high - zero) + zero;
    }
  }
}

/** codes: [rows, columns] → float32 [rows, columns]. */
export function dequantizeRows(
  codes: Int8Array | Uint8Array,
  rows: number,
  columns: number,
  scales: Float32Array,
  zeroPoints: Int32Array | undefined,
): Float32Array {
  checkQuantize(codes.length, rows, columns, scales, zeroPoints);
  const out = new Float32Array(codes.length);
  for (let r = 0; r < rows; r++) {
    const scale = scales[r];
    const zero = zeroPoints === undefined ? 0 : zeroPoints[r];
    for (let i = r * columns; i < (r + 1) * columns; i++) out[i] = (codes[i] - zero) * scale;
  }
  return out;
}

/** Largest magnitude of a zero point: code − zeroPoint stays exact in float32. */
const ZERO_POINT_LIMIT = 1 << 16;

/** @throws RangeError when sizes do not agree or a zero point is beyond ±65536. */
export function checkQuantize(
  length: number,
  rows: number,
  columns: number,
  scales: Float32Array,
  zeroPoints: Int32Array | undefined,
): void {
  checkRows(length, rows, columns);
  checkPerRow('scales', scales.length, rows);
  if (zeroPoints === undefined) return;
  checkPerRow('zeroPoints', zeroPoints.length, rows);
  for (const zero of zeroPoints) {
    if (Math.abs(zero) > ZERO_POINT_LIMIT)
      throw new RangeError(`zero point ${zero} is beyond ±${ZERO_POINT_LIMIT}`);
  }
}
