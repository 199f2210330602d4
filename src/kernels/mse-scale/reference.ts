/**
 * Specification of mseScaleRows: per row, the clip factor that gives the least squared error of symmetric codes.
 *
 * NaN and ±Infinity count as 0. With a = largest |x| of the row and, for each candidate factor f, in float32:
 *   scale_f = (f · a) / high          inverse_f = 1 / scale_f (0 for scale 0)
 *   q = roundTiesToEven(clamp(x · inverse_f, low, high))      (NaN product → 0)
 *   e = x − q · scale_f               (product rounded, then difference rounded)
 * E_f = (L0 + L1) + (L2 + L3) in float64, L_j the sum of e² (squared in float64) over columns ≡ j mod 4, in order.
 * The first factor with the least E_f wins and its scale_f is returned. An all-zero row gives 0.
 *
 * Source: MSE-optimal clipping, as in Choukroun et al., "Low-bit Quantization of Neural Networks for Efficient Inference"
 * (2019), section 3, by a grid of factors.
 */
import { checkCodeRange, checkRows } from '../checks.ts';
import { inverseOf, quantizeOne } from '../quantize/reference.ts';

/** scale_f of the specification. */
export function scaleOf(factor: number, absmax: number, high: number): number {
  return Math.fround(Math.fround(Math.fround(factor) * absmax) / high);
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

function squaredError(row: Float32Array, scale: number, low: number, high: number): number {
  const inverse = inverseOf(scale);
  const lanes = new Float64Array(4);
  for (let c = 0; c < row.length; c++) {
    const x = finite(row[c]);
    const decoded = Math.fround(quantizeOne(x, inverse, low, high) * scale);
    const e = Math.fround(x - decoded);
    lanes[c % 4] += e * e;
  }
  return lanes[0] + lanes[1] + (lanes[2] + lanes[3]);
}

function bestScale(row: Float32Array, low: number, high: number, candidates: Float32Array): number {
  let absmax = 0;
  for (const value of row) absmax = Math.max(absmax, Math.abs(finite(value)));
  if (absmax === 0) return 0;
  let best = scaleOf(candidates[0], absmax, high);
  let least = Infinity;
  for (const factor of candidates) {
    const scale = scaleOf(factor, absmax, high);
    const error = squaredError(row, scale, low, high);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

/** @throws RangeError when the sizes, the code range (low < 0 < high) or the candidates do not fit. */
export function checkMseScale(
  length: number,
  rows: number,
  columns: number,
  low: number,
  high: number,
  candidates: Float32Array,
): void {
  checkRows(length, rows, columns);
  checkCodeRange(low, high);
  if (low >= 0 || high <= 0) throw new RangeError(`signed codes expected, got ${low}..${high}`);
  if (candidates.length === 0) throw new RangeError('at least one clip factor expected');
}

/** x: [rows, columns], candidates: clip factors, usually in (0, 1] → scales [rows]. */
export function mseScaleRows(
  x: Float32Array,
  rows: number,
  columns: number,
  low: number,
  high: number,
  candidates: Float32Array,
): Float32Array {
  checkMseScale(x.length, rows, columns, low, high, candidates);
  const out = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    out[r] = bestScale(x.subarray(r * columns, (r + 1) * columns), low, high, candidates);
  }
  return out;
}
