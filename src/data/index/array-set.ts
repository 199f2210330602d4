/**
 * Sets of arrays with samples along their first axis: .npz, .npy files, IDX pairs. Samples are read row by row. It must
 * not know how the formats look.
 */
import type { DataSource } from '../../core/dataset/types.ts';
import { PareError } from '../../core/errors.ts';
import { elementCount } from '../../core/tensor/dtype.ts';
import type { FileSet } from '../files/file-set.ts';
import { readIdxHeader } from '../files/idx.ts';
import { MAX_ARRAY_BYTES, gunzip } from '../files/inflate.ts';
import { baseName, compareText, stemOf } from '../files/names.ts';
import { readNpyHeader } from '../files/npy.ts';
import { storedArray } from '../files/stored-array.ts';
import type { StoredArray } from '../files/stored-array.ts';
import { openZip } from '../files/zip-archive.ts';
import type { Checkpoint, DataFile, RawValue } from '../types.ts';
import { chooseLabel, isLabelName, labelsFromArray } from './array-labels.ts';
import { arrayValue } from './array-value.ts';
import { kindOf, withoutGz } from './file-kinds.ts';
import { NO_LABELS } from './label-columns.ts';
import type { LabelColumn } from './label-columns.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';
import type { Picked } from './picked.ts';

/** Arrays beside each other in one set; more files are one sample each, or something else. */
const MAX_ARRAYS = 64;
const PART = /(^|[-_./])(train|test|t10k|val|valid|validation|dev)(?=$|[-_./\d])/i;

interface Ports {
  readonly problems: ProblemLog;
  readonly checkpoint: Checkpoint;
}

export interface OpenArrays {
  readonly arrays: readonly StoredArray[];
  /** Numbers of the files that were looked into. */
  readonly files: readonly number[];
  /** Samples that these would give. */
  readonly rows: number;
}

/** Opens the headers of all array files; what cannot be used is a problem. */
export async function openArrays(set: FileSet, files: readonly number[], ports: Ports): Promise<OpenArrays> {
  const arrays: StoredArray[] = [];
  let held = 0;
  const hold = (bytes: number): void => {
    held += bytes;
    if (held > MAX_ARRAY_BYTES) throw tooMuch();
  };
  const opened = [...files].sort((a, b) => compareText(set.paths[a], set.paths[b])).slice(0, MAX_ARRAYS);
  for (const file of opened) {
    const path = set.paths[file];
    await ports.checkpoint(arrays.length / files.length, `opening ${path}`);
    try {
      if (kindOf(path) === 'npz')
        arrays.push(...(await openNpz(await unpacked(set, file, hold), hold, ports)));
      else arrays.push(await openOne(await unpacked(set, file, hold), stemOf(withoutGz(path)), kindOf(path)));
    } catch (cause) {
      noteArray(path, cause, ports.problems);
    }
  }
  return { arrays, files: opened, rows: arrays.reduce((most, { rows }) => Math.max(most, rows), 0) };
}

function noteArray(path: string, cause: unknown, problems: ProblemLog): void {
  if (!(cause instanceof PareError) || cause.code === 'cancelled') throw cause;
  problems.add(
    'error',
    'unreadable-array',
    path,
    () => [cause.message, cause.hint].filter((s) => s !== undefined).join(' '),
    path,
  );
}

/** The file for reads in ranges: as it is stored, or unpacked in memory. */
async function unpacked(set: FileSet, file: number, hold: (bytes: number) => void): Promise<DataFile> {
  const path = set.paths[file];
  if (/\.gz$/i.test(path)) {
    const bytes = gunzip(path, await set.read(file, MAX_ARRAY_BYTES), MAX_ARRAY_BYTES);
    hold(bytes.length);
    return memoryFile(path, bytes);
  }
  const ranged = await set.ranged(file);
  if (ranged !== undefined) return renamed(ranged, path);
  hold(set.size(file));
  return memoryFile(path, await set.read(file, MAX_ARRAY_BYTES));
}

/** Errors name the file as the set does. */
function renamed(file: DataFile, path: string): DataFile {
  return { path, bytes: file.bytes, read: (start, end) => file.read(start, end) };
}

