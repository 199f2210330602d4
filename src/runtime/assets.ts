/**
 * Where the build put the WebAssembly of each runtime bundle, and which bundle a provider needs here. Addresses only:
 * it must not load anything, so that the page may import it.
 */
import asyncifyUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import jspiUrl from 'onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url';
import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';

/** `wasm` = CPU only; `jspi` and `webgpu` = GPU, the latter larger and for browsers without suspending WebAssembly. */
export type RuntimeBundle = 'wasm' | 'jspi' | 'webgpu';

const URLS: Readonly<Record<RuntimeBundle, string>> = { wasm: wasmUrl, jspi: jspiUrl, webgpu: asyncifyUrl };

/** The bundle that runs `provider` in this browser. */
export function bundleFor(provider: 'wasm' | 'webgpu'): RuntimeBundle {
  if (provider === 'wasm') return 'wasm';
  return 'Suspending' in WebAssembly ? 'jspi' : 'webgpu';
}

/** Address of the WebAssembly that `provider` needs in this browser: 14 MB, or 17 or 27 MB for the GPU. */
export function runtimeWasmUrl(provider: 'wasm' | 'webgpu'): string {
  return URLS[bundleFor(provider)];
}
