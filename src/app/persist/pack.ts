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
  write(piece: Blob): Promise<void>;
}

/** Of what is written at a time: small files together, large ones cut. */
const PIECE_BYTES = 4 * 1024 * 1024;

export function indexOf(files: readonly OpenFile[]): PackIndex {
  return {
    bytes: files.reduce((total, { file }) => total + file.size, 0),
    files: files.map(({ path, file }) => ({ path, bytes: file.size, type: file.type })),
  };
}

/**
 * Pieces are slices of the user's files, which the browser copies by itself: a set of 500 MB that was read into the page
 * left 100 MB of buffers behind. @throws PareError `cancelled`; whatever reading a file throws
 */
export async function writePack(
  files: readonly OpenFile[],
  sink: PackSink,
  { signal, quiet }: KeepOptions,
): Promise<void> {
  let slices: Blob[] = [];
  let filled = 0;
  const flush = async () => {
    await quiet();
    signal.throwIfAborted();
    await sink.write(new Blob(slices));
    slices = [];
    filled = 0;
  };
  for (const { file } of files) {
    for (let start = 0; start < file.size;) {
      if (filled === PIECE_BYTES) await flush();
      const end = Math.min(file.size, start + PIECE_BYTES - filled);
      slices.push(file.slice(start, end));
      filled += end - start;
      start = end;
    }
  }
  await flush();
}

/** Of each end of a pack, when it is looked at again. */
const LOOKED_AT_BYTES = 64 * 1024;

/**
 * Whether a pack can be read and begins and ends like the files that it was made of. The browser copies the bytes in
 * between by itself. @throws whatever reading throws
 */
export async function readsLike(pack: Blob, files: readonly OpenFile[]): Promise<boolean> {
  const bytes = files.reduce((total, { file }) => total + file.size, 0);
  if (pack.size !== bytes) return false;
  const whole = new Blob(files.map(({ file }) => file));
  for (const start of [0, Math.max(0, bytes - LOOKED_AT_BYTES)]) {
    const [kept, given] = await Promise.all(
      [pack, whole].map(async (blob) => {
        return new Uint8Array(await blob.slice(start, start + LOOKED_AT_BYTES).arrayBuffer());
      }),
    );
    if (!kept.every((byte, i) => byte === given[i])) return false;
  }
  return true;
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
