/**
 * An array of numbers in a file, read one row of its first axis at a time: by ranges where it is stored as it is, else
 * from memory. It must not know what the numbers mean.
 */
import { PareError } from '../../core/errors.ts';
import { halvesToFloats } from '../../core/tensor/float16.ts';
import type { DataType } from '../../core/tensor/dtype.ts';
import { bitsOf, elementCount } from '../../core/tensor/dtype.ts';
import { ReadAhead } from './read-ahead.ts';
import type { DataFile } from '../types.ts';

/** Beyond this one row is not a sample any more. */
const MAX_ROW_BYTES = 512 * 1024 * 1024;
/** Fixed-width strings of numpy, which only labels are made of: bytes ('S') or UTF-32 ('U'). */
export type TextWidth = { readonly kind: 'S' | 'U'; readonly characters: number };

export interface ArrayLayout {
  readonly dataType: DataType;
  /** Present for arrays of strings; `dataType` is then 'string'. */
  readonly text?: TextWidth;
  readonly dims: readonly number[];
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  /** Where the first element is. */
  readonly dataStart: number;
}

export type Numbers =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array;

export interface StoredArray {
  readonly name: string;
  readonly path: string;
  readonly layout: ArrayLayout;
  /** Length of the first axis. */
  readonly rows: number;
  /** Without the first axis; [1] for a plain list. */
  readonly rowDims: readonly number[];
  /** A copy. @throws PareError when the file cannot be read */
  readRow(index: number): Promise<Numbers>;
  /** The stored bytes of a row. */
  readRowBytes(index: number): Promise<Uint8Array>;
}

/**
 * @param file the whole file, header included
 * @throws PareError `truncated` when the file is shorter than the header says, `too-large`, `unsupported`
 */
export function storedArray(name: string, path: string, layout: ArrayLayout, file: DataFile): StoredArray {
  const [rows] = layout.dims;
  if (rows === undefined) {
    throw new PareError('unsupported', `${path} holds a single number, not an array of samples.`);
  }
  const width = layout.text === undefined ? bitsOf(layout.dataType) / 8 : textBytes(layout.text);
  const total = elementCount(layout.dims) * width;
  if (!Number.isSafeInteger(total))
    throw new PareError('too-large', `${path} claims ${total} bytes of data.`);
  if (layout.dataStart + total > file.bytes) {
    throw new PareError(
      'truncated',
      `${path} has ${file.bytes - layout.dataStart} bytes of data; its header says [${layout.dims.join(', ')}] ${layout.dataType}, which takes ${total}.`,
      { hint: 'The file is cut short. Save or download it again.' },
    );
  }
  const rowDims = layout.dims.length === 1 ? [1] : layout.dims.slice(1);
  const rowBytes = elementCount(rowDims) * width;
  // Rows that take no bytes are not bounded by the file: a header of 100 bytes could claim billions of them.
  if (rows > 0 && rowBytes === 0) {
    throw new PareError('malformed', `${path} has samples without values: [${layout.dims.join(', ')}].`, {
      hint: 'Save it again with at least one value for each sample.',
    });
  }
  if (rowBytes > MAX_ROW_BYTES)
    throw new PareError('too-large', `One row of ${path} takes ${rowBytes} bytes.`);
  const shape = { layout, rows, rowDims, width, rowBytes };
  const readRowBytes =
    layout.fortran && layout.dims.length > 1 ? fortranRows(file, shape) : plainRows(file, path, shape);
  return {
    name,
    path,
    layout,
    rows,
    rowDims,
    readRowBytes,
    readRow: async (index) => toNumbers(await readRowBytes(index), layout),
  };
}

interface RowShape {
  readonly layout: ArrayLayout;
  readonly rows: number;
  readonly rowDims: readonly number[];
  readonly width: number;
  readonly rowBytes: number;
}

type ReadRow = (index: number) => Promise<Uint8Array>;

function plainRows(file: DataFile, path: string, { layout, rows, rowBytes }: RowShape): ReadRow {
  const ahead = new ReadAhead(file);
  return async (index) => {
    if (!(index >= 0 && index < rows)) throw new PareError('internal', `${path} has no row ${index}.`);
    const start = layout.dataStart + index * rowBytes;
    // A copy: what is read ahead is a window that others look through, and typed arrays want aligned bytes.
    return (await ahead.read(start, start + rowBytes)).slice();
  };
}

/** Column-major: element (i, j, k) stands at i + N·(j + J·k), so that a row is spread over the whole file. */
function fortranRows(file: DataFile, { layout, rows, rowDims, width, rowBytes }: RowShape): ReadRow {
  let whole: Promise<Uint8Array> | undefined;
  const count = elementCount(rowDims);
  return async (index) => {
    const total = count * rows * width;
    whole ??= file.read(layout.dataStart, layout.dataStart + total);
    const bytes = await whole;
    const out = new Uint8Array(rowBytes);
    const at = new Array<number>(rowDims.length).fill(0);
    for (let c = 0; c < count; c++) {
      let stride = rows;
      let from = index;
      for (const [axis, position] of at.entries()) {
        from += position * stride;
        stride *= rowDims[axis];
      }
      for (let b = 0; b < width; b++) out[c * width + b] = bytes[from * width + b];
      for (let axis = rowDims.length - 1; axis >= 0; axis--) {
        if (++at[axis] < rowDims[axis]) break;
        at[axis] = 0;
      }
    }
    return out;
  };
}

/** Bytes of elements, in the file's order, as numbers. */
function toNumbers(bytes: Uint8Array, layout: ArrayLayout): Numbers {
  const width = bitsOf(layout.dataType) / 8;
  const own = bytes.byteOffset % Math.max(1, width) === 0 ? bytes : bytes.slice();
  if (layout.bigEndian && width > 1) swapBytes(own, width);
  const { buffer, byteOffset } = own;
  const count = width === 0 ? 0 : own.length / width;
  switch (layout.dataType) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'float64':
      return new Float64Array(buffer, byteOffset, count);
    case 'float16':
      return halvesToFloats(new Uint16Array(buffer, byteOffset, count));
    case 'uint8':
    case 'bool':
      return own;
    case 'int8':
      return new Int8Array(buffer, byteOffset, count);
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, count);
    case 'int16':
      return new Int16Array(buffer, byteOffset, count);
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, count);
    case 'int32':
      return new Int32Array(buffer, byteOffset, count);
    case 'int64':
      return new BigInt64Array(buffer, byteOffset, count);
    case 'uint64':
      return new BigUint64Array(buffer, byteOffset, count);
    default:
      throw new PareError('unsupported', `Values of type ${layout.dataType} cannot be read as numbers.`);
  }
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

function textBytes({ kind, characters }: TextWidth): number {
  return kind === 'S' ? characters : characters * 4;
}

/** One string of numpy's fixed width, without the zeros at its end. */
export function rowText(bytes: Uint8Array, layout: ArrayLayout): string {
  if (layout.text?.kind !== 'U') return new TextDecoder().decode(bytes).replace(/\0+$/, '');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, !layout.bigEndian);
    if (code === 0) break;
    text += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  }
  return text;
}
