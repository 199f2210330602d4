/**
 * A labels file as rows of text: delimited (comma, semicolon, tab, bar, space) or JSON in the shapes in use. It must not
 * know samples.
 */
import { PareError } from '../../core/errors.ts';
import { isMediaName } from './file-kinds.ts';
import { DELIMITERS, checkIsText, decodeText, parseRows } from '../files/table-text.ts';

export interface LabelTable {
  readonly path: string;
  /** Null where the first row is data already; names are made up then. */
  readonly header: readonly string[] | null;
  readonly rows: readonly (readonly string[])[];
  /** Which column names the files. */
  readonly fileColumn: number;
  /** Rows that name a file of the set; 0 when the names are of files that are not there. */
  readonly hits: number;
  readonly broken: number;
}

/** Whether a cell names a sample of the set. */
export type Names = (cell: string) => boolean;

const PREVIEW_ROWS = 200;
/** The name stands in one of the first columns. */
const MAX_COLUMNS = 64;
const FILE_HEADERS = new Set(
  'file filename file_name image image_path image_name image_id img path filepath file_path audio wav sample id'.split(
    ' ',
  ),
);
/** Words of a text can be file stems by chance; a label file names files in most of its rows. */
const MIN_SHARE = 0.2;

/** Undefined when the text does not list files. @throws PareError `malformed` when it is no text */
export function readLabelTable(path: string, bytes: Uint8Array, names: Names): LabelTable | undefined {
  checkIsText(bytes, path);
  const text = decodeText(bytes);
  let best: (FileColumn & { delimiter: string }) | undefined;
  for (const delimiter of [...DELIMITERS, ' ']) {
    const found = fileColumnOf(parseRows(text, delimiter, PREVIEW_ROWS).rows, names);
    if (found !== undefined && (best === undefined || isBetter(found, best))) best = { delimiter, ...found };
  }
  if (best === undefined) return undefined;
  const { rows, broken } = parseRows(text, best.delimiter);
  return { path, ...bodyOf(rows, best.column, names), fileColumn: best.column, broken };
}

interface FileColumn {
  readonly column: number;
  /** Cells that name a file of the set. */
  readonly hits: number;
  /** Cells that look like names of pictures, sounds or arrays. */
  readonly looks: number;
}

function isBetter(a: FileColumn, b: FileColumn): boolean {
  return a.hits > b.hits || (a.hits === b.hits && a.looks > b.looks);
}

/** Names of the set in many rows; or names of files by their look: the set may hold only some of the listed ones. */
function fileColumnOf(rows: readonly (readonly string[])[], names: Names): FileColumn | undefined {
  const widest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  // A single column lists files and says nothing about them.
  if (widest < 2) return undefined;
  let best: FileColumn | undefined;
  for (let column = 0; column < Math.min(widest, MAX_COLUMNS); column++) {
    const cells = rows.map((row) => row[column] ?? '');
    const found = { column, hits: count(cells, names), looks: count(cells, isMediaName) };
    if (best === undefined || isBetter(found, best)) best = found;
  }
  const enough = MIN_SHARE * Math.max(1, rows.length - 1);
  return best !== undefined &&
    ((best.hits > 0 && best.hits >= enough) || (best.looks > 0 && best.looks >= enough))
    ? best
    : undefined;
}

function count(cells: readonly string[], is: Names): number {
  return cells.reduce((n, cell) => (is(cell) ? n + 1 : n), 0);
}

function bodyOf(
  all: readonly (readonly string[])[],
  column: number,
  names: Names,
): Pick<LabelTable, 'header' | 'rows' | 'hits'> {
  const body = splitHeader(all, column, names);
  return {
    ...body,
    hits: count(
      body.rows.map((row) => row[column] ?? ''),
      names,
    ),
  };
}

function splitHeader(
  rows: readonly (readonly string[])[],
  column: number,
  names: Names,
): Pick<LabelTable, 'header' | 'rows'> {
  const [first] = rows;
  const cell = first[column] ?? '';
  const isHeader =
    !names(cell) && (FILE_HEADERS.has(cell.trim().toLowerCase()) || !/\.[a-z0-9]{2,5}$/i.test(cell));
  return isHeader
    ? { header: first.map((name) => name.trim()), rows: rows.slice(1) }
    : { header: null, rows };
}

/**
 * An array of objects or pairs, or { file: label }, also below one name ("labels", "data").
 * @param value parsed JSON
 */
export function readLabelJson(path: string, value: unknown, names: Names): LabelTable | undefined {
  const rows = objectsOf(value);
  if (rows === undefined || rows.length === 0) return undefined;
  const header = [...new Set(rows.slice(0, PREVIEW_ROWS).flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => header.map((name) => row[name] ?? ''));
  const found = fileColumnOf(cells.slice(0, PREVIEW_ROWS), names);
  if (found === undefined) return undefined;
  const hits = count(
    cells.map((row) => row[found.column]),
    names,
  );
  return { path, header, rows: cells, fileColumn: found.column, hits, broken: 0 };
}

type Row = Readonly<Record<string, string>>;

function objectsOf(value: unknown, deep = true): Row[] | undefined {
  if (Array.isArray(value))
    return value.map((item: unknown) => rowOf(Array.isArray(item) ? pairOf(item) : item));
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value);
  const inner = entries.find(([key, item]) => isInner(key, item))?.[1] as unknown;
  if (deep && inner !== undefined) return objectsOf(inner, false);
  return entries.map(([file, item]: [string, unknown]) => ({
    file,
    ...rowOf(typeof item === 'object' && item !== null && !Array.isArray(item) ? item : { label: item }),
  }));
}

function isInner(key: string, item: unknown): boolean {
  return (
    ['labels', 'data', 'samples', 'items', 'files'].includes(key) && typeof item === 'object' && item !== null
  );
}

function pairOf(item: readonly unknown[]): unknown {
  return item.length === 2
    ? { file: item[0], label: item[1] }
    : Object.fromEntries(item.map((cell, i) => [`column ${i + 1}`, cell]));
}

/** Plain values as text; a list of numbers as target_0, target_1 …; what is nested deeper is not a label. */
function rowOf(item: unknown): Row {
  const row: Record<string, string> = {};
  if (typeof item !== 'object' || item === null) return row;
  for (const [key, value] of Object.entries(item) as [string, unknown][]) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      row[key] = String(value);
    else if (Array.isArray(value) && value.every((v) => typeof v === 'number')) {
      for (const [i, v] of value.entries()) row[`target_${i}`] = String(v);
    }
  }
  return row;
}

/** @throws PareError `malformed` in words of the parser */
export function parseJson(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(bytes)) as unknown;
  } catch (cause) {
    throw new PareError(
      'malformed',
      `${path} is not valid JSON (${cause instanceof Error ? cause.message : 'unreadable'}).`,
      { cause },
    );
  }
}
