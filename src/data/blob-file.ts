/** A Blob as a file of the user's data, read in ranges. It must not know formats. */
import { PareError } from '../core/errors.ts';
import type { DataFile } from './types.ts';

/** @param path relative, as dropped; only a name. Reading throws PareError `not-a-file` when the file has gone. */
export function blobFile(path: string, blob: Blob): DataFile {
  return {
    path,
    bytes: blob.size,
    async read(start, end) {
      if (start < 0 || end > blob.size || start > end) {
        throw new PareError(
          'truncated',
          `${path} holds ${blob.size} bytes; ${start} to ${end} were asked for.`,
        );
      }
      try {
        return new Uint8Array(await blob.slice(start, end).arrayBuffer());
      } catch (cause) {
        throw new PareError('not-a-file', `The browser could not read ${path}.`, {
          hint: 'It may have been moved or changed after it was added. Add the data again.',
          cause,
        });
      }
    },
  };
}
