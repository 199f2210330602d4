/**
 * Which of several arrays is the label, and what its values are: classes, numbers, one-hot rows, strings. It must not
 * know files.
 */
import { PareError } from '../../core/errors.ts';
import { elementCount } from '../../core/tensor/dtype.ts';
import type { DataType } from '../../core/tensor/dtype.ts';
import { rowText } from '../files/stored-array.ts';
import type { StoredArray } from '../files/stored-array.ts';
import type { Checkpoint } from '../types.ts';
import { NO_CLASS, NO_LABELS, classColumn, numberColumn } from './label-columns.ts';
import type { LabelColumn } from './label-columns.ts';
import { labelsFromCells, labelsFromNumbers } from './label-kind.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';

const LABEL_NAME = /^(y|ys|labels?|targets?|class(es)?|categor(y|ies)|class_?ids?|gt|truth|answers?)$/;
const INTEGERS: ReadonlySet<DataType> = new Set([
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'bool',
]);
/** Labels are held in memory, a few numbers a sample. */
const MAX_LABEL_VALUES = 64 * 1024 * 1024;
/** Wider rows are no label vectors but data (a picture to be made, a mask). */
const MAX_LABEL_WIDTH = 100_000;
/** Labels are read in blocks of rows: one request a row would be slow for a million of them. */
const CHECK_EVERY = 4096;

/** "y_test", "labels", "train_y" … without the part and the separators. */
export function isLabelName(name: string): boolean {
  const bare = name
    .toLowerCase()
    .split(/[-_.\s]+/)
    .filter((word) => !/^(train|test|val|valid|t10k|true|arr|idx\d?|ubyte)$/.test(word))
    .join('_');
  return LABEL_NAME.test(bare);
}

/** By name; else the one list of whole numbers beside arrays of more than one number a sample. */
export function chooseLabel(arrays: readonly StoredArray[]): StoredArray | undefined {
  const named = arrays.filter(({ name }) => isLabelName(name));
  if (named.length > 0)
    return arrays.length > 1
      ? named.reduce((a, b) => (elementCount(b.rowDims) < elementCount(a.rowDims) ? b : a))
      : undefined;
  const lists = arrays.filter(
    ({ rowDims, layout }) =>
      elementCount(rowDims) === 1 && (INTEGERS.has(layout.dataType) || layout.text !== undefined),
  );
  const others = arrays.filter((array) => elementCount(array.rowDims) > 1);
  return lists.length === 1 && others.length > 0 ? lists[0] : undefined;
}

interface Ports {
  readonly keyOf: (index: number) => string;
  readonly problems: ProblemLog;
  readonly checkpoint: Checkpoint;
}

/** @throws PareError when the array cannot be read */
export async function labelsFromArray(array: StoredArray, ports: Ports): Promise<LabelColumn> {
  const width = elementCount(array.rowDims);
  if (array.layout.text !== undefined) return labelsFromCells(await readTexts(array, ports), { ...ports });
  if (width > MAX_LABEL_WIDTH || width * array.rows > MAX_LABEL_VALUES) {
    throw new PareError('too-large', `${array.path} has ${width} numbers a sample, too many for a label.`);
  }
  const values = await readAll(array, width, ports);
  if (width === 0) return NO_LABELS;
  if (width > 1) return oneHot(values, width) ?? numberColumn(values, width);
  const lost = values.reduce((n, value) => (Number.isFinite(value) ? n : n + 1), 0);
  if (lost > 0) {
    ports.problems.add(
      'warning',
      'not-finite',
      array.path,
      () =>
        `${counted(lost, 'label')} of ${array.path} not finite (NaN or infinite); these samples count as not labelled.`,
    );
  }
  const clean = values.map((value) => (Number.isFinite(value) ? value : NaN));
  const whole = clean.every((value) => Number.isNaN(value) || Number.isInteger(value));
  if (!whole) return numberColumn(clean, 1);
  // Floats that happen to be whole are classes only when they repeat: 0.0, 1.0, 2.0; not 311.0, 275.0, 198.0.
  const repeat = new Set(clean).size * 2 <= clean.length;
  return INTEGERS.has(array.layout.dataType) || repeat
    ? labelsFromNumbers(clean, ports)
    : numberColumn(clean, 1);
}

async function readAll(array: StoredArray, width: number, { checkpoint }: Ports): Promise<Float64Array> {
  const values = new Float64Array(array.rows * width);
  for (let i = 0; i < array.rows; i++) {
    if (i % CHECK_EVERY === 0) await checkpoint(i / array.rows, `reading the labels of ${array.path}`);
    const row = await array.readRow(i);
    for (let k = 0; k < width; k++) values[i * width + k] = Number(row[k]);
  }
  return values;
}

async function readTexts(array: StoredArray, { checkpoint }: Ports): Promise<(string | null)[]> {
  const texts: (string | null)[] = [];
  for (let i = 0; i < array.rows; i++) {
    if (i % CHECK_EVERY === 0) await checkpoint(i / array.rows, `reading the labels of ${array.path}`);
    const text = rowText(await array.readRowBytes(i), array.layout).trim();
    texts.push(text === '' ? null : text);
  }
  return texts;
}

/** Rows of zeros with a single one. */
function oneHot(values: Float64Array, width: number): LabelColumn | undefined {
  const rows = values.length / width;
  const codes = new Int32Array(rows).fill(NO_CLASS);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < width; k++) {
      const value = values[i * width + k];
      if (value === 1 && codes[i] === NO_CLASS) codes[i] = k;
      else if (value !== 0) return undefined;
    }
    if (codes[i] === NO_CLASS) return undefined;
  }
  return classColumn(
    codes,
    Array.from({ length: width }, (_, k) => String(k)),
  );
}
