/** Argument checks that every backend shares, so that a wrong call fails alike everywhere. It must not compute. */

/** @throws RangeError unless `length` is exactly `rows` × `columns`. */
export function checkRows(length: number, rows: number, columns: number): void {
  if (!Number.isInteger(rows) || !Number.isInteger(columns) || rows < 0 || columns < 0) {
    throw new RangeError(`rows and columns must be whole numbers, got ${rows} × ${columns}`);
  }
  if (length !== rows * columns) {
    throw new RangeError(`${rows} × ${columns} elements expected, got ${length}`);
  }
}

/** @throws RangeError unless there is one value a row. */
export function checkPerRow(name: string, length: number, rows: number): void {
  if (length !== rows) throw new RangeError(`${name}: one value a row expected (${rows}), got ${length}`);
}

/** @throws RangeError unless low..high fits in int8 (low < 0) or uint8. */
export function checkCodeRange(low: number, high: number): void {
  const [least, most] = low < 0 ? [-128, 127] : [0, 255];
  if (!Number.isInteger(low) || !Number.isInteger(high) || low < least || high > most || low > high) {
    throw new RangeError(`code range ${low}..${high} is not within ${least}..${most}`);
  }
}

/** The array type of codes in low..high: Int8Array when low < 0, else Uint8Array. */
export function newCodes(low: number, count: number): Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer> {
  return low < 0 ? new Int8Array(count) : new Uint8Array(count);
}

/** @throws RangeError unless `value` is a whole number in least..most. */
export function checkWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number in ${least}..${most}, got ${value}`);
  }
}

/** Bytes of a mask of `count` bits. */
export function maskBytes(count: number): number {
  return Math.ceil(count / 8);
}

/** @throws RangeError unless the mask has a bit for each of `count` elements. */
export function checkMask(mask: Uint8Array, count: number): void {
  if (mask.length < maskBytes(count)) {
    throw new RangeError(
      `a mask of ${maskBytes(count)} bytes expected for ${count} elements, got ${mask.length}`,
    );
  }
}
