/** The files of a model read into memory, as a session takes them. It must not know what is done with it. */
import { PareError } from '../core/errors.ts';
import type { DownloadFile } from './contract.ts';
import { readBlob } from './read-blob.ts';
import type { ModelBytes } from './session.ts';

/**
 * The first file is the model, the others its external data.
 * @throws PareError `not-a-file` when a part cannot be read, `usage` when there is no file.
 */
export async function readModelBytes(files: readonly DownloadFile[]): Promise<ModelBytes> {
  const [model, ...external] = await Promise.all(
    files.map(async ({ name, parts }) => ({
      path: name,
      data: await readBlob(new Blob([...parts])),
    })),
  );
  if (model === undefined) throw new PareError('usage', 'There is no model file to run.');
  return { model: model.data, external };
}
