/**
 * How alike two gray grids are, also when one is a cutting of the other. It must not know pictures or sets.
 */
import { GRID } from './picture-hash.ts';

const CELLS = GRID * GRID;

/** Correlation −1..1 of two grids; 0 where one of them is flat. Brightness and contrast do not count. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sumA = 0;
  let sumB = 0;
  let squaresA = 0;
  let squaresB = 0;
  let products = 0;
  for (let i = 0; i < CELLS; i++) {
    const x = a[i];
    const y = b[i];
    sumA += x;
    sumB += y;
    squaresA += x * x;
    squaresB += y * y;
    products += x * y;
  }
  const spread = (squaresA - (sumA * sumA) / CELLS) * (squaresB - (sumB * sumB) / CELLS);
  return spread <= 0 ? 0 : (products - (sumA * sumB) / CELLS) / Math.sqrt(spread);
}

/** Standard deviation of a grid in gray levels. */
export function deviation(grid: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < CELLS; i++) {
    sum += grid[i];
    squares += grid[i] * grid[i];
  }
  return Math.sqrt(Math.max(0, squares / CELLS - (sum / CELLS) ** 2));
}

/** Sides of a cutting as shares of the whole; up to 5 % is cut off. */
const CUTTINGS = [0.985, 0.97, 0.955];
/** Where it lies in what was cut off: left, in the middle, right. */
const PLACES = [0, 0.5, 1];

/** The best correlation of `a` and `b`, whole or with one as a cutting of the other. */
export function alignedCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let best = correlation(a, b);
  const cut = new Float32Array(CELLS);
  for (const side of CUTTINGS) {
    for (const left of PLACES) {
      for (const top of PLACES) {
        best = Math.max(best, correlation(cutting(a, side, left, top, cut), b));
        best = Math.max(best, correlation(cutting(b, side, left, top, cut), a));
      }
    }
  }
  return best;
}

/** Bilinear, like the grid of the cutting itself would be. */
function cutting(
  grid: ArrayLike<number>,
  side: number,
  left: number,
  top: number,
  target: Float32Array,
): Float32Array {
  const positions = (shift: number): Float64Array =>
    Float64Array.from({ length: GRID }, (_, i) =>
      Math.min(GRID - 1, Math.max(0, (i + 0.5) * side + (1 - side) * shift * GRID - 0.5)),
    );
  const columns = positions(left);
  const rows = positions(top);
  for (let y = 0; y < GRID; y++) {
    const upper = Math.floor(rows[y]);
    const lower = Math.min(GRID - 1, upper + 1);
    const down = rows[y] - upper;
    for (let x = 0; x < GRID; x++) {
      const near = Math.floor(columns[x]);
      const far = Math.min(GRID - 1, near + 1);
      const across = columns[x] - near;
      const above = grid[upper * GRID + near] * (1 - across) + grid[upper * GRID + far] * across;
      const below = grid[lower * GRID + near] * (1 - across) + grid[lower * GRID + far] * across;
      target[y * GRID + x] = above + (below - above) * down;
    }
  }
  return target;
}
