/** A list of texts, one a line, or "text<tab>label". It must not know tables. */
import { PareError } from '../../core/errors.ts';
import { rowPieces } from '../files/table-stream.ts';
import type { Checkpoint, DataFile } from '../types.ts';
import type { ProblemLog } from './problem-log.ts';
import { readColumns } from './table-columns.ts';
import type { TableColumns } from './table-columns.ts';

const MAX_CHARACTERS = 256 * 1024 * 1024;
const LOOK_LINES = 50;

interface Ports {
  readonly problems: ProblemLog;
  readonly checkpoint: Checkpoint;
}

/** @throws PareError `data-invalid` without a line, `too-large`; as rowPieces does */
export async function readLines(file: DataFile, { problems, checkpoint }: Ports): Promise<TableColumns> {
  if (await hasTabs(file)) return readColumns(file, problems, checkpoint);
  const position = new Map<string, number>();
  const codes: number[] = [];
  let characters = 0;
  for await (const { text, fraction } of rowPieces(file)) {
    await checkpoint(fraction, `reading ${file.path}`);
    for (const raw of text.split('\n')) {
      const line = raw.trim();
      if (line === '') continue;
      const known = position.get(line) ?? position.size;
      if (known === position.size) position.set(line, known);
      codes.push(known);
      characters += line.length;
    }
    if (characters > MAX_CHARACTERS) {
      throw new PareError(
        'too-large',
        `${file.path} has more text than is held in memory (256 million characters).`,
      );
    }
  }
  if (codes.length === 0) throw new PareError('data-invalid', `${file.path} holds no text.`);
  const column = {
    kind: 'words' as const,
    name: 'text',
    words: [...position.keys()],
    codes: Int32Array.from(codes),
  };
  return { columns: [column], rows: codes.length, hasHeader: false };
}

/** Every one of the first lines has the same number of tabs, and some. */
async function hasTabs(file: DataFile): Promise<boolean> {
  for await (const { text } of rowPieces(file)) {
    const tabs = text
      .split('\n', LOOK_LINES)
      .filter((line) => line.trim() !== '')
      .map((line) => line.split('\t').length);
    return tabs.length > 0 && tabs[0] > 1 && tabs.every((n) => n === tabs[0]);
  }
  return false;
}
