/** Conformance in Chromium: reference, both WASM flavours and WebGPU. */
import { createReferenceKernels } from '../reference-backend.ts';
import { createWasmKernels } from '../wasm-backend.ts';
import type { WasmFlavour } from '../wasm-module.ts';
import { supportsFlavour } from '../wasm-module.ts';
import { createWebgpuKernels } from '../webgpu-backend.ts';
import type { Candidate } from './run-suite.ts';
import { declareSuite } from './run-suite.ts';

function wasm(label: string, flavour: WasmFlavour): Candidate {
  const missing = supportsFlavour(flavour) ? {} : { missing: `this browser has no ${flavour}` };
  return { label, make: () => createWasmKernels(flavour), ...missing };
}

/** Small, so that the cases which cross a chunk of WASM cross several of WebGPU. */
const GPU_CHUNK = 16384;
const gpu = await createWebgpuKernels(GPU_CHUNK);

declareSuite(
  [
    { label: 'reference', make: createReferenceKernels },
    wasm('wasm', 'simd'),
    wasm('wasm-relaxed', 'relaxed-simd'),
    'missing' in gpu
      ? { label: 'webgpu', make: createReferenceKernels, missing: gpu.missing }
      : { label: 'webgpu', make: () => gpu },
  ],
  ['reference', 'wasm', 'wasm-relaxed', 'webgpu'],
);
