/** A file descriptor as a ByteSource: ranged reads in Node. It must not know ONNX. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { checkRange } from '../core/bytes/spans.ts';
import type { ByteSource } from '../core/bytes/source.ts';
import { PareError } from '../core/errors.ts';

/** A named pipe that nobody writes to would block in `open` for ever, deaf to Ctrl-C. Windows knows no such flag. */
export const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export class FdSource implements ByteSource {
  readonly size: number;
  readonly #path: string;
  readonly #fd: number;

  /** @throws PareError `not-a-file` when the path does not exist, is a folder, or may not be read. */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#fd = openSync(path, READ_WITHOUT_WAITING);
    } catch (cause) {
      throw notAFile(path, 'cannot be opened', cause);
    }
    const stat = fstatSync(this.#fd);
    if (!stat.isFile()) {
      closeSync(this.#fd);
      throw notAFile(path, stat.isDirectory() ? 'is a folder' : 'is not a regular file');
    }
    this.size = stat.size;
  }

  /** @throws PareError `truncated` outside the file. */
  read(offset: number, length: number): Uint8Array {
    checkRange(this.size, offset, length);
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      // fs reads at most 2 GiB at a time, and may read less than asked.
      const n = readSync(this.#fd, bytes, done, Math.min(length - done, 1_073_741_824), offset + done);
      if (n === 0) {
        throw new PareError('truncated', `${this.#path} became shorter while it was read.`, {
          at: `byte ${offset + done}`,
          hint: 'Close the program that writes to it and try again.',
        });
      }
      done += n;
    }
    return bytes;
  }

  dispose(): void {
    closeSync(this.#fd);
  }
}

function notAFile(path: string, what: string, cause?: unknown): PareError {
  return new PareError('not-a-file', `${path} ${what}.`, { hint: 'Give the path of an ONNX file.', cause });
}
