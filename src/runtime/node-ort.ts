/**
 * onnxruntime-web for Node: its Node entry, which has the CPU provider only. It must not be reached by the page.
 * Loaded on first use; 1 thread unless told otherwise before that, because its threads keep a process alive.
 */
import type { Ort } from './ort.ts';

let loading: Promise<Ort> | undefined;

/** The thread count of the first call holds: the runtime makes its pool once a process. */
export function loadNodeOrt(threads = 1): Promise<Ort> {
  loading ??= import('onnxruntime-web').then((ort) => {
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = 'fatal';
    return ort;
  });
  return loading;
}
