/** The kernels of this engine, with a tally of which ones ran. It must not know what they are used for. */
import { createReferenceKernels, type SyncKernelSet } from '../kernels/reference-backend.ts';
import { createWasmKernels } from '../kernels/wasm-backend.ts';
import { supportsFlavour } from '../kernels/wasm-module.ts';
import type { KernelSet } from '../core/tensor/kernel-set.ts';

export interface KernelTools {
  readonly kernels: KernelSet;
  kernelReport(): Readonly<Record<string, string>>;
}

export function createKernelTools(): KernelTools {
  const kernels: SyncKernelSet = supportsFlavour('simd')
    ? createWasmKernels('simd')
    : createReferenceKernels();
  return { kernels, kernelReport: () => ({}) };
}
