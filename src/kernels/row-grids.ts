/** Codes on the grids of a weight matrix: the rounding that gptqRows and descendRows share. It must not know how they search. */
import type { RowGrids } from '../core/tensor/kernel-set.ts';
import { checkRows } from './checks.ts';
import { inverseOf } from './quantize/reference.ts';

/** Largest magnitude of a zero point: code − zeroPoint stays exact in float32. */
const ZERO_POINT_LIMIT = 1 << 16;

/** @throws RangeError when sizes do not agree, codes do not fit in int8, or a scale is negative or not finite. */
export function checkGrids(rows: number, columns: number, grids: RowGrids): void {
  const { scales, zeroPoints, groups, groupOf, low, high } = grids;
  checkRows(scales.length, rows, groups);
  if (zeroPoints !== undefined) checkRows(zeroPoints.length, rows, groups);
  checkRows(groupOf.length, 1, columns);
  if (!Number.isInteger(low) || !Number.isInteger(high) || low < -128 || high > 127 || low > high) {
    throw new RangeError(`code range ${low}..${high} is not within -128..127`);
  }
  if (groupOf.some((group) => group >= groups)) throw new RangeError(`groups below ${groups} expected`);
  if (scales.some((scale) => !(scale >= 0 && scale < Infinity))) {
    throw new RangeError('scales must be finite and not negative');
  }
  if (zeroPoints?.some((zero) => Math.abs(zero) > ZERO_POINT_LIMIT)) {
    throw new RangeError(`zero points within ±${ZERO_POINT_LIMIT} expected`);
  }
}

/** The grid of one element. */
export interface Grid {
  readonly scale: number;
  readonly inverse: number;
  readonly zero: number;
}

/** Grids of a row, by group. */
export function gridsOfRow({ scales, zeroPoints, groups }: RowGrids, row: number): Grid[] {
  return Array.from({ length: groups }, (_, g) => {
    const scale = scales[row * groups + g];
    return { scale, inverse: inverseOf(scale), zero: zeroPoints?.[row * groups + g] ?? 0 };
  });
}

/** (code − zero) · scale in float32. */
export function decodeOne(code: number, { scale, zero }: Grid): number {
  return Math.fround((code - zero) * scale);
}
