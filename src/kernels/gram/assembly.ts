// SIMD form of reference.ts: the inputs as panels of 8 columns, the matrix in stripes of rows, tiles on and above the diagonal.
// The tile on the diagonal also computes what is below it; nobody reads that.
import { STEP, packColumns, tileAdd } from '../assembly/tile';

/** Rows of x [rows, columns] as panels, one after the other; the last one is filled with whatever follows a row. */
export function packPanels(x: usize, rows: i32, columns: i32, panels: usize): void {
  const stride = (<usize>columns) << 2;
  for (let c = 0; c < columns; c += 8, x += STEP, panels += (<usize>rows) * STEP) {
    packColumns(x, stride, rows, panels);
  }
}

/**
 * Adds the products of panels first … last − 1 with themselves and all later ones to `stripe`, which holds their rows of the
 * matrix: `stride` bytes a row, columns from that of panel `first` on.
 */
export function gramStripe(
  panels: usize,
  rows: i32,
  count: i32,
  first: i32,
  last: i32,
  stripe: usize,
  stride: usize,
): void {
  const size = (<usize>rows) * STEP;
  for (let j = first; j < count; j++) {
    const b = panels + (<usize>j) * size;
    const to = stripe + (<usize>(j - first)) * STEP;
    const end = min(last, j + 1);
    for (let i = first; i < end; i++) {
      tileAdd(panels + (<usize>i) * size, b, to + (<usize>(i - first)) * 8 * stride, stride, rows);
    }
  }
}
