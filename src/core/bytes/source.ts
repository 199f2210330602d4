/**
 * Ranged reads over bytes that may not fit in memory: a buffer, a `File` in a worker, a file descriptor in Node.
 * It must not know ONNX. Offsets are plain numbers (exact to 2^53), never truncated with bit operators.
 */

export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /**
   * Bytes [offset, offset + length). Synchronous (FileReaderSync, fs.readSync). The result may be a view on
   * shared memory: never write to it.
   * @throws PareError `truncated` when the range leaves the source.
   */
  read(offset: number, length: number): Uint8Array;
  /** What backs it, so that a writer can pass a part of a `File` on without reading it. */
  readonly backing?: unknown;
}

/** A range of a source. Cheap to hold: no bytes are read until asked. */
export interface ByteSpan {
  readonly source: ByteSource;
  /** Bytes from the start of the source. */
  readonly start: number;
  /** Bytes. */
  readonly length: number;
}

/** What a writer emits, in order: fresh bytes, or a span of the input that is passed on unread. */
export type BytePart = Uint8Array | ByteSpan;
