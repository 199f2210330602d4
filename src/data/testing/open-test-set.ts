/** Opens sets of made files in tests, with a decoder that knows sizes only. Tests only. */
import { PareError } from '../../core/errors.ts';
import { openDataset } from '../open-dataset.ts';
import type { Checkpoint, DataFile, Dataset, PictureDecoder } from '../types.ts';
import { bytesOf } from './build-zip.ts';

/** A picture of these tests is two bytes: width and height. */
export const sizeDecoder: PictureDecoder = {
  decode(bytes, path) {
    if (bytes.length !== 2) return Promise.reject(new PareError('malformed', `${path} is not a picture.`));
    const [width, height] = bytes;
    return Promise.resolve({ width, height, rgba: new Uint8Array(width * height * 4) });
  },
};

export const aPicture = Uint8Array.of(3, 2);

export function memoryFile(path: string, content: Uint8Array | string): DataFile {
  const bytes = typeof content === 'string' ? bytesOf(content) : content;
  return {
    path,
    bytes: bytes.length,
    read(start, end) {
      if (end > bytes.length) return Promise.reject(new PareError('truncated', `${path} ends.`));
      return Promise.resolve(bytes.slice(start, end));
    },
  };
}

const noCheckpoint: Checkpoint = () => Promise.resolve();

/** @param files content by path */
export function openTestSet(
  files: Readonly<Record<string, Uint8Array | string>>,
  checkpoint: Checkpoint = noCheckpoint,
): Promise<Dataset> {
  const list = Object.entries(files).map(([path, content]) => memoryFile(path, content));
  return openDataset(list, { decoder: sizeDecoder, checkpoint });
}

/** Labels as short text: a class's name, a text, numbers; '-' without one. */
export function labelsOf(set: Dataset): string[] {
  return Array.from({ length: set.length }, (_, i) => {
    const { label } = set.info(i);
    switch (label?.kind) {
      case 'class':
        return label.name;
      case 'text':
        return label.text;
      case 'numbers':
        return label.values.join(' ');
      case 'boxes':
        return label.boxes
          .map((box) => `${box.className}@${box.left},${box.top},${box.width},${box.height}`)
          .join(' ');
      case 'mask':
        return 'mask';
      case undefined:
        return '-';
      default:
        return label satisfies never;
    }
  });
}

export function problemOf(set: Dataset, code: string) {
  return set.problems.find((problem) => problem.code === code);
}

/** What is thrown, as record; fails when nothing is. */
export async function errorOf(work: () => Promise<unknown>): Promise<PareError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof PareError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export const keysOf = (set: Dataset): string[] =>
  Array.from({ length: set.length }, (_, i) => set.info(i).key);

export const groupsOf = (set: Dataset, column: string): (string | undefined)[] =>
  Array.from({ length: set.length }, (_, i) => set.info(i).groups[column]);

/** A picture at each path. */
export function pictures(...paths: string[]): Record<string, Uint8Array> {
  return Object.fromEntries(paths.map((path) => [path, aPicture]));
}
