/**
 * The columns of a table as typed lists: numbers as numbers, words each written once. 100,000 rows of 50 columns take
 * 40 MB. It must not know which column is the label.
 */
import { PareError } from '../../core/errors.ts';
import { rowPieces } from '../files/table-stream.ts';
import { guessDelimiter, parseRows } from '../files/table-text.ts';
import type { Checkpoint, DataFile } from '../types.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';

/** 800 MB of numbers; more belongs into arrays, which are read in pieces. */
const MAX_CELLS = 100_000_000;
const MAX_CHARACTERS = 256 * 1024 * 1024;
const MAX_COLUMNS = 20_000;
/** Rows that decide what a column is. */
const LOOK_ROWS = 1000;
/** A column with this share of numbers is one of numbers; the other cells are told and missing. */
const NUMBER_SHARE = 0.9;
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?', '-', '#n/a', 'inf', '-inf']);
const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const COMMA = /^[+-]?\d+,\d+(e[+-]?\d+)?$/i;

export interface NumberColumn {
  readonly kind: 'numbers';
  readonly name: string;
  /** NaN where the cell is empty or no number. */
  readonly values: Float64Array;
}

export interface WordColumn {
  readonly kind: 'words';
  readonly name: string;
  readonly words: readonly string[];
  /** Position in `words`, −1 for an empty cell. */
  readonly codes: Int32Array;
}

export type TableColumn = NumberColumn | WordColumn;

export interface TableColumns {
  readonly columns: readonly TableColumn[];
  readonly rows: number;
  readonly hasHeader: boolean;
}

/** @throws PareError `malformed` when it is no table, `too-large`, what reading and the checkpoint throw */
export async function readColumns(
  file: DataFile,
  problems: ProblemLog,
  checkpoint: Checkpoint,
): Promise<TableColumns> {
  let table: Builder | undefined;
  for await (const { text, fraction, encoding } of rowPieces(file)) {
    table ??= new Builder(file.path, text, problems);
    if (encoding === 'windows-1252' && fraction <= 1 && table.rows === 0) {
      problems.add('note', 'encoding', file.path, () => `${file.path} is not UTF-8; read as Windows-1252.`);
    }
    table.add(text);
    await checkpoint(fraction, `reading ${file.path}`);
  }
  if (table === undefined || table.rows === 0) {
    throw new PareError('data-invalid', `${file.path} holds no rows.`, {
      hint: 'A table has a header and a row for each sample.',
    });
  }
  return { columns: table.finish(), rows: table.rows, hasHeader: table.hasHeader };
}

class Builder {
  rows = 0;
  readonly hasHeader: boolean;
  readonly #path: string;
  readonly #problems: ProblemLog;
  readonly #delimiter: string;
  readonly #columns: Growing[];
  #skipFirst: boolean;
  #characters = 0;

  constructor(path: string, text: string, problems: ProblemLog) {
    this.#path = path;
    this.#problems = problems;
    this.#delimiter = guessDelimiter(text);
    const { rows } = parseRows(text, this.#delimiter, LOOK_ROWS);
    if (rows.length === 0) throw new PareError('data-invalid', `${path} holds no rows.`);
    if (rows[0].length > MAX_COLUMNS)
      throw new PareError(
        'too-large',
        `${path} has ${rows[0].length} columns; up to ${MAX_COLUMNS} are read.`,
      );
    const comma = this.#delimiter !== ',';
    this.hasHeader = firstIsHeader(rows, comma);
    this.#skipFirst = this.hasHeader;
    const body = this.hasHeader ? rows.slice(1) : rows;
    this.#columns = uniqueNames(rows[0], this.hasHeader).map((name, c) =>
      isNumeric(body, c, comma) ? new Numbers(name, comma) : new Words(name),
    );
  }

