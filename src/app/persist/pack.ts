/**
 * Many files as one: their bytes one after the other, and a list of where each begins. A folder of 20,000 pictures is
 * written at the speed of the disk that way, not at that of 20,000 openings. It must not know where packs are kept.
 */
import type { OpenFile } from '../../worker/api.ts';
import type { KeepOptions } from './vault.ts';

export interface PackIndex {
  readonly bytes: number;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly type: string }[];
}

export interface PackSink {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** Of the buffer that small files are gathered in, and of a piece of a large one. */
const PIECE_BYTES = 4 * 1024 * 1024;

export function indexOf(files: readonly OpenFile[]): PackIndex {
  return {
    bytes: files.reduce((total, { file }) => total + file.size, 0),
    files: files.map(({ path, file }) => ({ path, bytes: file.size, type: file.type })),
  };
}

/** Streams: at most one piece is in memory. @throws PareError `cancelled`; whatever reading a file throws */
export async function writePack(
  files: readonly OpenFile[],
  sink: PackSink,
  { signal, quiet }: KeepOptions,
): Promise<void> {
  let buffer = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  const flush = async () => {
    await quiet();
    signal.throwIfAborted();
    await sink.write(buffer.subarray(0, filled));
    buffer = new Uint8Array(PIECE_BYTES);
    filled = 0;
  };
  for (const { file } of files) {
    for (let start = 0; start < file.size;) {
      if (filled === PIECE_BYTES) await flush();
      const end = Math.min(file.size, start + PIECE_BYTES - filled);
      const piece = new Uint8Array(await file.slice(start, end).arrayBuffer());
      buffer.set(piece, filled);
      filled += piece.length;
      start = end;
    }
  }
  await flush();
}

/** The files again, as slices of the pack: nothing is read. */
export function filesOf(pack: Blob, index: PackIndex): readonly OpenFile[] {
  let start = 0;
  return index.files.map(({ path, bytes, type }) => {
    const file = pack.slice(start, start + bytes, type);
    start += bytes;
    return { path, file };
  });
}
