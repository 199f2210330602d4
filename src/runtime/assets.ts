/**
 * Where the runtime's WebAssembly is served from: the page's own origin. The one file of this folder that the page
 * itself imports (addresses only), so that it can fetch each of them once. It must not load the runtime.
 */
import cpuUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import asyncifyUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import jspiUrl from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url';

/** Whether the engine can suspend WebAssembly on a promise; decides which WebGPU bundle runs. */
export function hasSuspending(): boolean {
  return 'Suspending' in WebAssembly;
}

/** Address of the WebAssembly that belongs to the bundle the provider runs on. */
export function runtimeWasmUrl(provider: 'wasm' | 'webgpu'): string {
  if (provider === 'wasm') return cpuUrl;
  return hasSuspending() ? jspiUrl : asyncifyUrl;
}
