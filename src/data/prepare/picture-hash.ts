/**
 * What is left of a picture when it is made so small that a copy looks like the original: a grid of grays, its mean
 * colour and 64 bits of its lowest frequencies. It must not know sets or groups.
 */
import type { Picture } from '../types.ts';

/** Cells on each side of the gray grid. */
export const GRID = 32;
/** Frequencies on each side that the hash keeps, the constant one left out. */
const FREQUENCIES = 8;

export interface PictureHash {
  /** Bits 0..31 and 32..63 of the perceptual hash. */
  readonly low: number;
  readonly high: number;
  /** Mean gray of each cell, row-major. */
  readonly grid: Uint8Array;
  /** Mean of red − green and of blue − green over the whole picture, −255..255. */
  readonly chroma: readonly [number, number];
}

/**
 * The picture over white, gray by BT.601, averaged into 32 × 32 cells (each cell the exact mean of what it covers), a
 * type-II cosine transform, and one bit for each of the 8 × 8 lowest frequencies above the constant: above their
 * median or not. Source: C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, §3.2.1.
 */
export function hashPicture({ width, height, rgba }: Picture): PictureHash {
  const cells = meanCells({ width, height, rgba });
  const lowest = cosineTransform(cells);
  const median = [...lowest].sort((a, b) => a - b)[lowest.length / 2];
  let low = 0;
  let high = 0;
  for (let i = 0; i < 32; i++) {
    if (lowest[i] >= median) low |= 1 << i;
    if (lowest[i + 32] >= median) high |= 1 << i;
  }
  return { low, high, grid: Uint8Array.from(cells, Math.round), chroma: meanChroma(rgba) };
}

function meanChroma(rgba: ArrayLike<number>): [number, number] {
  let red = 0;
  let blue = 0;
  for (let at = 0; at < rgba.length; at += 4) {
    red += ((rgba[at] - rgba[at + 1]) * rgba[at + 3]) / 255;
    blue += ((rgba[at + 2] - rgba[at + 1]) * rgba[at + 3]) / 255;
  }
  const pixels = rgba.length / 4;
  return [red / pixels, blue / pixels];
}

/** Bits that are set, of 32. */
export function popCount(bits: number): number {
  let x = bits - ((bits >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function meanCells({ width, height, rgba }: Picture): Float64Array {
  const cells = new Float64Array(GRID * GRID);
  const columns = coverage(width);
  const rows = coverage(height);
  const gray = new Float64Array(width);
  const line = new Float64Array(GRID);
  for (const [cellY, { start, weights }] of rows.entries()) {
    for (const [dy, weightY] of weights.entries()) {
      grayLine(gray, rgba, (start + dy) * width * 4);
      for (let cellX = 0; cellX < GRID; cellX++) {
        const column = columns[cellX];
        let sum = 0;
        for (let dx = 0; dx < column.weights.length; dx++) {
          sum += column.weights[dx] * gray[column.start + dx];
        }
        line[cellX] = sum;
      }
      for (let cellX = 0; cellX < GRID; cellX++) cells[cellY * GRID + cellX] += weightY * line[cellX];
    }
  }
  return cells;
}

/** BT.601 luma of one row over white. */
function grayLine(target: Float64Array, rgba: ArrayLike<number>, from: number): void {
  for (let x = 0, at = from; x < target.length; x++, at += 4) {
    const gray = 0.299 * rgba[at] + 0.587 * rgba[at + 1] + 0.114 * rgba[at + 2];
    const alpha = rgba[at + 3];
    target[x] = alpha === 255 ? gray : 255 + ((gray - 255) * alpha) / 255;
  }
}

/** Which pixels each cell covers along one side, and how much of it each pixel is; a cell's weights add up to 1. */
function coverage(side: number): { readonly start: number; readonly weights: Float64Array }[] {
  return Array.from({ length: GRID }, (_, cell) => {
    const from = (cell * side) / GRID;
    const to = ((cell + 1) * side) / GRID;
    const start = Math.floor(from);
    const weights = new Float64Array(Math.max(1, Math.ceil(to - 1e-9) - start));
    for (let i = 0; i < weights.length; i++) {
      weights[i] = (Math.min(to, start + i + 1) - Math.max(from, start + i)) / (to - from);
    }
    return { start, weights };
  });
}

/** cos(π (2x + 1) u / 2N) for u = 1..8. */
const COSINES = Float64Array.from({ length: FREQUENCIES * GRID }, (_, i) => {
  const u = Math.floor(i / GRID) + 1;
  return Math.cos((Math.PI * (2 * (i % GRID) + 1) * u) / (2 * GRID));
});

/** Frequencies 1..8 in both directions, row-major. */
function cosineTransform(cells: Float64Array): Float64Array {
  const along = new Float64Array(GRID * FREQUENCIES);
  for (let y = 0; y < GRID; y++) {
    for (let u = 0; u < FREQUENCIES; u++) {
      let sum = 0;
      for (let x = 0; x < GRID; x++) sum += cells[y * GRID + x] * COSINES[u * GRID + x];
      along[y * FREQUENCIES + u] = sum;
    }
  }
  const lowest = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (let v = 0; v < FREQUENCIES; v++) {
    for (let u = 0; u < FREQUENCIES; u++) {
      let sum = 0;
      for (let y = 0; y < GRID; y++) sum += along[y * FREQUENCIES + u] * COSINES[v * GRID + y];
      lowest[v * FREQUENCIES + u] = sum;
    }
  }
  return lowest;
}
