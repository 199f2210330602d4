/**
 * A zip as a set of files: the central directory is read once into columns, entries are unpacked only when they are
 * read. The directory is zip.js's work (zip64, old and new name encodings); entries are inflated by fflate, which took
 * 25 µs an entry where zip.js's streams took 700. It must not know what the files are.
 */
import { ZipReader } from '@zip.js/zip.js/lib/zip-core-reader.js';
import type { Entry } from '@zip.js/zip.js/lib/zip-core-reader.js';
import { PareError } from '../../core/errors.ts';
import type { Checkpoint, DataFile } from '../types.ts';
import { crc32 } from './crc32.ts';
import { checkExpansion, inflateKnown } from './inflate.ts';
import { ReadAhead } from './read-ahead.ts';

/** More than any set that fits a machine for this work; the directory alone would take gigabytes. */
const MAX_ENTRIES = 2_000_000;
/** zip.js reads the directory whole. 2,000,000 entries of 100 bytes stay below. */
const MAX_DIRECTORY_BYTES = 256 * 1024 * 1024;
/** Source: PKWARE APPNOTE 4.3.7. */
const LOCAL_HEADER_BYTES = 30;
const LOCAL_SIGNATURE = 0x04034b50;
/** The local header may carry a longer extra field than the directory; zip64 and times take up to this much. */
const EXTRA_SLACK_BYTES = 64;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const CHECK_EVERY = 4096;
/** Names are only names here, so that none is refused; and nothing is started for a directory. */
const READING = { filenameValidation: 'tolerant', useWebWorkers: false } as const;

export interface ZipArchive {
  /** As stored; not cleaned. */
  readonly names: readonly string[];
  /** Unpacked size as the directory claims it. */
  size(index: number): number;
  /** @throws PareError `too-large` above `limit` bytes, `malformed`, `truncated`, `unsupported` (encryption, other methods) */
  read(index: number, limit: number): Promise<Uint8Array>;
  /** An entry that is stored as it is, for reads in ranges; undefined where it is packed. */
  stored(index: number): Promise<DataFile | undefined>;
}

/** @throws PareError in one sentence when this is no zip that can be read; whatever the checkpoint throws */
export async function openZip(file: DataFile, checkpoint: Checkpoint): Promise<ZipArchive> {
  const entries = new Directory();
  const reader = new ZipReader(new RangeReader(file), READING);
  try {
    for await (const entry of reader.getEntriesGenerator()) {
      if (entry.directory) continue;
      if (entries.names.length >= MAX_ENTRIES) throw tooMany(file.path);
      entries.add(entry);
      if (entries.names.length % CHECK_EVERY === 0) {
        await checkpoint(
          Math.min(1, entry.offset / Math.max(1, file.bytes)),
          `reading the directory of ${file.path}`,
        );
      }
    }
  } catch (cause) {
    throw cause instanceof PareError ? cause : asZipError(file, cause);
  }
  return new Archive(file, entries);
}

/** What zip.js reads from. Its own base class is left out of this build, which has no code for writing and inflating. */
class RangeReader {
  /** Asked for by the type of a reader; never read, because ranges are. */
  readonly readable = new ReadableStream<Uint8Array>();
  readonly size: number;
  readonly #file: DataFile;

  constructor(file: DataFile) {
    this.#file = file;
    this.size = file.bytes;
  }

  async readUint8Array(index: number, length: number): Promise<Uint8Array> {
    if (length > MAX_DIRECTORY_BYTES) throw tooMany(this.#file.path);
    const end = Math.min(this.size, index + length);
    return this.#file.read(Math.min(index, end), end);
  }
}

/** One number a column and entry: 100,000 entries as zip.js's objects would take 700 MB. */
class Directory {
  readonly names: string[] = [];
  readonly offsets: number[] = [];
  readonly packed: number[] = [];
  readonly sizes: number[] = [];
  readonly checksums: number[] = [];
  readonly nameBytes: number[] = [];
  /** Compression method · 2 + encrypted. */
  readonly methods: number[] = [];

  add(entry: Entry): void {
    // A substring of a decoded directory would keep all of it; zip.js decodes each name by itself.
    this.names.push(entry.filename);
    this.offsets.push(entry.offset);
    this.packed.push(entry.compressedSize);
    this.sizes.push(entry.uncompressedSize);
    this.checksums.push((entry.crc32 ?? 0) >>> 0);
    this.nameBytes.push(entry.rawFilename.length);
    this.methods.push(entry.compressionMethod * 2 + (entry.encrypted ? ENCRYPTED : 0));
  }
}

class Archive implements ZipArchive {
  readonly names: readonly string[];
  readonly #file: DataFile;
  readonly #ahead: ReadAhead;
  readonly #entries: Directory;

