/** A list of parts as one source, so that what was written can be read again without joining it. It must not know ONNX. */
import { checkRange, isSpan, partLength } from './spans.ts';
import type { BytePart, ByteSource } from './source.ts';

export class PartsSource implements ByteSource {
  readonly size: number;
  readonly #parts: readonly BytePart[];
  /** First byte of each part. */
  readonly #starts: readonly number[];

  constructor(parts: readonly BytePart[]) {
    const kept = parts.filter((part) => partLength(part) > 0);
    const starts: number[] = [];
    let size = 0;
    for (const part of kept) {
      starts.push(size);
      size += partLength(part);
    }
    this.#parts = kept;
    this.#starts = starts;
    this.size = size;
  }

  /** A view when the range lies in one part. @throws PareError `truncated` */
  read(offset: number, length: number): Uint8Array {
    checkRange(this.size, offset, length);
    if (length === 0) return new Uint8Array(0);
    let index = this.#indexAt(offset);
    const within = offset - this.#starts[index];
    if (within + length <= partLength(this.#parts[index]))
      return readPart(this.#parts[index], within, length);
    const out = new Uint8Array(length);
    for (let done = 0; done < length; index++) {
      const start = offset + done - this.#starts[index];
      const n = Math.min(length - done, partLength(this.#parts[index]) - start);
      out.set(readPart(this.#parts[index], start, n), done);
      done += n;
    }
    return out;
  }

  /** The part that holds the byte at `offset`, by bisection. */
  #indexAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function readPart(part: BytePart, start: number, length: number): Uint8Array {
  return isSpan(part) ? part.source.read(part.start + start, length) : part.subarray(start, start + length);
}