function memoryFile(path: string, bytes: Uint8Array): DataFile {
  return { path, bytes: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}

async function openNpz(
  file: DataFile,
  hold: (bytes: number) => void,
  { checkpoint, problems }: Ports,
): Promise<StoredArray[]> {
  const archive = await openZip(file, checkpoint);
  const arrays: StoredArray[] = [];
  for (const [i, name] of archive.names.entries()) {
    const path = `${file.path}/${name}`;
    try {
      if (i >= MAX_ARRAYS)
        throw new PareError('too-large', `Only the first ${MAX_ARRAYS} arrays of ${file.path} are used.`);
      let stored = await archive.stored(i);
      if (stored === undefined) {
        hold(archive.size(i));
        stored = memoryFile(name, await archive.read(i, MAX_ARRAY_BYTES));
      }
      arrays.push(await openOne(renamed(stored, path), name.replace(/\.npy$/, ''), 'npy'));
    } catch (cause) {
      noteArray(path, cause, problems);
    }
  }
  return arrays;
}

async function openOne(file: DataFile, name: string, kind: string): Promise<StoredArray> {
  const layout = kind === 'idx' ? await readIdxHeader(file) : await readNpyHeader(file);
  if (layout.fortran && layout.dims.length > 1 && file.bytes > MAX_ARRAY_BYTES) throw tooMuch();
  return storedArray(name, file.path, layout, file);
}

function tooMuch(): PareError {
  return new PareError(
    'too-large',
    'The packed arrays take more than 1 GB unpacked, which is not held in memory.',
    {
      hint: 'Store them uncompressed (numpy.savez instead of savez_compressed, C order): they are then read in pieces.',
    },
  );
}

export async function arraySet(set: FileSet, open: OpenArrays, ports: Ports): Promise<Picked> {
  const part = choosePart(open.arrays, ports.problems);
  const label = chooseLabel(part);
  const inputs = sameLength(
    part.filter((array) => array !== label && array.layout.text === undefined),
    ports.problems,
  );
  if (inputs.length === 0) {
    throw new PareError('data-invalid', `${set.name} holds no array with samples along its first axis.`, {
      hint: 'Save the inputs as x [N, …] and the labels as y [N].',
    });
  }
  const [{ rows }] = inputs;
  const names = sourceNames(inputs);
  const keyOf = (index: number): string => `${names[0]}[${index}]`;
  const labels = await labelsFor(label, rows, keyOf, ports);
  return {
    parts: {
      name: set.name,
      kind: 'arrays',
      bytes: set.bytes,
      sources: inputs.map((array, i): DataSource => ({
        name: names[i],
        kind: 'array',
        dataType: array.layout.dataType,
        dims: array.rowDims,
      })),
      length: rows,
      labels,
      groups: [],
      keyOf,
      read: async (index) =>
        new Map(
          await Promise.all(
            inputs.map(async (array, i): Promise<[string, RawValue]> => [
              names[i],
              await arrayValue(array, index),
            ]),
          ),
        ),
      readBytes: async (index) => joined(await Promise.all(inputs.map((array) => array.readRowBytes(index)))),
    },
    used: open.files,
  };
}

/** MNIST-style sets come as train and test: results count on the part that is meant for them. */
function choosePart(arrays: readonly StoredArray[], problems: ProblemLog): StoredArray[] {
  const partOf = ({ name }: StoredArray): string => PART.exec(name)?.[2].toLowerCase() ?? '';
  const parts = new Set(arrays.map(partOf));
  if (parts.size < 2) return [...arrays];
  const chosen =
    ['test', 't10k', 'val', 'valid', 'validation', 'dev', 'train'].find((part) => parts.has(part)) ?? '';
  for (const array of arrays) {
    if (partOf(array) !== chosen) {
      problems.add(
        'note',
        'unused-array',
        array.path,
        (n) => `${counted(n, 'array')} of other parts not used: the set is the part "${chosen}".`,
        'part',
      );
    }
  }
  return arrays.filter((array) => partOf(array) === chosen);
}

/** Those with as many rows as the one that holds most numbers. */
function sameLength(arrays: readonly StoredArray[], problems: ProblemLog): StoredArray[] {
  const size = ({ layout }: StoredArray): number => elementCount(layout.dims);
  const main = arrays.reduce<StoredArray | undefined>(
    (a, b) => (a === undefined || size(b) > size(a) ? b : a),
    undefined,
  );
  if (main === undefined || main.rows === 0) return [];
  for (const array of arrays) {
    if (array.rows !== main.rows) {
      problems.add(
        'warning',
        'length-mismatch',
        array.path,
        (n) =>
          `${counted(n, 'array')} left out: not as long as ${main.name}, which has ${counted(main.rows, 'sample')}.`,
        'inputs',
      );
    }
  }
  return arrays.filter(({ rows }) => rows === main.rows);
}

async function labelsFor(
  label: StoredArray | undefined,
  rows: number,
  keyOf: (index: number) => string,
  ports: Ports,
): Promise<LabelColumn> {
  if (label === undefined) return NO_LABELS;
  if (label.rows !== rows) {
    ports.problems.add(
      'error',
      'length-mismatch',
      label.path,
      () =>
        `${label.name} has ${counted(label.rows, 'label')} for ${counted(rows, 'sample')}: which belongs to which is not known, so that none is used.`,
      'labels',
    );
    return NO_LABELS;
  }
  try {
    return await labelsFromArray(label, { ...ports, keyOf });
  } catch (cause) {
    noteArray(label.path, cause, ports.problems);
    return NO_LABELS;
  }
}

/** Of a lone input 'images' or 'x', whatever the part; the array's own name else. */
function sourceNames(inputs: readonly StoredArray[]): string[] {
  const bare = inputs.map(({ name }) => {
    const words = baseName(name)
      .split(/[-_.]+/)
      .filter((word) => !/^(train|test|t10k|val|valid|validation|dev|idx\d?|ubyte)$/i.test(word));
    return words.join('_') || name;
  });
  return new Set(bare).size === bare.length && !bare.some(isLabelName)
    ? bare
    : inputs.map(({ name }) => name);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