  constructor(file: DataFile, entries: Directory) {
    this.names = entries.names;
    this.#file = file;
    this.#ahead = new ReadAhead(file);
    this.#entries = entries;
  }

  size(index: number): number {
    return this.#entries.sizes[index];
  }

  async read(index: number, limit: number): Promise<Uint8Array> {
    const { names, packed, sizes, checksums } = this.#entries;
    const name = names[index];
    const method = this.#method(index);
    checkExpansion(name, packed[index], sizes[index], limit);
    const bytes = await this.#packedBytes(index);
    if (method === STORED && bytes.length !== sizes[index]) {
      throw new PareError('malformed', `${name} has two different sizes in the zip.`, {
        hint: 'The zip is damaged. Make it again.',
      });
    }
    const out = method === STORED ? bytes.slice() : inflateKnown(name, bytes, sizes[index], limit);
    if (crc32(out) !== checksums[index]) {
      throw new PareError('malformed', `${name} does not match its checksum in the zip.`, {
        hint: 'The zip is damaged. Make it again.',
      });
    }
    return out;
  }

  async stored(index: number): Promise<DataFile | undefined> {
    const { names, packed, sizes } = this.#entries;
    if (this.#method(index) !== STORED || packed[index] !== sizes[index]) return undefined;
    const start = await this.#dataStart(index);
    const file = this.#file;
    const bytes = sizes[index];
    if (start + bytes > file.bytes) throw cutShort(names[index]);
    return {
      path: names[index],
      bytes,
      read: (from, to) => {
        if (from < 0 || to > bytes || from > to) return Promise.reject(cutShort(names[index]));
        return file.read(start + from, start + to);
      },
    };
  }

  #method(index: number): number {
    const name = this.#entries.names[index];
    const code = this.#entries.methods[index];
    if (code % 2 === ENCRYPTED) {
      throw new PareError('unsupported', `${name} is encrypted in the zip.`, {
        hint: 'Make the zip without a password.',
      });
    }
    const method = code / 2;
    if (method !== STORED && method !== DEFLATED) {
      throw new PareError(
        'unsupported',
        `${name} is packed by method ${method}; stored and deflated entries can be read.`,
        {
          hint: 'Make the zip with the usual compression (deflate) or none.',
        },
      );
    }
    return method;
  }

  /** Header and data in one read, two where the header is longer than the directory lets one expect. */
  async #packedBytes(index: number): Promise<Uint8Array> {
    const { names, offsets, packed, nameBytes } = this.#entries;
    const start = offsets[index];
    const guess = LOCAL_HEADER_BYTES + nameBytes[index] + EXTRA_SLACK_BYTES + packed[index];
    const end = Math.min(this.#file.bytes, start + guess);
    if (start + LOCAL_HEADER_BYTES > end) throw cutShort(names[index]);
    const bytes = await this.#ahead.read(start, end);
    const from = localHeaderBytes(bytes, names[index]);
    const to = from + packed[index];
    if (to <= bytes.length) return bytes.subarray(from, to);
    if (start + to > this.#file.bytes) throw cutShort(names[index]);
    return this.#file.read(start + from, start + to);
  }

  async #dataStart(index: number): Promise<number> {
    const { names, offsets } = this.#entries;
    const start = offsets[index];
    if (start + LOCAL_HEADER_BYTES > this.#file.bytes) throw cutShort(names[index]);
    const header = await this.#file.read(start, start + LOCAL_HEADER_BYTES);
    return start + localHeaderBytes(header, names[index]);
  }
}

/** Source: PKWARE APPNOTE 4.3.7: lengths of name and extra field at 26 and 28. */
function localHeaderBytes(bytes: Uint8Array, name: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE) {
    throw new PareError('malformed', `${name} is not where the directory of the zip says.`, {
      hint: 'The zip is damaged. Make it again.',
    });
  }
  return LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
}

function cutShort(name: string): PareError {
  return new PareError('truncated', `The zip ends before the data of ${name}.`, {
    hint: 'It is cut short. Make or download it again.',
  });
}

function tooMany(path: string): PareError {
  return new PareError(
    'too-large',
    `${path} claims more entries than can be held (up to ${MAX_ENTRIES.toLocaleString('en-US')}).`,
    { hint: 'Split it into several sets.' },
  );
}

function asZipError(file: DataFile, cause: unknown): PareError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new PareError('malformed', `${file.path} cannot be read as a zip: ${text}.`, {
    hint: 'It may be cut short, or something else with the name of a zip.',
    cause,
  });
}
