/**
 * Paths of the command line as the files of one set: a file itself, or all files below a folder, each read in ranges.
 * It must not know formats. Links are followed to files, never into folders, so that no walk can go in circles.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PareError } from '../core/errors.ts';
import type { DataFile } from '../data/types.ts';
import { READ_WITHOUT_WAITING } from './fd-source.ts';

/** More than any set that fits a machine for this work; a walk through a whole disk ends here. */
const MAX_FILES = 2_000_000;
/** Descriptors kept open at a time: far below the system's bound, enough for a zip and its neighbours. */
const MAX_OPEN = 64;

/** @throws PareError `not-a-file` for a path that is neither a file nor a folder; `too-large` for endless folders */
export function dataFiles(paths: readonly string[]): DataFile[] {
  const shelf = new Descriptors();
  return paths.flatMap((path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) throw notAFile(path, 'is not there');
    if (stat.isFile()) return [fileAt(path, basename(path), stat.size, shelf)];
    if (stat.isDirectory()) return [...filesBelow(path, shelf)];
    throw notAFile(path, 'is neither a file nor a folder');
  });
}

function* filesBelow(root: string, shelf: Descriptors): Generator<DataFile> {
  const folders = [''];
  let count = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        folders.push(path);
        continue;
      }
      const stat = statSync(join(root, path), { throwIfNoEntry: false });
      if (stat?.isFile() !== true) continue;
      if (++count > MAX_FILES) {
        throw new PareError('too-large', `${root} holds more than ${MAX_FILES} files.`, {
          hint: 'Give the folder that holds the data itself.',
        });
      }
      yield fileAt(join(root, path), path, stat.size, shelf);
    }
  }
}

function fileAt(path: string, name: string, bytes: number, shelf: Descriptors): DataFile {
  return {
    path: name,
    bytes,
    read: (start, end) => Promise.resolve().then(() => readRange(shelf.open(path), path, start, end)),
  };
}

function readRange(fd: number, path: string, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, end - start));
  for (let done = 0; done < bytes.length;) {
    const n = readSync(fd, bytes, done, Math.min(bytes.length - done, 1_073_741_824), start + done);
    if (n === 0) {
      throw new PareError('truncated', `${path} ends at byte ${start + done}; byte ${end} was asked for.`);
    }
    done += n;
  }
  return bytes;
}

/** The files that were read last stay open: a zip is read thousands of times. */
class Descriptors {
  readonly #open = new Map<string, number>();

  open(path: string): number {
    const known = this.#open.get(path);
    if (known !== undefined) {
      this.#open.delete(path);
      this.#open.set(path, known);
      return known;
    }
    for (const [oldest, fd] of this.#open) {
      if (this.#open.size < MAX_OPEN) break;
      closeSync(fd);
      this.#open.delete(oldest);
    }
    const fd = openDescriptor(path);
    this.#open.set(path, fd);
    return fd;
  }
}

function openDescriptor(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, READ_WITHOUT_WAITING);
  } catch (cause) {
    throw notAFile(path, 'cannot be opened', cause);
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw notAFile(path, 'is no longer a regular file');
}

function notAFile(path: string, what: string, cause?: unknown): PareError {
  return new PareError('not-a-file', `${path} ${what}.`, {
    hint: 'Give the path of a data file or of a folder with the data.',
    cause,
  });
}
