/**
 * The GraphRunner of the studio worker: the CPU bundle, one thread, started from bytes that the page has fetched. It
 * must not be used in a worker that measures: this heap is shared by all graphs that are run once.
 */
import { PareError } from '../core/errors.ts';
import type { GraphRunner } from '../core/onnx/graph-runner.ts';
import { prepareBrowserOrt } from './browser-ort.ts';
import { createGraphRunner } from './graph-runner.ts';
import type { Ort } from './ort.ts';
import { wasmOrt } from './wasm-ort.ts';

/** @param loadWasm gives the CPU bundle's WebAssembly (runtimeWasmUrl('wasm')); called on the first run only. */
export function createBrowserRunner(loadWasm: () => Blob | Promise<Blob>): GraphRunner {
  let ready: Promise<Ort> | undefined;
  const prepare = async (): Promise<Ort> => {
    const wasm = await loadWasm();
    if (wasm.size === 0) throw new PareError('internal', 'The WebAssembly of the runtime is empty.');
    await prepareBrowserOrt(wasmOrt, wasm, 1);
    return wasmOrt;
  };
  return createGraphRunner(() => (ready ??= prepare()));
}
