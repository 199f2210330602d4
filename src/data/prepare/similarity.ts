/**
 * How alike two gray grids are, also when one is a cutting of the other. It must not know pictures or sets.
 */
import { GRID } from './picture-hash.ts';

/** Correlation −1..1 of two grids; 0 where one of them is flat. Brightness and contrast do not count. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sumA = 0;
  let sumB = 0;
  let squaresA = 0;
  let squaresB = 0;
  let products = 0;
  const cells = a.length;
  for (let i = 0; i < cells; i++) {
    const x = a[i];
    const y = b[i];
    sumA += x;
    sumB += y;
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  const spread = (squaresA - (sumA * sumA) / cells) * (squaresB - (sumB * sumB) / cells);
  return spread <= 0 ? 0 : (products - (sumA * sumB) / cells) / Math.sqrt(spread);
}

/** Standard deviation of a grid in gray levels. */
export function deviation(grid: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < grid.length; i++) {
    sum += grid[i];
    squares += grid[i] * grid[i];
  }
  return Math.sqrt(Math.max(0, squares / grid.length - (sum / grid.length) ** 2));
}

/** A cutting is looked for on this many cells, a quarter of the work, and then judged on all. */
const COARSE = GRID / 2;
/** Sides of a cutting as shares of the whole; up to 5 % is cut off. */
const SIDES = [0.985, 0.97, 0.955];
/** Where it lies in what was cut off: left, in the middle, right. */
const PLACES = [0, 0.5, 1];

interface Cutting {
  readonly side: number;
  readonly left: number;
  readonly top: number;
}

const CUTTINGS: readonly Cutting[] = SIDES.flatMap((side) =>
  PLACES.flatMap((left) => PLACES.map((top) => ({ side, left, top }))),
);

/** The best correlation of `a` and `b`, whole or with one as a cutting of the other. */
export function alignedCorrelation(a: Uint8Array, b: Uint8Array): number {
  return Math.max(correlation(a, b), asCutting(a, b), asCutting(b, a));
}

/** How well `part` is what the best cutting of `whole` shows. */
function asCutting(whole: Uint8Array, part: Uint8Array): number {
  const coarseWhole = halved(whole);
  const coarsePart = halved(part);
  const target = new Float32Array(COARSE * COARSE);
  let [best] = CUTTINGS;
  let most = -Infinity;
  for (const cutting of CUTTINGS) {
    cut(coarseWhole, COARSE, cutting, target);
    const found = correlation(target, coarsePart);
    if (found > most) [best, most] = [cutting, found];
  }
  const fine = new Float32Array(GRID * GRID);
  cut(whole, GRID, best, fine);
  return correlation(fine, part);
}

/** Means of 2 × 2 cells. */
function halved(grid: Uint8Array): Float32Array {
  const half = new Float32Array(COARSE * COARSE);
  for (let y = 0; y < COARSE; y++) {
    for (let x = 0; x < COARSE; x++) {
      const at = 2 * y * GRID + 2 * x;
      half[y * COARSE + x] = (grid[at] + grid[at + 1] + grid[at + GRID] + grid[at + GRID + 1]) / 4;
    }
  }
  return half;
}

/** Bilinear, like the grid of the cutting itself would be. */
function cut(
  grid: Uint8Array | Float32Array,
  size: number,
  { side, left, top }: Cutting,
  target: Float32Array,
): void {
  const last = size - 1;
  for (let y = 0; y < size; y++) {
    const row = Math.min(last, Math.max(0, (y + 0.5) * side + (1 - side) * top * size - 0.5));
    const upper = Math.floor(row);
    const down = row - upper;
    const above = upper * size;
    const below = Math.min(last, upper + 1) * size;
    for (let x = 0; x < size; x++) {
      const column = Math.min(last, Math.max(0, (x + 0.5) * side + (1 - side) * left * size - 0.5));
      const near = Math.floor(column);
      const far = Math.min(last, near + 1);
      const across = column - near;
      const first = grid[above + near] + (grid[above + far] - grid[above + near]) * across;
      const second = grid[below + near] + (grid[below + far] - grid[below + near]) * across;
      target[y * size + x] = first + (second - first) * down;
    }
  }
}
