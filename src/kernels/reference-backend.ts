/**
 * The kernel set in plain TypeScript: the specification that the other backends are held to, and the last resort where
 * neither WebAssembly SIMD nor WebGPU exists. It must not know other backends.
 */
import type { KernelSet } from '../core/tensor/kernel-set.ts';
import { applyMask, compress, packMask } from './bitmask/reference.ts';
import { descendRows } from './descend/reference.ts';
import { errorSums } from './error-sums/reference.ts';
import { absmaxRows, minmaxRows } from './extremes/reference.ts';
import { gptqRows } from './gptq/reference.ts';
import { accumulateGram } from './gram/reference.ts';
import { fromHalf, toHalf } from './half/reference.ts';
import { histogram } from './histogram/reference.ts';
import { packInt4, unpackInt4 } from './int4/reference.ts';
import { inverseCholesky } from './inverse-cholesky/reference.ts';
import { kthMagnitude, topMask } from './magnitude/reference.ts';
import { mseScaleRows } from './mse-scale/reference.ts';
import { nmMask } from './nm-mask/reference.ts';
import { dequantizeRows, quantizeRows } from './quantize/reference.ts';

/** Names of the kernels: every method of the set. */
export type KernelName = Exclude<keyof KernelSet, 'backend'>;

/** Kernels that may pause when they are asked to: then they answer with a promise. */
type PausingName = 'inverseCholesky' | 'gptqRows' | 'descendRows';

/** A kernel set that answers at once instead of with a promise. */
export type SyncKernelSet = { readonly backend: KernelSet['backend'] } & {
  readonly [K in Exclude<KernelName, PausingName>]: (
    ...args: Parameters<KernelSet[K]>
  ) => Awaited<ReturnType<KernelSet[K]>>;
} & {
  readonly inverseCholesky: typeof inverseCholesky;
  readonly gptqRows: typeof gptqRows;
  readonly descendRows: typeof descendRows;
};

/** Holds no resources; may be made as often as wanted. */
export function createReferenceKernels(): SyncKernelSet {
  return {
    backend: 'reference',
    absmaxRows,
    minmaxRows,
    histogram,
    quantizeRows,
    dequantizeRows,
    mseScaleRows,
    packInt4,
    unpackInt4,
    toHalf,
    fromHalf,
    kthMagnitude,
    topMask,
    nmMask,
    packMask,
    applyMask,
    compress,
    errorSums,
    accumulateGram,
    inverseCholesky,
    gptqRows,
    descendRows,
  };
}
