/**
 * The values that the weights of one row of a matrix may take, as descent asks for them: the code nearest to a number,
 * and what a code means. It must not know how codes are searched.
 */
import type { Grids } from './algorithm.ts';

export interface Codec {
  /** Code of the grid value nearest to x for element `column` of `row`. */
  nearest(row: number, column: number, x: number): number;
  value(row: number, column: number, code: number): number;
}

/** @param size columns of a group @param groups groups of a row */
export function affineCodec({ scales, zeroPoints, low, high }: Grids, size: number, groups: number): Codec {
  const groupAt = (row: number, column: number): number => row * groups + Math.floor(column / size);
  return {
    nearest(row, column, x) {
      const g = groupAt(row, column);
      const zero = zeroPoints === undefined ? 0 : zeroPoints[g];
      if (scales[g] === 0) return zero;
      return Math.min(high, Math.max(low, Math.round(x / scales[g]) + zero));
    },
    value(row, column, code) {
      const g = groupAt(row, column);
      return (code - (zeroPoints === undefined ? 0 : zeroPoints[g])) * scales[g];
    },
  };
}

/** @param codebook values by code @param scales one a group */
export function paletteCodec(
  codebook: Float32Array,
  scales: Float32Array,
  size: number,
  groups: number,
): Codec {
  const find = nearestIn(codebook);
  const scaleAt = (row: number, column: number): number => scales[row * groups + Math.floor(column / size)];
  return {
    nearest(row, column, x) {
      const scale = scaleAt(row, column);
      return scale === 0 ? 0 : find(x / scale);
    },
    value(row, column, code) {
      return codebook[code] * scaleAt(row, column);
    },
  };
}

/** The code of the value nearest to x; of equal distances that of the smaller value. */
export function nearestIn(codebook: Float32Array): (x: number) => number {
  const order = Array.from(codebook, (_, code) => code).sort((a, b) => codebook[a] - codebook[b] || a - b);
  const borders = Float64Array.from(
    { length: order.length - 1 },
    (_, i) => (codebook[order[i]] + codebook[order[i + 1]]) / 2,
  );
  return (x) => {
    let from = 0;
    let to = borders.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (x > borders[middle]) from = middle + 1;
      else to = middle;
    }
    return order[from];
  };
}