  add(text: string): void {
    const { rows, broken } = parseRows(text, this.#delimiter);
    if (broken > 0)
      this.#tell(
        'broken-rows',
        (n) => `${counted(n, 'row')} with quotes that do not close; read as far as they go.`,
      );
    for (const row of rows) {
      if (this.#skipFirst) this.#skipFirst = false;
      else this.#addRow(row);
    }
    if (this.rows * this.#columns.length > MAX_CELLS || this.#characters > MAX_CHARACTERS) {
      throw new PareError(
        'too-large',
        `${this.#path} is larger than tables that are held in memory (${MAX_CELLS / 1e6} million cells).`,
        {
          hint: 'Save it as a .npy or .npz array, which is read in pieces.',
        },
      );
    }
  }

  finish(): TableColumn[] {
    return this.#columns.map((column) => column.finish(this.rows));
  }

  #addRow(row: readonly string[]): void {
    const columns = this.#columns;
    if (row.length !== columns.length)
      this.#tell(
        'row-width',
        (n) =>
          `${counted(n, 'row')} with more or fewer cells than the first row has; cells beyond are left out, absent ones are missing.`,
      );
    for (let c = 0; c < columns.length; c++) {
      const cell = c < row.length ? row[c].trim() : '';
      const outcome = columns[c].add(cell, this.rows);
      if (outcome === 'not-a-number')
        this.#tell(
          'not-a-number',
          (n) => `${counted(n, 'cell')} in columns of numbers hold something else; these values are missing.`,
        );
      else this.#characters += outcome;
    }
    this.rows++;
  }

  #tell(code: string, sentence: (n: number) => string): void {
    this.#problems.add('warning', code, `${this.#path} row ${this.rows + 1}`, sentence);
  }
}

interface Growing {
  /** Characters that are kept for it, or that it is no number. */
  add(cell: string, row: number): number | 'not-a-number';
  finish(rows: number): TableColumn;
}

class Numbers implements Growing {
  readonly #name: string;
  readonly #comma: boolean;
  #values = new Float64Array(1024);

  constructor(name: string, comma: boolean) {
    this.#name = name;
    this.#comma = comma;
  }

  add(cell: string, row: number): number | 'not-a-number' {
    if (row >= this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    const value = numberOf(cell, this.#comma);
    this.#values[row] = value;
    return Number.isNaN(value) && !MISSING.has(cell.toLowerCase()) ? 'not-a-number' : 0;
  }

  finish(rows: number): TableColumn {
    return { kind: 'numbers', name: this.#name, values: this.#values.slice(0, rows) };
  }
}

class Words implements Growing {
  readonly #name: string;
  readonly #position = new Map<string, number>();
  #codes = new Int32Array(1024);

  constructor(name: string) {
    this.#name = name;
  }

  add(cell: string, row: number): number {
    if (row >= this.#codes.length) {
      const larger = new Int32Array(this.#codes.length * 2);
      larger.set(this.#codes);
      this.#codes = larger;
    }
    if (cell === '') {
      this.#codes[row] = -1;
      return 0;
    }
    const known = this.#position.get(cell);
    if (known !== undefined) {
      this.#codes[row] = known;
      return 0;
    }
    this.#codes[row] = this.#position.size;
    // A cell is a slice of its piece and would keep all of it; this makes a string of its own.
    this.#position.set((' ' + cell).slice(1), this.#position.size);
    return cell.length;
  }

  finish(rows: number): TableColumn {
    return {
      kind: 'words',
      name: this.#name,
      words: [...this.#position.keys()],
      codes: this.#codes.slice(0, rows),
    };
  }
}

function numberOf(cell: string, comma: boolean): number {
  if (PLAIN.test(cell)) return Number(cell);
  return comma && COMMA.test(cell) ? Number(cell.replace(',', '.')) : NaN;
}

function isNumeric(rows: readonly (readonly string[])[], column: number, comma: boolean): boolean {
  const given = rows
    .map((row) => (row[column] ?? '').trim())
    .filter((cell) => !MISSING.has(cell.toLowerCase()));
  const numbers = given.filter((cell) => !Number.isNaN(numberOf(cell, comma)));
  return given.length > 0 && numbers.length >= NUMBER_SHARE * given.length;
}

/** Words above a column of numbers, or names that only headers have. */
function firstIsHeader(rows: readonly (readonly string[])[], comma: boolean): boolean {
  const [first] = rows;
  const cells = first.map((cell) => cell.trim());
  if (cells.some((cell) => cell !== '' && !Number.isNaN(numberOf(cell, comma)))) return false;
  if (rows.length > 1 && cells.some((_, c) => isNumeric(rows.slice(1), c, comma))) return true;
  return cells.some((cell) =>
    /^(text|sentence\d?|label|labels|class|target|category|file|filename|image|path|review|question\d?|y)$/i.test(
      cell,
    ),
  );
}

function uniqueNames(first: readonly string[], hasHeader: boolean): string[] {
  const seen = new Set<string>();
  return first.map((cell, c) => {
    const wanted = hasHeader && cell.trim() !== '' ? cell.trim() : `column ${c + 1}`;
    let name = wanted;
    for (let n = 2; seen.has(name); n++) name = `${wanted} ${n}`;
    seen.add(name);
    return name;
  });
}
