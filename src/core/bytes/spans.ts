/**
 * Small tools on sources, spans and parts: make, read, measure, join. It must not know ONNX or where bytes live.
 * Offsets are plain numbers, exact to 2^53; bit operators would cut them at 4 GiB.
 */
import { PareError } from '../errors.ts';
import type { BytePart, ByteSource, ByteSpan } from './source.ts';

/** Refuses a range that leaves a source of `size` bytes. @throws PareError `truncated` */
export function checkRange(size: number, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new PareError(
    'truncated',
    `Bytes ${offset} to ${offset + length} were asked of a file of ${size} bytes.`,
    { at: `byte ${offset}`, hint: 'The file is cut off or damaged. Download it again.' },
  );
}

/** A buffer as a source. Reads are views: the buffer must not change afterwards. */
export class MemorySource implements ByteSource {
  readonly size: number;
  readonly backing: Uint8Array;

  constructor(bytes: Uint8Array) {
    // A Node Buffer is a Uint8Array whose slice() is a view, not a copy: a trap for every reader behind this.
    this.backing = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.size = bytes.byteLength;
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(this.size, offset, length);
    return this.backing.subarray(offset, offset + length);
  }
}

/** A source that has a size and no bytes: lengths can be predicted without data. Reading it is a fault. */
export class HollowSource implements ByteSource {
  readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  read(offset: number): Uint8Array {
    throw new PareError(
      'internal',
      'The bytes of a hollow tensor were asked for; only its length is known.',
      {
        at: `byte ${offset}`,
      },
    );
  }
}

/** The span over all of `bytes`, or over all of a source. */
export function spanOf(bytes: Uint8Array | ByteSource): ByteSpan {
  const source = bytes instanceof Uint8Array ? new MemorySource(bytes) : bytes;
  return { source, start: 0, length: source.size };
}

/** A span of `length` bytes that do not exist, for size prediction. */
export function hollowSpan(length: number): ByteSpan {
  return { source: new HollowSource(length), start: 0, length };
}

/** Bytes [start, start + length) of `span`. @throws PareError `truncated` */
export function subSpan(span: ByteSpan, start: number, length: number): ByteSpan {
  checkRange(span.length, start, length);
  return { source: span.source, start: span.start + start, length };
}

/** The bytes of a span; may be a view on shared memory: never write to it. */
export function readSpan(span: ByteSpan): Uint8Array {
  return span.source.read(span.start, span.length);
}

export function isSpan(part: BytePart): part is ByteSpan {
  return !(part instanceof Uint8Array);
}

export function partLength(part: BytePart): number {
  return isSpan(part) ? part.length : part.byteLength;
}

/** Bytes of all parts together. */
export function partsLength(parts: readonly BytePart[]): number {
  let length = 0;
  for (const part of parts) length += partLength(part);
  return length;
}

/** All parts in one fresh buffer. Reads spans in slices, so that no second copy of a large span exists. */
export function concatParts(parts: readonly BytePart[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(partsLength(parts));
  let at = 0;
  for (const slice of slicesOf(parts)) {
    out.set(slice, at);
    at += slice.byteLength;
  }
  return out;
}

/** Large enough to make the cost of a call vanish, small enough for any heap. */
const SLICE_BYTES = 4 * 1024 * 1024;

/** The bytes of `parts` in order, at most `sliceBytes` at a time. */
export function* slicesOf(
  parts: readonly BytePart[],
  sliceBytes: number = SLICE_BYTES,
): Generator<Uint8Array, void, undefined> {
  for (const part of parts) {
    const length = partLength(part);
    for (let at = 0; at < length; at += sliceBytes) {
      const n = Math.min(sliceBytes, length - at);
      yield isSpan(part) ? part.source.read(part.start + at, n) : part.subarray(at, at + n);
    }
  }
}

/** Whether two part lists are the same bytes, without joining them. */
export function samePartBytes(a: readonly BytePart[], b: readonly BytePart[]): boolean {
  if (partsLength(a) !== partsLength(b)) return false;
  const right = slicesOf(b, SLICE_BYTES);
  let other = new Uint8Array(0) as Uint8Array;
  let used = 0;
  for (const slice of slicesOf(a)) {
    for (let i = 0; i < slice.byteLength; i++, used++) {
      if (used === other.byteLength) {
        const next = right.next();
        if (next.done === true) return false;
        other = next.value;
        used = 0;
      }
      if (slice[i] !== other[used]) return false;
    }
  }
  return true;
}
