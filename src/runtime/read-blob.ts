/** Bytes of a Blob, with an error in words where the browser cannot give them. It must not know what they are. */
import { PareError } from '../core/errors.ts';

/** @throws PareError `not-a-file`: a folder, or a file that moved or changed since it was opened */
export async function readBlob(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw unreadableFile(cause);
  }
}

/** @param at where the reading stopped */
export function unreadableFile(cause: unknown, at?: string): PareError {
  return new PareError('not-a-file', 'The browser could not read the file.', {
    ...(at === undefined ? {} : { at }),
    hint: 'It may be a folder, or it was moved or changed after it was opened. Open it again.',
    cause,
  });
}
