/**
 * Several files as one zip, stored as they are: weights do not compress further. Reads a slice at a time. It must not
 * know models.
 */
import { Zip, ZipPassThrough } from 'fflate';
import { readBlob } from '../runtime/read-blob.ts';
import type { Checkpoint } from './jobs.ts';

/** A plain zip counts bytes in 32 bits; what would not fit is saved as separate files. */
export const MAX_ZIP_BYTES = 4_000_000_000;
const SLICE_BYTES = 4 * 1024 * 1024;
/** Zip entries carry a date; a fixed one keeps the same files the same bytes. DOS dates begin in 1980. */
const ENTRY_DATE = new Date(1980, 0, 1);

export interface NamedBlob {
  readonly name: string;
  readonly blob: Blob;
}

/** @throws PareError `cancelled` from the checkpoint, `not-a-file` when a part cannot be read any more */
export async function zipOf(files: readonly NamedBlob[], checkpoint: Checkpoint): Promise<Blob> {
  const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
  const chunks: BlobPart[] = [];
  const zip = new Zip((error, chunk) => {
    if (error !== null) throw error;
    // Handing each piece to the browser at once keeps the worker's heap small.
    chunks.push(new Blob([chunk]));
  });
  let done = 0;
  for (const { name, blob } of files) {
    const entry = new ZipPassThrough(name);
    entry.mtime = ENTRY_DATE;
    zip.add(entry);
    for (let at = 0; at < blob.size; at += SLICE_BYTES) {
      await checkpoint(done / total, 'packing the files');
      const bytes = await readBlob(blob.slice(at, at + SLICE_BYTES));
      entry.push(bytes);
      done += bytes.length;
    }
    entry.push(new Uint8Array(0), true);
  }
  zip.end();
  return new Blob(chunks, { type: 'application/zip' });
}
