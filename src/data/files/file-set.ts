/**
 * All dropped files as one list: loose files and what zips hold, with clean unique paths, read whole or in ranges. Zips
 * inside zips, what systems leave behind and names that try to leave their folder are told. It must not know samples.
 */
import { PareError } from '../../core/errors.ts';
import { counted } from '../index/problem-log.ts';
import type { ProblemLog } from '../index/problem-log.ts';
import type { Checkpoint, DataFile } from '../types.ts';
import { baseName, cleanPath, escapes, extensionOf, isLeftBehind, stemOf } from './names.ts';
import { openZip } from './zip-archive.ts';
import type { ZipArchive } from './zip-archive.ts';
import { inMegabytes } from './inflate.ts';

const CHECK_EVERY = 4096;
/** Each open zip keeps its directory; more than this is a folder of zips, not a data set. */
const MAX_ZIPS = 64;
const NO_ZIP = -1;

/** Files by number. Parallel lists, because there may be 100,000 and more. */
export interface FileSet {
  /** The set's name as shown: of the one zip or folder, else of the first file. */
  readonly name: string;
  readonly length: number;
  readonly paths: readonly string[];
  /** As dropped. */
  readonly bytes: number;
  size(index: number): number;
  /** The whole file. @throws PareError `too-large` above `limit` bytes; as DataFile and ZipArchive do */
  read(index: number, limit: number): Promise<Uint8Array>;
  /** The file for reads in ranges, or undefined where it is packed. */
  ranged(index: number): Promise<DataFile | undefined>;
}

/** @throws PareError `empty-file` without files, what the checkpoint throws; a lone zip that cannot be read */
export async function gatherFiles(
  files: readonly DataFile[],
  problems: ProblemLog,
  checkpoint: Checkpoint,
): Promise<FileSet> {
  const usable = files.filter((file) => !skipLeftBehind(file.path, problems));
  if (usable.length === 0) {
    throw new PareError('empty-file', 'There are no files in this data set.', {
      hint: 'Add a folder or zip of images, a .npz or .npy file, a .csv, .wav files or an MNIST-style pair.',
    });
  }
  const zips = usable.filter((file) => extensionOf(file.path) === 'zip');
  const gathered = new Gathered(problems, usable);
  for (const [i, file] of usable.entries()) {
    if (i % CHECK_EVERY === CHECK_EVERY - 1) await checkpoint(i / usable.length, 'listing files');
    if (!zips.includes(file)) gathered.addFile(file);
  }
  for (const [i, file] of zips.entries()) {
    if (i >= MAX_ZIPS) {
      problems.add(
        'warning',
        'unused-file',
        file.path,
        (n) => `${counted(n, 'zip')} beyond the first ${MAX_ZIPS} not opened.`,
        'zips',
      );
      continue;
    }
    await addZip(
      gathered,
      file,
      { prefix: zips.length > 1, alone: usable.length === 1 },
      problems,
      checkpoint,
    );
  }
  return gathered;
}

async function addZip(
  gathered: Gathered,
  file: DataFile,
  { prefix, alone }: { readonly prefix: boolean; readonly alone: boolean },
  problems: ProblemLog,
  checkpoint: Checkpoint,
): Promise<void> {
  let archive: ZipArchive;
  try {
    archive = await openZip(file, checkpoint);
  } catch (cause) {
    if (alone || !(cause instanceof PareError) || cause.code === 'cancelled') throw cause;
    problems.add('error', 'unreadable-archive', file.path, () => cause.message, file.path);
    return;
  }
  const folder = prefix ? `${stemOf(file.path)}/` : '';
  for (const [i, name] of archive.names.entries()) {
    if (i % CHECK_EVERY === CHECK_EVERY - 1) await checkpoint(i / archive.names.length, 'listing files');
    if (escapes(name)) {
      problems.add(
        'note',
        'unsafe-name',
        name,
        (n) =>
          `${counted(n, 'entry', 'entries')} of the zip with a name that points outside it; only the rest of the name is used.`,
      );
    }
    if (!skipLeftBehind(name, problems)) gathered.addEntry(archive, i, folder + cleanPath(name));
  }
}

