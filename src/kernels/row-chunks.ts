/** Cuts a matrix into pieces that a backend can hold at once. It must not know who holds them. */

/** Some whole rows, or a part of one row. Elements from..to of the matrix are rows × columns of it, starting in `row`. */
export interface RowChunk {
  readonly row: number;
  readonly rows: number;
  readonly columns: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts a matrix into chunks of at most `limit` elements. Rows longer than that are cut at multiples of `multiple` columns
 * (limit rounded down to it, but at least one multiple).
 */
export function* rowChunks(
  rows: number,
  columns: number,
  multiple: number,
  limit: number,
): Generator<RowChunk> {
  if (columns === 0) return;
  if (columns <= limit) {
    const step = Math.floor(limit / columns);
    for (let row = 0; row < rows; row += step) {
      const count = Math.min(step, rows - row);
      yield { row, rows: count, columns, from: row * columns, to: (row + count) * columns };
    }
    return;
  }
  const step = Math.max(multiple, Math.floor(limit / multiple) * multiple);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < columns; c += step) {
      const width = Math.min(step, columns - c);
      const from = row * columns + c;
      yield { row, rows: 1, columns: width, from, to: from + width };
    }
  }
}
