/**
 * Sets with one file a sample: pictures (with masks), sounds, arrays, texts. Files are read when their sample is. It must
 * not know how labels are found.
 */
import type { DataKind, DataSource } from '../../core/dataset/types.ts';
import { PareError } from '../../core/errors.ts';
import type { DataType } from '../../core/tensor/dtype.ts';
import type { FileSet } from '../files/file-set.ts';
import { MAX_FILE_BYTES } from '../files/inflate.ts';
import { compareText } from '../files/names.ts';
import { readNpyHeader } from '../files/npy.ts';
import { storedArray } from '../files/stored-array.ts';
import type { StoredArray } from '../files/stored-array.ts';
import { checkIsText, decodeText } from '../files/table-text.ts';
import { readWav } from '../files/wav.ts';
import type { Checkpoint, PictureDecoder, RawValue } from '../types.ts';
import { arrayValue } from './array-value.ts';
import { NO_CLASS, maskColumn } from './label-columns.ts';
import { labelsOfFiles } from './label-files.ts';
import { pairMasks } from './masks.ts';
import { counted } from './problem-log.ts';
import type { ProblemLog } from './problem-log.ts';
import type { Picked } from './picked.ts';

/** Files that are opened to learn what a sample looks like; a broken first one must not hide it. */
const LOOKS = 5;
/** No model takes a longer text at once. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

interface Ports {
  readonly decoder: PictureDecoder;
  readonly checkpoint: Checkpoint;
  readonly problems: ProblemLog;
}

/** Sorted by path, so that a folder and a zip of it give one order. */
function inOrder(set: FileSet, files: readonly number[]): number[] {
  return [...files].sort((a, b) => compareText(set.paths[a], set.paths[b]));
}

export async function imageSet(set: FileSet, files: readonly number[], ports: Ports): Promise<Picked> {
  const { decoder, problems, checkpoint } = ports;
  const pairs = pairMasks(set.paths, inOrder(set, files));
  const samples = pairs?.pictures ?? inOrder(set, files);
  for (const file of pairs?.lonely ?? []) {
    problems.add(
      'warning',
      'mask-without-image',
      set.paths[file],
      (n) => `${counted(n, 'mask')} without a picture of the same name left out.`,
    );
  }
  const found =
    pairs === undefined
      ? await labelsOfFiles(set, samples, problems, checkpoint)
      : { labels: maskColumn(pairs.masks), groups: [], used: [] };
  const picture = async (file: number): Promise<RawValue> => ({
    kind: 'image',
    picture: await decoder.decode(await set.read(file, MAX_FILE_BYTES), set.paths[file]),
  });
  const mask = (index: number): number => pairs?.masks[index] ?? NO_CLASS;
  const read = async (index: number): Promise<Map<string, RawValue>> => {
    const values = new Map([['image', await picture(samples[index])]]);
    if (mask(index) !== NO_CLASS) values.set('mask', await picture(mask(index)));
    return values;
  };
  const dims = await firstDims(samples, async (file) => {
    const value = await picture(file);
    return value.kind === 'image' ? [value.picture.height, value.picture.width, 3] : undefined;
  });
  const source: DataSource = { name: 'image', kind: 'image', dataType: 'uint8', ...dims };
  const used = [
    ...samples,
    ...found.used,
    ...[...(pairs?.masks ?? [])].filter((file) => file >= 0),
    ...(pairs?.lonely ?? []),
  ];
  return { parts: { ...common(set, 'images', samples, [source]), ...found, read }, used };
}

export async function soundSet(set: FileSet, files: readonly number[], ports: Ports): Promise<Picked> {
  const samples = inOrder(set, files);
  const found = await labelsOfFiles(set, samples, ports.problems, ports.checkpoint);
  const sound = async (file: number): Promise<RawValue> => ({
    kind: 'audio',
    ...readWav(await set.read(file, MAX_FILE_BYTES), set.paths[file]),
  });
  const dims = await firstDims(samples, async (file) => {
    const value = await sound(file);
    return value.kind === 'audio' ? [value.samples.length] : undefined;
  });
  const source: DataSource = { name: 'audio', kind: 'audio', dataType: 'float32', ...dims };
  const read = async (index: number): Promise<Map<string, RawValue>> =>
    new Map([['audio', await sound(samples[index])]]);
  return {
    parts: { ...common(set, 'audio', samples, [source]), ...found, read },
    used: [...samples, ...found.used],
  };
}

/** Arrays of one sample each, which may differ in size. */
export async function arrayFileSet(set: FileSet, files: readonly number[], ports: Ports): Promise<Picked> {
  const samples = inOrder(set, files);
  const found = await labelsOfFiles(set, samples, ports.problems, ports.checkpoint);
  const open = async (file: number): Promise<StoredArray> => {
    const path = set.paths[file];
    const bytes = await set.read(file, MAX_FILE_BYTES);
    const whole = {
      path,
      bytes: bytes.length,
      read: (a: number, b: number) => Promise.resolve(bytes.subarray(a, b)),
    };
    const layout = await readNpyHeader(whole);
    return storedArray('array', path, { ...layout, dims: [1, ...layout.dims] }, whole);
  };
  let dataType: DataType | undefined;
  const dims = await firstDims(samples, async (file) => {
    const array = await open(file);
    dataType = array.layout.dataType;
    return [...array.rowDims];
  });
  const source: DataSource = {
    name: 'array',
    kind: 'array',
    ...(dataType === undefined ? {} : { dataType }),
    ...dims,
  };
  const read = async (index: number): Promise<Map<string, RawValue>> =>
    new Map([['array', await arrayValue(await open(samples[index]), 0, set.paths[samples[index]])]]);
  return {
    parts: { ...common(set, 'arrays', samples, [source]), ...found, read },
    used: [...samples, ...found.used],
  };
}

/** Texts of one sample each. */
export async function textFileSet(set: FileSet, files: readonly number[], ports: Ports): Promise<Picked> {
  const samples = inOrder(set, files);
  const found = await labelsOfFiles(set, samples, ports.problems, ports.checkpoint);
  const read = async (index: number): Promise<Map<string, RawValue>> => {
    const bytes = await set.read(samples[index], MAX_TEXT_BYTES);
    checkIsText(bytes, set.paths[samples[index]]);
    return new Map([['text', { kind: 'text', text: decodeText(bytes) }]]);
  };
  const sources: DataSource[] = [{ name: 'text', kind: 'text' }];
  return {
    parts: { ...common(set, 'text', samples, sources), ...found, read },
    used: [...samples, ...found.used],
  };
}

function common(set: FileSet, kind: DataKind, samples: readonly number[], sources: readonly DataSource[]) {
  return {
    name: set.name,
    kind,
    bytes: set.bytes,
    sources,
    length: samples.length,
    keyOf: (index: number) => set.paths[samples[index]],
    readBytes: (index: number) => set.read(samples[index], MAX_FILE_BYTES),
  };
}

/** Of the first file that can be read; nothing when none can, which reading the samples will tell. */
async function firstDims(
  samples: readonly number[],
  look: (file: number) => Promise<number[] | undefined>,
): Promise<{ dims?: readonly number[] }> {
  for (const file of samples.slice(0, LOOKS)) {
    try {
      const dims = await look(file);
      if (dims !== undefined) return { dims };
    } catch (cause) {
      if (!(cause instanceof PareError) || cause.code === 'cancelled') throw cause;
    }
  }
  return {};
}
