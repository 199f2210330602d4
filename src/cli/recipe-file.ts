/**
 * The text of a recipe file, or of a pipe (`--recipe <(…)`). It must not know what a recipe is. What is read is bounded,
 * and so is the wait: a path can also name a device that never ends or a pipe that nobody writes to.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { PareError } from '../core/errors.ts';
import { READ_WITHOUT_WAITING } from './fd-source.ts';

/** A hundred steps with overrides for ten thousand layers each fit many times over. */
const MAX_RECIPE_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const MAX_WAIT_MILLIS = 10_000;
const WAIT_MILLIS = 20;

/** @throws PareError `recipe-invalid` when it is too long or does not come; the error of the file system otherwise */
export function readRecipeText(path: string): string {
  const fd = openSync(path, READ_WITHOUT_WAITING);
  try {
    const chunks: Buffer[] = [];
    for (let bytes = 0; bytes <= MAX_RECIPE_BYTES;) {
      const chunk = nextChunk(fd, path);
      if (chunk.byteLength === 0) return Buffer.concat(chunks).toString('utf8');
      chunks.push(chunk);
      bytes += chunk.byteLength;
    }
    throw noRecipe(`${path} has more than ${MAX_RECIPE_BYTES} bytes; no recipe is that long`);
  } finally {
    closeSync(fd);
  }
}

/** Empty at the end. */
function nextChunk(fd: number, path: string): Buffer {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let waited = 0; waited < MAX_WAIT_MILLIS; waited += WAIT_MILLIS) {
    try {
      return chunk.subarray(0, readSync(fd, chunk));
    } catch (error) {
      // The writer of a pipe is there and has not written yet.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MILLIS);
    }
  }
  throw noRecipe(`Nothing came from ${path} for ${MAX_WAIT_MILLIS / 1000} s`);
}

function noRecipe(found: string): PareError {
  return new PareError('recipe-invalid', `${found}.`, { hint: 'Choose a recipe that Pare has saved.' });
}
