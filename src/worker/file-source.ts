/**
 * A dropped `File` as a ByteSource: synchronous ranged reads, so that a model of several gigabytes is never read
 * whole. Only for workers (FileReaderSync does not exist in a page). It must not know ONNX.
 */
import { checkRange } from '../core/bytes/spans.ts';
import type { ByteSource } from '../core/bytes/source.ts';
import { unreadableFile } from '../runtime/read-blob.ts';

/** FileReaderSync is declared by the worker lib only, which clashes with the DOM lib. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

export class FileSource implements ByteSource {
  readonly size: number;
  readonly backing: Blob;
  readonly #reader = new FileReaderSync();

  constructor(file: Blob) {
    this.backing = file;
    this.size = file.size;
  }

  /** @throws PareError `truncated` outside the file, `not-a-file` when the browser cannot read it any more. */
  read(offset: number, length: number): Uint8Array {
    checkRange(this.size, offset, length);
    if (length === 0) return new Uint8Array(0);
    try {
      return new Uint8Array(this.#reader.readAsArrayBuffer(this.backing.slice(offset, offset + length)));
    } catch (cause) {
      throw unreadableFile(cause, `byte ${offset}`);
    }
  }
}
