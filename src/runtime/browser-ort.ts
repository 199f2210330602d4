/**
 * Sets a browser bundle of the runtime up from bytes that the page has already fetched. It must not know which
 * bundle it is given, and it never asks the network.
 */
import type { Ort } from './ort.ts';

/**
 * The runtime names its threads so and starts them from the very script that holds it. Such a worker belongs to the
 * runtime alone: nobody else may listen to its messages.
 */
const THREAD_NAME = 'em-pthread';

export function isRuntimeThread(scope: object = globalThis): boolean {
  return 'name' in scope && typeof scope.name === 'string' && scope.name.startsWith(THREAD_NAME);
}

/** @returns the number of threads the runtime will have: 1 where memory cannot be shared. */
export async function prepareBrowserOrt(ort: Ort, wasm: Blob, threads: number): Promise<number> {
  const possible = globalThis.crossOriginIsolated ? threads : 1;
  ort.env.wasm.wasmBinary = await wasm.arrayBuffer();
  ort.env.wasm.numThreads = possible;
  ort.env.wasm.proxy = false;
  ort.env.logLevel = 'fatal';
  return possible;
}
