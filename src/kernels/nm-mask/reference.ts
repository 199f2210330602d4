/**
 * Specification of nmMask: N:M sparsity. Of every `m` consecutive columns of a row the `n` largest magnitudes stay.
 *
 * - Groups start at the first column of each row; a short tail keeps min(n, its length).
 * - Among equal magnitudes the lower index stays; NaN counts as +Infinity.
 * - Bit i of the mask is element i of the row-major matrix; rows are not padded. Bits after the last element are 0.
 *
 * Source: Mishra et al., "Accelerating Sparse Deep Neural Networks" (2021), section 3 (2:4), for any n:m.
 */
import { checkRows, checkWhole, maskBytes } from '../checks.ts';
import { magnitudeKeys } from '../magnitude/reference.ts';

const MAX_GROUP = 1024;

/** @throws RangeError when sizes do not agree or not 0 ≤ n ≤ m ≤ 1024. */
export function checkNm(length: number, rows: number, columns: number, n: number, m: number): void {
  checkRows(length, rows, columns);
  checkWhole('m', m, 1, MAX_GROUP);
  checkWhole('n', n, 0, m);
}

/** x: [rows, columns] → mask of rows · columns bits. */
export function nmMask(x: Float32Array, rows: number, columns: number, n: number, m: number): Uint8Array {
  checkNm(x.length, rows, columns, n, m);
  const keys = magnitudeKeys(x);
  const mask = new Uint8Array(maskBytes(x.length));
  for (let r = 0; r < rows; r++) {
    const end = (r + 1) * columns;
    for (let start = r * columns; start < end; start += m) {
      keepLargest(keys, start, Math.min(start + m, end), n, mask);
    }
  }
  return mask;
}

/** Sets the bits of the elements in start..end that fewer than n others of the group beat. */
function keepLargest(keys: Uint32Array, start: number, end: number, n: number, mask: Uint8Array): void {
  for (let i = start; i < end; i++) {
    let beatenBy = 0;
    for (let j = start; j < end; j++) {
      if (keys[j] > keys[i] || (keys[j] === keys[i] && j < i)) beatenBy++;
    }
    if (beatenBy < n) mask[i >> 3] |= 1 << (i & 7);
  }
}
