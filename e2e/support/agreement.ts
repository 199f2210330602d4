/**
 * The page's agreement, computed again outside the page: same seed, same inputs, sessions of onnxruntime-web in Node.
 * It must not know how the page shows it.
 */
import { compareOnSynthetic } from '../../src/runtime/compare.ts';
import { findSizes } from '../../src/runtime/find-sizes.ts';
import { readInputs } from '../../src/runtime/inputs.ts';
import { loadNodeRuntime } from '../../src/runtime/node-ort.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { pickRange } from '../../src/runtime/value-range.ts';

/** The page's default. */
const SEED = 1;
const breathe = (): Promise<void> => Promise.resolve();

/**
 * Cosine over the first `samples` synthetic inputs. Threads split sums differently, and a detector fed with noise
 * multiplies that last bit up to the third decimal: so `threads` must be the page's.
 */
export async function cosineOutside(
  original: Uint8Array,
  variant: Uint8Array,
  samples: number,
  threads: number,
): Promise<number> {
  const { ort } = await loadNodeRuntime(threads);
  if (ort.env.wasm.numThreads !== threads)
    throw new Error(`this process already runs ${ort.env.wasm.numThreads} threads`);
  const open = (model: Uint8Array, who: string): Promise<Session> =>
    openSession(ort, { model, external: [] }, 'wasm', who, () => performance.now());
  const first = await open(original, 'the original');
  const second = await open(variant, 'the variant');
  const inputs = readInputs(first.ort);
  if (!inputs.ok) throw new Error(inputs.reason);
  const found = await findSizes(first, inputs.inputs, {}, SEED, { clock: performance, breathe });
  if (!found.ok) throw new Error(found.reason);
  const range = await pickRange(first, inputs.inputs, found.sizes, SEED, breathe);
  const compared = await compareOnSynthetic(first, second, {
    inputs: inputs.inputs,
    sizes: found.sizes,
    range,
    seed: SEED,
    samples,
    goOn: () => Promise.resolve(true),
  });
  await first.release();
  await second.release();
  if (!compared.ok) throw new Error(compared.reason);
  return compared.agreement.cosine;
}
