/**
 * Where a backend cannot be bit-exact: by how much it may differ, derived. Only WebGPU has entries: WGSL has no float64 and lets
 * a compiler fuse a·b + c. The dispatcher never uses those kernels for work that decides bytes.
 */
import type { BackendName } from '../../core/tensor/kernel-set.ts';
import type { KernelName } from '../reference-backend.ts';
import type { Inputs, Outputs } from './conformance.ts';

/** Undefined when within the bound, else what is out of it. */
export type Within = (found: Outputs, wanted: Outputs, input: Inputs) => string | undefined;

const TOLERANCES: Partial<Record<BackendName, Partial<Record<KernelName, Within>>>> = {};

/** The tolerance of a kernel on a backend; undefined means bit-exact. */
export function toleranceOf(backend: BackendName, kernel: KernelName): Within | undefined {
  return TOLERANCES[backend]?.[kernel];
}
