/**
 * Deflated bytes, inflated into memory up to a bound: what a file claims is never believed further than that. It must
 * not know where the bytes come from.
 */
import { Gunzip, Inflate, inflateSync } from 'fflate';
import { PareError } from '../../core/errors.ts';

/** The most that one entry of a zip or one .gz may become when it is read whole. */
export const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** The same for arrays, which are held while they are used. */
export const MAX_ARRAY_BYTES = 1024 * 1024 * 1024;
/** Deflate reaches 1032:1 on zeros alone; real data stays far below. Under a megabyte no ratio harms. */
const MAX_RATIO = 1000;
const RATIO_FREE_BYTES = 1024 * 1024;
/** Inflated at once: at most 64 MiB of work before the bound is looked at. */
const PIECE_BYTES = 64 * 1024;

export const inMegabytes = (bytes: number): string =>
  bytes < 1e6
    ? `${bytes.toLocaleString('en-US')} bytes`
    : `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;

/** @throws PareError `too-large` when `inflated` bytes are more than may be held, or more than data ever shrinks to */
export function checkExpansion(path: string, deflated: number, inflated: number, limit: number): void {
  if (inflated > limit) {
    throw new PareError(
      'too-large',
      `${path} is ${inMegabytes(inflated)} unpacked; up to ${inMegabytes(limit)} are unpacked in memory.`,
      { hint: 'Store it uncompressed, or in smaller files.' },
    );
  }
  if (inflated > RATIO_FREE_BYTES && inflated > deflated * MAX_RATIO) {
    throw new PareError(
      'too-large',
      `${path} grows from ${inMegabytes(deflated)} to ${inMegabytes(inflated)}, more than ${MAX_RATIO} times: it looks like a zip bomb and was not unpacked.`,
    );
  }
}

/**
 * Raw deflate of a known size.
 * @throws PareError `too-large` as checkExpansion, `malformed` when the bytes are broken or longer than they claim
 */
export function inflateKnown(path: string, deflated: Uint8Array, size: number, limit: number): Uint8Array {
  checkExpansion(path, deflated.length, size, limit);
  if (deflated.length <= PIECE_BYTES) {
    // One byte more than claimed: a stream that is longer shows.
    const out = guarded(path, () => inflateSync(deflated, { out: new Uint8Array(size + 1) }));
    if (out.length !== size) throw wrongSize(path, size);
    return out;
  }
  const sink = new Sink(path, size, size);
  pump(path, new Inflate((chunk) => sink.take(chunk)), deflated);
  return sink.finish(size);
}

/**
 * A whole .gz.
 * @throws PareError `too-large`, `malformed`
 */
export function gunzip(path: string, bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.length < 18) throw new PareError('truncated', `${path} is too short for a gzip file.`);
  const tail = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4);
  // Size modulo 4 GiB of the last member: right for all files up to the bound, a hint for the first allocation only.
  const claimed = tail.getUint32(0, true);
  checkExpansion(path, bytes.length, claimed, limit);
  const sink = new Sink(path, claimed, limit);
  const stream = new Gunzip((chunk) => sink.take(chunk));
  // Called from the second member on: the size at the end is that of the last one only.
  let several = false;
  stream.onmember = () => {
    several = true;
  };
  pump(path, stream, bytes);
  if (!several && sink.length !== claimed) {
    throw new PareError('malformed', `${path} unpacks to ${sink.length} bytes; its end says ${claimed}.`, {
      hint: 'The file is damaged or cut short.',
    });
  }
  return sink.finish(sink.length);
}

interface Pushable {
  push(chunk: Uint8Array, final?: boolean): void;
}

function pump(path: string, stream: Pushable, bytes: Uint8Array): void {
  guarded(path, () => {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      stream.push(bytes.subarray(at, at + PIECE_BYTES), at + PIECE_BYTES >= bytes.length);
    }
  });
}

class Sink {
  length = 0;
  #bytes: Uint8Array;
  readonly #path: string;
  readonly #limit: number;

  constructor(path: string, expected: number, limit: number) {
    this.#path = path;
    this.#limit = limit;
    this.#bytes = new Uint8Array(expected);
  }

  take(chunk: Uint8Array): void {
    const end = this.length + chunk.length;
    if (end > this.#limit) throw wrongSize(this.#path, this.#limit);
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#limit, Math.max(end, this.#bytes.length * 2)));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.length);
    this.length = end;
  }

  finish(size: number): Uint8Array {
    if (this.length !== size) throw wrongSize(this.#path, size);
    return this.#bytes.subarray(0, size);
  }
}

function wrongSize(path: string, size: number): PareError {
  return new PareError('malformed', `${path} does not unpack to the ${size} bytes that it claims.`, {
    hint: 'The file is damaged or made to mislead.',
  });
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof PareError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new PareError('malformed', `${path} cannot be unpacked: ${text}.`, {
      hint: 'The file is damaged or cut short.',
      cause,
    });
  }
}
