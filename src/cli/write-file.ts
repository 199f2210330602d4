/**
 * Writes files whole or not at all: beside the target first, then renamed. It must not know ONNX. Spans are copied a
 * slice at a time, so a file may be larger than memory.
 */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { slicesOf } from '../core/bytes/spans.ts';
import type { BytePart } from '../core/bytes/source.ts';
import { PareError } from '../core/errors.ts';

export interface FileToWrite {
  readonly path: string;
  readonly parts: readonly BytePart[];
}

/**
 * Writes all files or none: the renames happen after every byte is on the disk.
 * @throws PareError `usage` when a path is one of `inputs` (also by a link), or cannot be written.
 */
export function writeFiles(files: readonly FileToWrite[], inputs: readonly string[]): void {
  const taken = new Set(inputs.map(identity));
  for (const { path } of files) refuseTarget(path, taken);
  const ready: { temporary: string; path: string }[] = [];
  try {
    for (const [i, { path, parts }] of files.entries()) {
      // Not the name with more after it: the name may already be as long as a name can be.
      const temporary = join(dirname(path), `.pare-${process.pid}-${i}.part`);
      ready.push({ temporary, path });
      writeParts(temporary, parts);
    }
    for (const { temporary, path } of ready) renameSync(temporary, path);
  } catch (error) {
    for (const { temporary } of ready) rmSync(temporary, { force: true });
    if (error instanceof PareError) throw error;
    const { code = 'an unknown reason' } = error as NodeJS.ErrnoException;
    throw new PareError('usage', `${files[0]?.path ?? 'The file'} could not be written (${code}).`, {
      hint: 'Choose another place for -o, or make room on the disk.',
      cause: error,
    });
  }
}

function writeParts(path: string, parts: readonly BytePart[]): void {
  // Never through a file that is already there: it could be a link to something else.
  const fd = openSync(path, 'wx');
  try {
    for (const slice of slicesOf(parts)) {
      for (let done = 0; done < slice.byteLength;) done += writeSync(fd, slice, done);
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function refuseTarget(path: string, taken: ReadonlySet<string>): void {
  if (path === '') throw new PareError('usage', '-o is empty.', { hint: 'Give -o the name of a file.' });
  if (taken.has(identity(path))) {
    throw new PareError('usage', `${path} is an input; it would be overwritten.`, {
      hint: 'Choose another name for -o.',
    });
  }
  const folder = dirname(resolve(path));
  if (!lookUp(folder, statSync)?.isDirectory()) {
    throw new PareError('usage', `There is no folder ${folder} to write to.`, {
      hint: 'Make the folder first, or choose another place for -o.',
    });
  }
  const there = lookUp(path, statSync);
  if (there?.isDirectory()) {
    throw new PareError('usage', `${path} is a folder.`, { hint: 'Give -o the name of a file.' });
  }
  // The rename would put a file in the place of the device, the pipe or the link itself (/dev/null, /dev/stdout).
  if (there?.isFile() === false || lookUp(path, lstatSync)?.isSymbolicLink()) {
    throw new PareError('usage', `${path} is a link, a device or a pipe, not a file.`, {
      hint: 'Give -o the name of a file.',
    });
  }
}

/** What lies at the path; undefined when nothing does or the path cannot be one (a file as folder, too long). */
function lookUp(path: string, look: (path: string) => Stats): Stats | undefined {
  try {
    return look(path);
  } catch {
    return undefined;
  }
}

/** Whether two paths name one file, links included. */
export function isSameFile(a: string, b: string): boolean {
  return identity(a) === identity(b);
}

/** The same file has the same identity under every name: device and inode where it exists. */
function identity(path: string): string {
  try {
    const info = statSync(path, { bigint: true });
    return info.ino === 0n ? realpathSync(path) : `${info.dev}:${info.ino}`;
  } catch {
    return resolve(path);
  }
}
