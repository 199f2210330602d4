/**
 * The user's files as a set, in a worker: files from the page, codecs from the page, an id of the content. It must not
 * know what the set is used for.
 */
import { sha256Hex } from '../core/bytes/hash.ts';
import { blobFile } from '../data/blob-file.ts';
import { openDataset } from '../data/open-dataset.ts';
import { createPictureDecoder } from '../data/picture/decoder.ts';
import type { Checkpoint, DataFile, Dataset, PictureDecoder } from '../data/types.ts';
import type { CodecBlobs, OpenFile } from './api.ts';

/** Compiles each codec when the first picture of its format comes. */
export function pictureDecoder(codecs: CodecBlobs): PictureDecoder {
  return createPictureDecoder({
    loadCodec: async (name) => WebAssembly.compile(await codecs[name].arrayBuffer()),
  });
}

/** @throws PareError as openDataset does */
export function openData(
  files: readonly OpenFile[],
  decoder: PictureDecoder,
  checkpoint: Checkpoint,
): Promise<Dataset> {
  return openDataset(files.map(toDataFile), { decoder, checkpoint });
}

function toDataFile({ path, file }: OpenFile): DataFile {
  return blobFile(path, file);
}

/** 64 bits: no collision among the handful of sets of a user. */
const ID_DIGITS = 16;
/** Files whose bytes are looked at: all of a zip or a pair of arrays, evenly spread ones of a folder. */
const LOOKED_INTO = 64;
/** Pieces of one file that are looked at, the first and the last among them. */
const PIECES = 16;
const PIECE_BYTES = 16 * 1024;
/** Labels are in these: the smallest change of one is another set. */
const LABEL_FILE = /\.(csv|tsv|json|txt)$/i;
const WHOLE_LABEL_BYTES = 4 * 1024 * 1024;

/**
 * The same for the same files in any order, also after a copy of them was kept by the browser: of names, sizes, the
 * bytes of label files and samples of the others. It is an id, not a proof.
 * @throws PareError `not-a-file` when a file has gone
 */
export async function dataIdOf(files: readonly OpenFile[]): Promise<string> {
  const sorted = files.map(toDataFile).sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const names = sorted.map(({ path, bytes }) => `${bytes} ${path}\n`).join('');
  const parts: Uint8Array[] = [new TextEncoder().encode(names)];
  const stride = Math.max(1, sorted.length / LOOKED_INTO);
  const looked = new Set<number>();
  for (let at = 0; at < sorted.length; at += stride) looked.add(Math.floor(at));
  for (const [i, file] of sorted.entries()) {
    const isLabels = LABEL_FILE.test(file.path) && file.bytes <= WHOLE_LABEL_BYTES;
    // Only the digest is kept, so that memory holds one file's pieces.
    if (isLabels) parts.push(digest([await file.read(0, file.bytes)]));
    else if (looked.has(i)) parts.push(digest(await piecesOf(file)));
  }
  return sha256Hex(parts).slice(0, ID_DIGITS);
}

async function piecesOf(file: DataFile): Promise<Uint8Array[]> {
  if (file.bytes <= PIECES * PIECE_BYTES) return [await file.read(0, file.bytes)];
  const pieces: Uint8Array[] = [];
  for (let i = 0; i < PIECES; i++) {
    const start = Math.floor((i * (file.bytes - PIECE_BYTES)) / (PIECES - 1));
    pieces.push(await file.read(start, start + PIECE_BYTES));
  }
  return pieces;
}

function digest(parts: readonly Uint8Array[]): Uint8Array {
  return new TextEncoder().encode(sha256Hex(parts));
}
