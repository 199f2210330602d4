/**
 * Cells of a label column → classes, numbers or texts. It must not know files.
 *
 * Whole numbers from 0 up are classes, in the order of their values; other numbers are values; words are classes, except
 * where most of them are different: then they are texts.
 */
import { sortNames } from '../files/names.ts';
import { classColumn, NO_CLASS, NO_LABELS, numberColumn, textColumn } from './label-columns.ts';
import type { LabelColumn } from './label-columns.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';

/** Null where a sample has no label. */
export type Cells = readonly (string | null)[];

interface About {
  /** Of the column; undefined without one. */
  readonly header?: string | undefined;
  /** A name for people beside each number. */
  readonly titles?: Cells | undefined;
  readonly keyOf: (index: number) => string;
  readonly problems: ProblemLog;
}

const TEXT_HEADERS = new Set([
  'text',
  'transcription',
  'transcript',
  'caption',
  'sentence',
  'words',
  'string',
]);
const CLASS_HEADERS = new Set([
  'class',
  'category',
  'species',
  'class_name',
  'classname',
  'label_name',
  'name',
]);
const VALUE_HEADERS = new Set(['value', 'score', 'price', 'age', 'rating', 'amount', 'regression']);
/** Whole numbers under these names are classes only when there are few of them. */
const TARGET_HEADERS = new Set(['target', 'targets', 'y', 'output', 'result']);
const MANY_TARGETS = 30;
const TARGET_SHARE = 0.1;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Words are texts when more than this share of them is different … */
const TEXT_SHARE = 0.5;
/** … and there are enough of them to tell. */
const TEXT_MIN = 20;
/** A column called "text" holds classes only when its words repeat this often. */
const REPEATS = 10;
/** −1 among classes says "no label"; where more than this share is negative, the numbers are values. */
const NEGATIVE_SHARE = 0.2;

export const normalHeader = (header: string): string =>
  header
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');

/** The column that these cells are, with what is wrong in them as problems. */
export function labelsFromCells(cells: Cells, about: About): LabelColumn {
  const header = normalHeader(about.header ?? '');
  const given = cells.filter((cell) => cell !== null);
  if (given.length === 0) return NO_LABELS;
  if (TEXT_HEADERS.has(header) && !repeats(given)) return textColumn(cells);
  if (given.every((cell) => NUMBER.test(cell))) {
    return labelsFromValues(
      Float64Array.from(cells, (cell) => (cell === null ? NaN : Number(cell))),
      about,
    );
  }
  if (
    !CLASS_HEADERS.has(header) &&
    given.length >= TEXT_MIN &&
    new Set(given).size > TEXT_SHARE * given.length
  ) {
    return textColumn(cells);
  }
  return namedClasses(cells, sortNames(new Set(given)));
}

function repeats(given: readonly string[]): boolean {
  return given.length >= TEXT_MIN && new Set(given).size * REPEATS <= given.length;
}

/** Numbers (NaN: no label) of a column: classes or values. */
export function labelsFromValues(values: Float64Array, about: About): LabelColumn {
  const header = normalHeader(about.header ?? '');
  const distinct = new Set(values).size;
  const many = distinct > MANY_TARGETS && distinct > TARGET_SHARE * values.length;
  const measured = VALUE_HEADERS.has(header) || (TARGET_HEADERS.has(header) && many);
  const whole = values.every((value) => Number.isNaN(value) || Number.isInteger(value));
  return whole && !measured ? labelsFromNumbers(values, about) : numberColumn(values, 1);
}

/** Whole numbers (NaN: no label) as classes, where they can be; else values. */
export function labelsFromNumbers(values: Float64Array, about: Omit<About, 'header'>): LabelColumn {
  const distinct = new Set(values);
  distinct.delete(NaN);
  const signs = [...distinct].every((value) => value === 1 || value === -1);
  const negative = values.reduce((n, value) => (value < 0 ? n + 1 : n), 0);
  if (!signs && negative > NEGATIVE_SHARE * values.length) return numberColumn(values, 1);
  for (const [i, value] of values.entries()) {
    if (signs || !(value < 0)) continue;
    about.problems.add(
      'warning',
      'label-out-of-range',
      about.keyOf(i),
      (n) =>
        `${counted(n, 'label')} below 0: no class has such a number, so that ${n === 1 ? 'this sample counts' : 'these samples count'} as not labelled.`,
    );
  }
  const kept = [...distinct].filter((value) => signs || value >= 0).sort((a, b) => a - b);
  const position = new Map(kept.map((value, i) => [value, i]));
  const codes = Int32Array.from(values, (value) => position.get(value) ?? NO_CLASS);
  const names = kept.map(String);
  return classColumn(codes, names, titlesOf(codes, names, about));
}

/** Classes in the given order of names. */
export function namedClasses(cells: Cells, names: readonly string[]): LabelColumn {
  const position = new Map(names.map((name, i) => [name, i]));
  return classColumn(
    Int32Array.from(cells, (cell) => (cell === null ? NO_CLASS : (position.get(cell) ?? NO_CLASS))),
    names,
  );
}

function titlesOf(
  codes: Int32Array,
  names: readonly string[],
  about: Omit<About, 'header'>,
): string[] | undefined {
  const { titles, problems, keyOf } = about;
  if (titles === undefined) return undefined;
  const found = new Array<string>(names.length).fill('');
  for (const [i, title] of titles.entries()) {
    const code = codes[i];
    if (title === null || code === NO_CLASS) continue;
    if (found[code] === '') found[code] = title;
    else if (found[code] !== title) {
      problems.add(
        'note',
        'title-conflict',
        keyOf(i),
        (n) => `${counted(n, 'row')} with another name for the same class; the first name is shown.`,
      );
    }
  }
  return found.map((title, code) => (title === '' ? names[code] : title));
}
