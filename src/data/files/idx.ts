/**
 * Header of an IDX file (MNIST and its relatives). It must not know samples.
 * Source: yann.lecun.com/exdb/mnist, "The IDX file format": two zeros, type, rank, big-endian sizes, data.
 */
import { PareError } from '../../core/errors.ts';
import type { DataType } from '../../core/tensor/dtype.ts';
import type { DataFile } from '../types.ts';
import type { ArrayLayout } from './stored-array.ts';

const TYPES = new Map<number, DataType>([
  [0x08, 'uint8'],
  [0x09, 'int8'],
  [0x0b, 'int16'],
  [0x0c, 'int32'],
  [0x0d, 'float32'],
  [0x0e, 'float64'],
]);
const MAX_RANK = 8;

/** @throws PareError `malformed` when it is not an IDX file, `truncated` */
export async function readIdxHeader(file: DataFile): Promise<ArrayLayout> {
  const start = await file.read(0, Math.min(file.bytes, 4 + 4 * MAX_RANK));
  const dataType = TYPES.get(start[2]);
  const rank = start[3];
  if (
    start.length < 8 ||
    start[0] !== 0 ||
    start[1] !== 0 ||
    dataType === undefined ||
    rank < 1 ||
    rank > MAX_RANK
  ) {
    throw new PareError(
      'malformed',
      `${file.path} is not an IDX file: its first bytes do not say type and rank.`,
      {
        hint: 'Files of this kind are named like train-images-idx3-ubyte.',
      },
    );
  }
  const dataStart = 4 + 4 * rank;
  if (start.length < dataStart) throw new PareError('truncated', `${file.path} ends within its header.`);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { dataType, dims, bigEndian: true, fortran: false, dataStart };
}