function skipLeftBehind(path: string, problems: ProblemLog): boolean {
  if (!isLeftBehind(path)) return false;
  problems.add(
    'note',
    'system-file',
    path,
    (n) => `${counted(n, 'file')} of the operating system left out (__MACOSX, .DS_Store, Thumbs.db).`,
  );
  return true;
}

class Gathered implements FileSet {
  readonly paths: string[] = [];
  readonly name: string;
  readonly bytes: number;
  readonly #problems: ProblemLog;
  readonly #files: DataFile[] = [];
  readonly #zips: ZipArchive[] = [];
  /** Number of the zip, or NO_ZIP; and the number within that zip or among the loose files. */
  readonly #home: number[] = [];
  readonly #place: number[] = [];
  readonly #seen = new Set<string>();

  constructor(problems: ProblemLog, files: readonly DataFile[]) {
    this.#problems = problems;
    this.bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    this.name = nameOf(files);
  }

  get length(): number {
    return this.paths.length;
  }

  addFile(file: DataFile): void {
    this.#add(cleanPath(file.path), NO_ZIP, this.#files.push(file) - 1);
  }

  addEntry(archive: ZipArchive, index: number, path: string): void {
    if (extensionOf(path) === 'zip') {
      this.#problems.add(
        'warning',
        'nested-zip',
        path,
        (n) => `${counted(n, 'zip')} inside the zip not opened. Unpack it and add its files.`,
      );
      return;
    }
    if (this.#zips.at(-1) !== archive) this.#zips.push(archive);
    this.#add(path, this.#zips.length - 1, index);
  }

  size(index: number): number {
    const home = this.#home[index];
    return home === NO_ZIP
      ? this.#files[this.#place[index]].bytes
      : this.#zips[home].size(this.#place[index]);
  }

  async read(index: number, limit: number): Promise<Uint8Array> {
    const home = this.#home[index];
    if (home !== NO_ZIP) return this.#zips[home].read(this.#place[index], limit);
    const file = this.#files[this.#place[index]];
    if (file.bytes > limit) {
      throw new PareError(
        'too-large',
        `${file.path} has ${inMegabytes(file.bytes)}; up to ${inMegabytes(limit)} are read.`,
      );
    }
    return file.read(0, file.bytes);
  }

  async ranged(index: number): Promise<DataFile | undefined> {
    const home = this.#home[index];
    return home === NO_ZIP ? this.#files[this.#place[index]] : this.#zips[home].stored(this.#place[index]);
  }

  #add(path: string, home: number, place: number): void {
    let unique = path === '' ? 'unnamed' : path;
    if (this.#seen.has(unique)) {
      this.#problems.add(
        'warning',
        'duplicate-name',
        path,
        (n) =>
          `${counted(n, 'file')} with a name that is there already; kept, with #2 and so on after the name.`,
      );
      for (let n = 2; this.#seen.has(unique); n++) unique = numbered(path, n);
    }
    this.#seen.add(unique);
    this.paths.push(unique);
    this.#home.push(home);
    this.#place.push(place);
  }
}

/** cat/a.png → cat/a#2.png: the extension still says what it is. */
function numbered(path: string, n: number): string {
  const extension = extensionOf(path);
  return extension === ''
    ? `${path}#${n}`
    : `${path.slice(0, -extension.length - 1)}#${n}${path.slice(-extension.length - 1)}`;
}

/** The folder that all files share, the one zip, or the first file. */
function nameOf(files: readonly DataFile[]): string {
  const zips = files.filter((file) => extensionOf(file.path) === 'zip');
  if (zips.length === 1) return stemOf(zips[0].path);
  const [top] = cleanPath(files[0].path).split('/');
  if (top !== baseName(files[0].path) && files.every((file) => cleanPath(file.path).startsWith(`${top}/`)))
    return top;
  return stemOf(files[0].path.replace(/\.gz$/i, ''));
}
