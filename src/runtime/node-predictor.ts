/** Models to run on batches in Node, for the command line. It must not be reached by the page. */
import type { Predictor } from '../core/dataset/predictor.ts';
import type { DownloadFile } from './contract.ts';
import { readModelBytes } from './model-bytes.ts';
import { loadNodeRuntime } from './node-ort.ts';
import { createPredictor } from './predictor.ts';
import { openSession } from './session.ts';

/**
 * @param threads holds for the whole process: the runtime makes its threads once.
 * @throws PareError `runtime-refused`, `runtime-crashed`, `out-of-memory`, `unsupported`, `usage`.
 */
export async function openNodePredictor(files: readonly DownloadFile[], threads: number): Promise<Predictor> {
  const { ort } = await loadNodeRuntime(threads);
  const now = (): number => performance.now();
  return createPredictor(await openSession(ort, await readModelBytes(files), 'wasm', 'the model', now));
}
