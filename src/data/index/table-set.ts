/**
 * Sets from one table or one list of texts: rows of numbers, or texts for models that take tokens. It must not know
 * pictures.
 */
import { PareError } from '../../core/errors.ts';
import type { FileSet } from '../files/file-set.ts';
import { MAX_FILE_BYTES, gunzip } from '../files/inflate.ts';
import { baseName, stemOf } from '../files/names.ts';
import type { Checkpoint, DataFile, RawValue } from '../types.ts';
import { isMediaName, kindOf, withoutGz } from './file-kinds.ts';
import { NO_LABELS, numberColumn } from './label-columns.ts';
import type { GroupColumn, LabelColumn } from './label-columns.ts';
import { labelsFromCells, labelsFromValues, normalHeader } from './label-kind.ts';
import type { Picked } from './picked.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';
import { readColumns } from './table-columns.ts';
import type { NumberColumn, TableColumn, TableColumns, WordColumn } from './table-columns.ts';
import { groupFromCells } from './table-labels.ts';
import { readLines } from './text-lines.ts';

const LABEL_HEADERS =
  'label labels class target targets y category class_id label_id outcome species diagnosis answer score value'.split(
    ' ',
  );
const TEXT_HEADERS =
  /^(text|texts|sentence_?\d?|question_?\d?|review|content|premise|hypothesis|message|body|comment|tweet|query|passage|context|title|input|document|utterance)$/;
const VECTOR = /^(labels?|targets?|y)[_.]?\d+$/;
/** A column of words is the label only when its words repeat. */
const LABEL_SHARE = 0.5;

interface Ports {
  readonly problems: ProblemLog;
  readonly checkpoint: Checkpoint;
}

/** Undefined when there is neither table nor list. @throws PareError when the largest one cannot be used */
export async function tableSet(set: FileSet, ports: Ports): Promise<Picked | undefined> {
  const file = largest(set, 'table') ?? largest(set, 'text');
  if (file === undefined) return undefined;
  const path = set.paths[file];
  const source = await sourceOf(set, file);
  const table =
    kindOf(path) === 'table'
      ? await readColumns(source, ports.problems, ports.checkpoint)
      : await readLines(source, ports);
  const keyOf = (index: number): string => `${stemOf(withoutGz(path))}[${index}]`;
  const roles = chooseRoles(table, path);
  const hasTokenizer = set.paths.some((other) => baseName(other) === 'tokenizer.json');
  const asTexts = roles.texts.length > 0 && (hasTokenizer || roles.numbers.length === 0);
  if (!asTexts && roles.numbers.length === 0) throw notData(path);
  if (asTexts && !hasTokenizer) {
    ports.problems.add(
      'note',
      'no-tokenizer',
      null,
      () => 'These are texts. A model that takes tokens needs its tokenizer.json among the files.',
    );
  }
  const labels = labelsOf(roles, table, keyOf, ports.problems);
  const groups = groupsOf(
    asTexts ? roles.words.filter((column) => !roles.texts.includes(column)) : roles.words,
    ports.problems,
  );
  const common = { name: set.name, bytes: set.bytes, length: table.rows, labels, groups, keyOf };
  const parts = asTexts
    ? { ...common, ...textParts(roles.texts, keyOf) }
    : { ...common, ...numberParts(roles.numbers, keyOf) };
  if (asTexts && roles.numbers.length > 0) noteColumns(roles.numbers, ports.problems);
  return { parts, used: [file] };
}

function largest(set: FileSet, kind: 'table' | 'text'): number | undefined {
  let best: number | undefined;
  for (const [file, path] of set.paths.entries()) {
    if (kindOf(path) !== kind || set.size(file) === 0) continue;
    if (
      kind === 'text' &&
      /^(classes|keys|alphabet|vocab|merges|readme|license|requirements)|\.names$/i.test(baseName(path))
    )
      continue;
    if (best === undefined || set.size(file) > set.size(best)) best = file;
  }
  return best;
}

