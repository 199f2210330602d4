/**
 * Header of a .npy file. The dictionary in it is a Python literal: it is matched, never evaluated. It must not know
 * samples. Source: NEP 1, numpy.lib.format (versions 1.0, 2.0, 3.0).
 */
import { PareError } from '../../core/errors.ts';
import type { DataType } from '../../core/tensor/dtype.ts';
import type { DataFile } from '../types.ts';
import type { ArrayLayout, TextWidth } from './stored-array.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** numpy itself refuses longer ones since 1.24 (10,000); structured types with many fields are longer, and refused anyway. */
const MAX_HEADER_BYTES = 1024 * 1024;
const MAX_RANK = 32;

const TYPES: Readonly<Record<string, DataType>> = {
  b1: 'bool',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
};

/** @throws PareError `malformed`, `truncated`, `unsupported` (objects, records, complex numbers, dates) */
export async function readNpyHeader(file: DataFile): Promise<ArrayLayout> {
  const { path } = file;
  if (file.bytes < 10) throw notNpy(path);
  const start = await file.read(0, Math.min(12, file.bytes));
  if (MAGIC.some((byte, i) => start[i] !== byte)) throw notNpy(path);
  const major = start[6];
  if (major < 1 || major > 3) {
    throw new PareError(
      'unsupported',
      `${path} is a .npy file of version ${major}; versions 1 to 3 can be read.`,
    );
  }
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const prefix = major === 1 ? 10 : 12;
  if (start.length < prefix) throw notNpy(path);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES || prefix + length > file.bytes) {
    throw new PareError('malformed', `${path} has a header of ${length} bytes, which it cannot have.`, {
      hint: 'The file is damaged or cut short.',
    });
  }
  const text = new TextDecoder(major === 3 ? 'utf-8' : 'latin1').decode(
    await file.read(prefix, prefix + length),
  );
  return { ...parseHeader(text, path), dataStart: prefix + length };
}

function parseHeader(text: string, path: string): Omit<ArrayLayout, 'dataStart'> {
  const shape = /['"]shape['"]\s*:\s*\(([\dL,\s]*)\)/.exec(text)?.[1];
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(text)?.[1];
  if (/['"]descr['"]\s*:\s*\[/.test(text)) {
    throw new PareError(
      'unsupported',
      `${path} holds records with several fields; arrays of one number type can be read.`,
      {
        hint: 'Save each field as an array of its own, for example in a .npz.',
      },
    );
  }
  if (shape === undefined || order === undefined || descr === undefined) {
    throw new PareError('malformed', `${path} has a header that is not numpy's.`, {
      hint: 'Save it again with numpy.save.',
    });
  }
  const dims = shape
    .split(',')
    .map((part) => part.replace('L', '').trim())
    .filter((part) => part !== '')
    .map(Number);
  if (dims.length > MAX_RANK || dims.some((d) => !Number.isSafeInteger(d))) {
    throw new PareError('malformed', `${path} has a shape that no array has: (${shape.slice(0, 60)}).`);
  }
  return { ...elementOf(descr, path), dims, fortran: order === 'True' };
}

function elementOf(
  descr: string,
  path: string,
): { dataType: DataType; bigEndian: boolean; text?: TextWidth } {
  const match = /^([<>=|]?)([a-zA-Z])(\d*)$/.exec(descr);
  const bigEndian = match?.[1] === '>';
  const kind = match?.[2] ?? '';
  const digits = match?.[3] ?? '';
  if ((kind === 'U' || kind === 'S') && digits !== '') {
    return { dataType: 'string', bigEndian, text: { kind, characters: Number(digits) } };
  }
  const dataType = TYPES[kind === '?' ? 'b1' : kind + digits];
  if (dataType !== undefined) return { dataType, bigEndian };
  const what = kind === 'O' ? 'Python objects' : `values of numpy type "${descr.slice(0, 20)}"`;
  throw new PareError('unsupported', `${path} holds ${what}; numbers of 8 to 64 bits can be read.`, {
    hint: kind === 'O' ? 'Convert it first, for example with x.astype("float32").' : 'Save it as float32.',
  });
}

function notNpy(path: string): PareError {
  return new PareError('malformed', `${path} is not a .npy file: it does not begin with numpy's mark.`, {
    hint: 'Save it again with numpy.save.',
  });
}
