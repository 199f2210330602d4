/**
 * Labels and groups of samples from the rows of a labels file: which column is what, and what does not fit the files. It
 * must not read files.
 */
import { sortNames } from '../files/names.ts';
import { folderOf } from '../files/names.ts';
import { NO_LABELS, numberColumn } from './label-columns.ts';
import type { GroupColumn, LabelColumn } from './label-columns.ts';
import { labelsFromCells, normalHeader } from './label-kind.ts';
import type { LabelTable } from './label-table.ts';
import type { PathIndex } from './path-index.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';

const LABEL_HEADERS =
  'label labels class target targets y category class_id classid label_id class_index category_id class_name gt ground_truth truth answer species text transcription transcript caption sentence words value'.split(
    ' ',
  );
const TITLE_HEADERS = [
  'name',
  'class_name',
  'label_name',
  'classname',
  'category_name',
  'title',
  'description',
];
/** label_0, y1, target_2 …: several numbers a sample. */
const ONE_OF_MANY = /^(labels?|targets?|y|value|out|output)[_.]?\d+$/;
/** More values than this do not group samples. */
const MAX_GROUP_VALUES = 50;
const MAX_GROUP_COLUMNS = 32;

interface Samples {
  readonly count: number;
  readonly keyOf: (index: number) => string;
}

export interface TableLabels {
  readonly labels: LabelColumn;
  readonly groups: readonly GroupColumn[];
}

/** @param index of the samples' paths */
export function labelsFromTable(
  table: LabelTable,
  samples: Samples,
  index: PathIndex,
  problems: ProblemLog,
): TableLabels {
  const width = table.rows.reduce((most, row) => Math.max(most, row.length), 0);
  const headers = Array.from({ length: width }, (_, c) => table.header?.[c] || `column ${c + 1}`);
  if (table.broken > 0) {
    problems.add(
      'warning',
      'broken-rows',
      table.path,
      () =>
        `${counted(table.broken, 'row')} of ${table.path} with quotes that do not close; read as far as they go.`,
    );
  }
  const roles = chooseColumns(headers, table);
  const rowOf = matchRows(table, samples, index, roles.label, problems);
  const cells = (column: number): (string | null)[] =>
    Array.from(rowOf, (row) => {
      const cell = row < 0 ? '' : (table.rows[row][column] ?? '').trim();
      return cell === '' ? null : cell;
    });
  const groups = roles.groups.flatMap((column) => groupFromCells(headers[column], cells(column), problems));
  return { labels: labelsOf(roles, headers, cells, samples, problems), groups };
}

interface Roles {
  readonly label: number;
  readonly titles: number;
  /** Columns of several numbers that are one label. */
  readonly vector: readonly number[];
  readonly groups: readonly number[];
}

function chooseColumns(headers: readonly string[], { header, fileColumn }: LabelTable): Roles {
  const names = headers.map(normalHeader);
  const others = names.map((_, c) => c).filter((c) => c !== fileColumn);
  const known = (list: readonly string[]): number =>
    list.map((name) => others.find((c) => names[c] === name) ?? -1).find((c) => c >= 0) ?? -1;
  const vector = header === null ? [] : others.filter((c) => ONE_OF_MANY.test(names[c]));
  const named = header === null ? -1 : known(LABEL_HEADERS);
  const label = named >= 0 ? named : vector.length > 1 ? -1 : (others[0] ?? -1);
  const title = header === null ? -1 : known(TITLE_HEADERS);
  const titles = title === label ? -1 : title;
  const taken = new Set([label, titles, ...(label < 0 ? vector : [])]);
  return { label, titles, vector, groups: others.filter((c) => !taken.has(c)).slice(0, MAX_GROUP_COLUMNS) };
}

function labelsOf(
  { label, titles, vector }: Roles,
  headers: readonly string[],
  cells: (column: number) => (string | null)[],
  { count, keyOf }: Samples,
  problems: ProblemLog,
): LabelColumn {
  if (label >= 0) {
    return labelsFromCells(cells(label), {
      header: headers[label],
      titles: titles < 0 ? undefined : cells(titles),
      keyOf,
      problems,
    });
  }
  if (vector.length === 0) return NO_LABELS;
  const values = new Float64Array(count * vector.length).fill(NaN);
  for (const [v, column] of vector.entries()) {
    for (const [i, cell] of cells(column).entries()) {
      if (cell !== null) values[i * vector.length + v] = Number(cell);
    }
  }
  return numberColumn(values, vector.length);
}

/** The row of each sample, −1 without one. */
function matchRows(
  table: LabelTable,
  { count, keyOf }: Samples,
  index: PathIndex,
  label: number,
  problems: ProblemLog,
): Int32Array {
  const rowOf = new Int32Array(count).fill(-1);
  const folder = folderOf(table.path);
  for (const [r, row] of table.rows.entries()) {
    const name = (row[table.fileColumn] ?? '').trim();
    const found = index.find(name, folder);
    if (found.kind === 'none') {
      problems.add(
        'warning',
        'file-missing',
        name,
        (n) => `${counted(n, 'row')} of ${table.path} for files that are not in the set.`,
      );
    } else if (found.kind === 'several') {
      problems.add(
        'warning',
        'label-ambiguous',
        name,
        (n) =>
          `${counted(n, 'row')} of ${table.path} with a name that several files have; write the folder before the name.`,
      );
    } else if (rowOf[found.file] < 0) {
      rowOf[found.file] = r;
    } else {
      noteRepeat(
        (table.rows[rowOf[found.file]][label] ?? '') === (row[label] ?? ''),
        keyOf(found.file),
        table.path,
        problems,
      );
    }
  }
  return rowOf;
}

function noteRepeat(same: boolean, key: string, path: string, problems: ProblemLog): void {
  if (same)
    problems.add(
      'note',
      'duplicate-row',
      key,
      (n) => `${counted(n, 'row')} of ${path} for a file that has one already, with the same label.`,
    );
  else
    problems.add(
      'warning',
      'label-conflict',
      key,
      (n) =>
        `${counted(n, 'row')} of ${path} with another label for a file that has one already; the first label counts.`,
    );
}

/** Nothing for a column without values, or with more than group samples. */
export function groupFromCells(
  name: string,
  cells: readonly (string | null)[],
  problems: ProblemLog,
): GroupColumn[] {
  const distinct = new Set(cells);
  distinct.delete(null);
  if (distinct.size === 0) return [];
  if (distinct.size > MAX_GROUP_VALUES) {
    problems.add(
      'note',
      'group-left-out',
      name,
      (n) =>
        `${counted(n, 'column')} with more than ${MAX_GROUP_VALUES} different values not used for grouping.`,
    );
    return [];
  }
  const values = sortNames([...distinct].filter((value) => value !== null));
  const position = new Map<string | null, number>(values.map((value, i) => [value, i]));
  return [{ name, values, codes: Int32Array.from(cells, (cell) => position.get(cell) ?? -1) }];
}
