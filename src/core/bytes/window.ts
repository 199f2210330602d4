/**
 * Reads of single bytes through a cached window, so that walking a message does not issue thousands of tiny reads.
 * It must not know protobuf.
 */
import { checkRange } from './spans.ts';
import type { ByteSource } from './source.ts';

/** Headers of a message lie close together: one window covers a few hundred nodes, and is skipped over weights cheaply. */
const WINDOW_BYTES = 64 * 1024;

export class ByteWindow {
  readonly source: ByteSource;
  #bytes: Uint8Array = new Uint8Array(0);
  #base = 0;

  constructor(source: ByteSource) {
    this.source = source;
    // A source in memory gives views for nothing: one window over all of it.
    if (source.backing instanceof Uint8Array) this.#bytes = source.read(0, source.size);
  }

  /** The byte at `offset`. @throws PareError `truncated` outside the source. */
  byteAt(offset: number): number {
    const i = offset - this.#base;
    if (i >= 0 && i < this.#bytes.byteLength) return this.#bytes[i];
    this.#move(offset, 1);
    return this.#bytes[offset - this.#base];
  }

  /** Bytes [offset, offset + length) as a view that the next call may replace: use it at once, never write to it. */
  view(offset: number, length: number): Uint8Array {
    const i = offset - this.#base;
    if (i >= 0 && i + length <= this.#bytes.byteLength) return this.#bytes.subarray(i, i + length);
    if (length > WINDOW_BYTES / 4) return this.source.read(offset, length);
    this.#move(offset, length);
    return this.#bytes.subarray(offset - this.#base, offset - this.#base + length);
  }

  #move(offset: number, length: number): void {
    checkRange(this.source.size, offset, length);
    this.#base = offset;
    this.#bytes = this.source.read(offset, Math.min(WINDOW_BYTES, this.source.size - offset));
  }
}
