/**
 * Text of tables, line lists and label files: encodings with and without mark, and delimited rows. It must not know what
 * the columns mean.
 */
import Papa from 'papaparse';
import { PareError } from '../../core/errors.ts';

export const DELIMITERS = [',', ';', '\t', '|'] as const;

/** A decoder for the encoding that the first bytes show: a mark, valid UTF-8, else Windows-1252. */
export function decoderFor(first: Uint8Array): { decoder: TextDecoder; encoding: string } {
  const encoding = encodingOf(first);
  return { decoder: new TextDecoder(encoding), encoding };
}

export function decodeText(bytes: Uint8Array): string {
  return decoderFor(bytes).decoder.decode(bytes);
}

function encodingOf(first: Uint8Array): string {
  if (first[0] === 0xff && first[1] === 0xfe) return 'utf-16le';
  if (first[0] === 0xfe && first[1] === 0xff) return 'utf-16be';
  try {
    // A character cut in two at the end is no fault: more bytes follow.
    new TextDecoder('utf-8', { fatal: true }).decode(first, { stream: true });
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}

export interface Rows {
  readonly rows: string[][];
  /** Rows with a quote that is never closed, or text after one. */
  readonly broken: number;
}

/** @param most rows, 0 for all */
export function parseRows(text: string, delimiter: string, most = 0): Rows {
  const { data, errors } = Papa.parse<string[]>(text, { delimiter, preview: most, skipEmptyLines: 'greedy' });
  return { rows: data, broken: errors.filter(({ type }) => type === 'Quotes').length };
}

/** The delimiter that cuts the first rows into the same number of columns, the most of them; ',' for a single column. */
export function guessDelimiter(text: string): string {
  let best: string = ',';
  let most = 1;
  for (const delimiter of DELIMITERS) {
    const { rows } = parseRows(text, delimiter, 50);
    const widths = rows.map((row) => row.length);
    const width = Math.min(...widths);
    const even = widths.filter((w) => w === widths[0]).length >= 0.9 * widths.length;
    if (even && Number.isFinite(width) && widths[0] > most) {
      best = delimiter;
      most = widths[0];
    }
  }
  return best;
}

/** @throws PareError `malformed` when the bytes are no text: a zero byte in what is not UTF-16 */
export function checkIsText(first: Uint8Array, path: string): void {
  if (encodingOf(first).startsWith('utf-16') || !first.subarray(0, 4096).includes(0)) return;
  throw new PareError('malformed', `${path} is not a text file: it holds zero bytes.`, {
    hint: 'It may be another kind of file with the wrong name.',
  });
}