async function sourceOf(set: FileSet, file: number): Promise<DataFile> {
  const path = set.paths[file];
  const packed = /\.gz$/i.test(path);
  const ranged = packed ? undefined : await set.ranged(file);
  if (ranged !== undefined) return ranged;
  const stored = await set.read(file, MAX_FILE_BYTES);
  const bytes = packed ? gunzip(path, stored, MAX_FILE_BYTES) : stored;
  return { path, bytes: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}

interface Roles {
  readonly label: TableColumn | undefined;
  /** Several columns of numbers that are one label. */
  readonly vector: readonly NumberColumn[];
  /** What a model would take. */
  readonly numbers: readonly NumberColumn[];
  readonly texts: readonly WordColumn[];
  /** All columns of words that are not the label. */
  readonly words: readonly WordColumn[];
}

function chooseRoles({ columns, rows, hasHeader }: TableColumns, path: string): Roles {
  const words = columns.filter((column) => column.kind === 'words');
  const media = words.find(
    (column) => column.words.length > 0 && column.words.slice(0, 50).every(isMediaName),
  );
  if (media !== undefined) {
    throw new PareError('data-invalid', `${path} names files (${media.words[0]}) that are not in the set.`, {
      hint: 'Add the files together with it: the folder, or a zip that holds both.',
    });
  }
  const named = hasHeader
    ? LABEL_HEADERS.map((name) => columns.find((column) => normalHeader(column.name) === name)).find(
        (column) => column !== undefined,
      )
    : undefined;
  const numeric = columns.filter((column) => column.kind === 'numbers');
  const vector =
    named === undefined && hasHeader ? numeric.filter(({ name }) => VECTOR.test(normalHeader(name))) : [];
  const several = vector.length > 1 ? vector : [];
  const label = named ?? (several.length > 0 ? undefined : guessLabel(words, columns, rows));
  const others = words.filter((column) => column !== label);
  const byName = others.filter(({ name }) => TEXT_HEADERS.test(normalHeader(name)));
  const mostDistinct = others.reduce<WordColumn | undefined>(
    (a, b) => (a === undefined || b.words.length > a.words.length ? b : a),
    undefined,
  );
  return {
    label,
    vector: several,
    numbers: numeric.filter((column) => column !== label && !several.includes(column)),
    texts: byName.length > 0 ? byName : mostDistinct === undefined ? [] : [mostDistinct],
    words: others,
  };
}

/** The only column of words beside numbers, or the last column, when its words repeat. */
function guessLabel(
  words: readonly WordColumn[],
  columns: readonly TableColumn[],
  rows: number,
): TableColumn | undefined {
  const last = columns.at(-1);
  const [only] =
    words.length === 1 && columns.length > 1
      ? words
      : words.filter((column) => column === last && words.length > 1);
  if (only === undefined || TEXT_HEADERS.test(normalHeader(only.name))) return undefined;
  return only.words.length <= LABEL_SHARE * rows || only.words.length <= 2 ? only : undefined;
}

function labelsOf(
  { label, vector }: Roles,
  { rows }: TableColumns,
  keyOf: (index: number) => string,
  problems: ProblemLog,
): LabelColumn {
  if (label?.kind === 'numbers')
    return labelsFromValues(label.values, { header: label.name, keyOf, problems });
  if (label?.kind === 'words')
    return labelsFromCells(cellsOf(label), { header: label.name, keyOf, problems });
  if (vector.length === 0) return NO_LABELS;
  const values = new Float64Array(rows * vector.length);
  for (const [v, column] of vector.entries()) {
    for (let i = 0; i < rows; i++) values[i * vector.length + v] = column.values[i];
  }
  return numberColumn(values, vector.length);
}

function cellsOf({ codes, words }: WordColumn): (string | null)[] {
  return Array.from(codes, (code) => (code < 0 ? null : words[code]));
}

function groupsOf(columns: readonly WordColumn[], problems: ProblemLog): GroupColumn[] {
  return columns.flatMap((column) => groupFromCells(column.name, cellsOf(column), problems));
}

function numberParts(columns: readonly NumberColumn[], keyOf: (index: number) => string) {
  const row = (index: number): Float64Array => Float64Array.from(columns, ({ values }) => values[index]);
  const read = (index: number): Promise<Map<string, RawValue>> => {
    const values = row(index);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      return Promise.reject(
        new PareError('data-invalid', `${keyOf(index)} has no number in column "${columns[bad].name}".`, {
          hint: 'Fill in or leave out rows with missing values.',
        }),
      );
    }
    return Promise.resolve(
      new Map([['columns', { kind: 'array', dataType: 'float64', dims: [columns.length], values }]]),
    );
  };
  const names = columns.map(({ name }) => name);
  return {
    kind: 'table' as const,
    sources: [
      {
        name: 'columns',
        kind: 'columns' as const,
        dataType: 'float64' as const,
        dims: [columns.length],
        columns: names,
      },
    ],
    read,
    readBytes: (index: number) => Promise.resolve(new Uint8Array(row(index).buffer)),
  };
}

function textParts(columns: readonly WordColumn[], keyOf: (index: number) => string) {
  const text = ({ codes, words }: WordColumn, index: number): string =>
    codes[index] < 0 ? '' : words[codes[index]];
  const read = (index: number): Promise<Map<string, RawValue>> => {
    const values = columns.map((column): [string, RawValue] => [
      column.name,
      { kind: 'text', text: text(column, index) },
    ]);
    return columns.every((column) => column.codes[index] < 0)
      ? Promise.reject(new PareError('data-invalid', `${keyOf(index)} has no text.`))
      : Promise.resolve(new Map(values));
  };
  return {
    kind: 'text' as const,
    sources: columns.map(({ name }) => ({ name, kind: 'text' as const })),
    read,
    readBytes: (index: number) =>
      Promise.resolve(new TextEncoder().encode(columns.map((column) => text(column, index)).join('\0'))),
  };
}

function noteColumns(columns: readonly NumberColumn[], problems: ProblemLog): void {
  for (const { name } of columns)
    problems.add(
      'note',
      'unused-column',
      name,
      (n) => `${counted(n, 'column')} of numbers beside the texts not used.`,
    );
}

function notData(path: string): PareError {
  return new PareError('data-invalid', `${path} has neither columns of numbers nor texts.`, {
    hint: 'A table has a column for each number that the model takes, and one named label or target.',
  });
}
