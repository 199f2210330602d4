/**
 * A delimited text file in pieces of whole rows, so that a table of any length is never one string. It must not know
 * what the columns mean.
 */
import { PareError } from '../../core/errors.ts';
import type { DataFile } from '../types.ts';
import { checkIsText, decoderFor } from './table-text.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
/** A quote that never closes must not gather the rest of the file; no honest row is longer. */
const MAX_ROW_CHARACTERS = 16 * 1024 * 1024;

export interface Piece {
  readonly text: string;
  /** How much of the file has been read, 0..1. */
  readonly fraction: number;
  readonly encoding: string;
}

/** @throws PareError `malformed` when it is no text; what reading throws */
export async function* rowPieces(file: DataFile): AsyncGenerator<Piece> {
  const first = await file.read(0, Math.min(file.bytes, PIECE_BYTES));
  checkIsText(first, file.path);
  const { decoder, encoding } = decoderFor(first);
  let rest = '';
  for (let at = 0, bytes = first; at < file.bytes;) {
    if (bytes.length === 0) throw new PareError('truncated', `${file.path} ended at byte ${at}.`);
    at += bytes.length;
    const last = at >= file.bytes;
    const text = rest + decoder.decode(bytes, { stream: !last });
    const end = last || text.length > MAX_ROW_CHARACTERS ? text.length : lastRowEnd(text);
    rest = text.slice(end);
    if (end > 0) yield { text: text.slice(0, end), fraction: at / file.bytes, encoding };
    if (!last) bytes = await file.read(at, Math.min(file.bytes, at + PIECE_BYTES));
  }
}

/** After the last line end that is not inside quotes; quotes inside quotes are doubled, which keeps their number even. */
function lastRowEnd(text: string): number {
  if (!text.includes('"')) return text.lastIndexOf('\n') + 1;
  let inside = false;
  let end = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 34) inside = !inside;
    else if (c === 10 && !inside) end = i + 1;
  }
  return end;
}
