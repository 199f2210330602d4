/**
 * A file whose bytes are read once and kept, because every variant reads its weights again. Still backed by the file,
 * so that a writer passes its untouched parts on by reference. It must not know ONNX.
 */
import { checkRange } from '../core/bytes/spans.ts';
import type { ByteSource } from '../core/bytes/source.ts';
import { readBlob } from '../runtime/read-blob.ts';
import { FileSource } from './file-source.ts';

/** Above this a file is read in ranges, again each time: memory matters more than speed. */
export const MAX_CACHED_BYTES = 256 * 1024 * 1024;

class CachedSource implements ByteSource {
  readonly size: number;
  readonly backing: Blob;
  readonly #bytes: Uint8Array;

  constructor(file: Blob, bytes: Uint8Array) {
    this.backing = file;
    this.size = bytes.byteLength;
    this.#bytes = bytes;
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(this.size, offset, length);
    return this.#bytes.subarray(offset, offset + length);
  }
}

/** @throws PareError `not-a-file` when the browser cannot read it: a folder, or a file that moved */
export async function openSource(file: Blob): Promise<ByteSource> {
  if (file.size > MAX_CACHED_BYTES) return new FileSource(file);
  return new CachedSource(file, await readBlob(file));
}
