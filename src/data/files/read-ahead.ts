/**
 * Reads of a file in order, served from larger reads: a zip or array of small samples costs one request a megabyte.
 * Reads out of order stay as small as they are. It must not know formats.
 */
import { PareError } from '../../core/errors.ts';
import type { DataFile } from '../types.ts';

const WINDOW_BYTES = 1024 * 1024;
/** A gap that still counts as "in order": headers and padding between entries. */
const GAP_BYTES = 64 * 1024;

export class ReadAhead implements DataFile {
  readonly path: string;
  readonly bytes: number;
  readonly #file: DataFile;
  #start = 0;
  #window: Uint8Array = new Uint8Array(0);
  #lastEnd = -1;

  constructor(file: DataFile) {
    this.#file = file;
    this.path = file.path;
    this.bytes = file.bytes;
  }

  /** The bytes may be a view of a larger buffer: copy what is kept. */
  async read(start: number, end: number): Promise<Uint8Array> {
    if (start < 0 || end > this.bytes || start > end) {
      throw new PareError(
        'truncated',
        `${this.path} holds ${this.bytes} bytes; bytes ${start} to ${end} were asked for.`,
        { hint: 'The file is cut short or damaged.' },
      );
    }
    const inOrder = start >= this.#lastEnd && start - this.#lastEnd < GAP_BYTES && this.#lastEnd >= 0;
    this.#lastEnd = end;
    if (start >= this.#start && end <= this.#start + this.#window.length) {
      return this.#window.subarray(start - this.#start, end - this.#start);
    }
    if (!inOrder || end - start > WINDOW_BYTES / 2) return this.#file.read(start, end);
    const window = await this.#file.read(start, Math.min(this.bytes, start + WINDOW_BYTES));
    this.#start = start;
    this.#window = window;
    return window.subarray(0, end - start);
  }
}
