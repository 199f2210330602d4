/**
 * HQQ: zero points that fit most weights of a group and let a few outliers be wrong, without data. The least Σ|w − ŵ|^p with
 * p = 0.7 by half-quadratic splitting: alternate e ← shrink(w − ŵ), z ← mean(q − (w − e) / s). A zero point need not be
 * whole, so that the errors of a group have no mean; where the file keeps whole ones it is rounded at the end.
 * Source: Badri and Shaji 2023, "Half-Quadratic Quantization of Large Machine Learning Models". It must not know graphs.
 */
import { codeBits } from '../../tensor/encoding.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { floatToHalf, halfToFloat } from '../../tensor/float16.ts';
import type { QuantizeSpec } from './algorithm.ts';
import { fromRows, toRows, usedColumns } from './rows.ts';
import { roundScales } from './scales.ts';

const ROUNDS = 20;
const NORM = 0.7;
/** How strongly e follows w − ŵ, in steps of the grid; grows by GROWTH every round. */
const STRENGTH = 10;
const GROWTH = 1.01;
/** A round over so many weights takes about 1 ms. */
const ELEMENTS_BETWEEN_PAUSES = 2 ** 15;

export type HqqCodes = Pick<WeightEncoding, 'scales' | 'zeroPoints' | 'scaleExponent'> & {
  readonly codes: Uint8Array;
};

/** @param values finite @param wholeZeros zero points are bytes */
export async function hqq(
  values: Float32Array,
  dims: readonly number[],
  spec: Pick<QuantizeSpec, 'precision' | 'granularity' | 'scaleType'>,
  wholeZeros: boolean,
  pause: () => Promise<void>,
): Promise<HqqCodes> {
  const rows = toRows(values, dims, spec.granularity);
  const high = 2 ** codeBits(spec.precision) - 1;
  const ranges = Float32Array.from({ length: rows.count }, (_, r) => {
    const row = rows.values.subarray(r * rows.columns, (r + 1) * rows.columns);
    let low = 0;
    let top = 0;
    for (const x of row) {
      low = Math.min(low, x);
      top = Math.max(top, x);
    }
    return (top - low) / high;
  });
  const { scales, scaleExponent } = roundScales(ranges, spec.scaleType);
  const zeros = new Float32Array(rows.count);
  const codes = new Uint8Array(rows.values.length);
  let since = 0;
  for (let r = 0; r < rows.count; r++) {
    const at = r * rows.columns;
    const row = rows.values.subarray(at, at + rows.columns);
    zeros[r] = storedZero(bestZero(row.subarray(0, usedColumns(rows, r)), scales[r], high), high, wholeZeros);
    for (let c = 0; c < row.length; c++) codes[at + c] = codeOf(row[c], scales[r], zeros[r], high);
    since += row.length;
    if (since < ELEMENTS_BETWEEN_PAUSES) continue;
    since = 0;
    await pause();
  }
  return {
    codes: fromRows(codes, dims, spec.granularity) as Uint8Array,
    scales,
    scaleExponent,
    zeroPoints: wholeZeros ? Uint8Array.from(zeros) : zeros,
  };
}

function codeOf(x: number, scale: number, zero: number, high: number): number {
  return scale === 0 ? Math.round(zero) : Math.min(high, Math.max(0, Math.round(x / scale + zero)));
}

function storedZero(zero: number, high: number, whole: boolean): number {
  const within = Math.min(high, Math.max(0, zero));
  return whole ? Math.round(within) : halfToFloat(floatToHalf(within));
}

/** In steps of the grid, so that one strength suits all weights. */
function bestZero(row: Float32Array, scale: number, high: number): number {
  if (scale === 0) return 0;
  let least = Infinity;
  let low = 0;
  for (const x of row) low = Math.min(low, x / scale);
  let zero = -low;
  let best = zero;
  let strength = STRENGTH;
  for (let round = 0; round < ROUNDS; round++) {
    let loss = 0;
    let sum = 0;
    for (const value of row) {
      const x = value / scale;
      const code = Math.min(high, Math.max(0, Math.round(x + zero)));
      const error = x - (code - zero);
      const size = Math.abs(error);
      loss += size ** NORM;
      const kept = size === 0 ? 0 : Math.max(0, size - size ** (NORM - 1) / strength);
      sum += code - (x - Math.sign(error) * kept);
    }
    if (loss < least) {
      least = loss;
      best = zero;
    }
    zero = sum / row.length;
    strength *= GROWTH;
  }
  return best;
}
