/**
 * Chooses the backend that runs each kernel and keeps a record of what ran and why. Bytes must not depend on the machine, so a
 * backend is only ever chosen for kernels in which it is bit-exact. It must not compute.
 */
import type { BackendName, KernelPause, KernelSet } from '../core/tensor/kernel-set.ts';
import type { KernelName, SyncKernelSet } from './reference-backend.ts';
import { createReferenceKernels } from './reference-backend.ts';
import { createWasmKernels } from './wasm-backend.ts';
import type { WasmFlavour } from './wasm-module.ts';
import { supportsFlavour } from './wasm-module.ts';

/** How often a kernel ran on a backend, for one reason. */
export interface Decision {
  readonly kernel: KernelName;
  readonly backend: BackendName;
  readonly calls: number;
  readonly reason: string;
}

/** A kernel set that says what it did. */
export interface Kernels extends KernelSet {
  /** In the order of first use. */
  decisions(): readonly Decision[];
  /** One line a decision: "quantizeRows: wasm ×14 (relaxed SIMD available)". */
  decisionLines(): readonly string[];
}

export interface DispatchOptions {
  /** Backend to use where it is available and exact. Absent: wasm, else reference. */
  readonly prefer?: BackendName;
  /** From createWebgpuKernels(); needed for prefer: 'webgpu'. */
  readonly webgpu?: KernelSet;
  /** Nothing computed here decides bytes (an estimate, a ranking): WebGPU may run kernels in which it is not bit-exact. */
  readonly inexact?: boolean;
  /** For tests: what the engine is said to support. */
  readonly supports?: (flavour: WasmFlavour) => boolean;
}

/** Kernels in which WebGPU is not bit-exact (see their shader.wgsl). */
const INEXACT_ON_WEBGPU: ReadonlySet<KernelName> = new Set([
  'mseScaleRows',
  'errorSums',
  'accumulateGram',
  'inverseCholesky',
  'gptqRows',
  'descendRows',
]);

/** Below this many elements moving them to the GPU and back costs more than any kernel here. */
const LEAST_GPU_ELEMENTS = 1 << 18;

interface Choice {
  readonly kernels: KernelSet;
  readonly reason: string;
}

const NO_SIMD = 'no WebAssembly SIMD here';

function chooseCpu({ prefer, supports = supportsFlavour }: DispatchOptions): {
  readonly kernels: SyncKernelSet;
  readonly reason: string;
} {
  if (prefer === 'reference') return { kernels: createReferenceKernels(), reason: 'asked for' };
  if (supports('relaxed-simd')) {
    return { kernels: createWasmKernels('relaxed-simd'), reason: 'relaxed SIMD available' };
  }
  if (supports('simd')) {
    return { kernels: createWasmKernels('simd'), reason: 'SIMD available, relaxed SIMD not' };
  }
  return { kernels: createReferenceKernels(), reason: NO_SIMD };
}

/** Number of elements of the first array argument. */
function sizeOf(argument: unknown): number {
  if (ArrayBuffer.isView(argument)) return (argument as Uint8Array).length;
  return Array.isArray(argument) ? argument.reduce<number>((sum, part) => sum + sizeOf(part), 0) : 0;
}

/** Counts decisions. One line for each kernel, backend and reason. */
class Ledger {
  readonly #entries = new Map<string, Decision>();

  note(kernel: KernelName, backend: BackendName, reason: string): void {
    const key = `${kernel} ${backend} ${reason}`;
    const calls = (this.#entries.get(key)?.calls ?? 0) + 1;
    this.#entries.set(key, { kernel, backend, calls, reason });
  }

  get all(): readonly Decision[] {
    return [...this.#entries.values()];
  }
}

type Method = (...args: unknown[]) => unknown;

/** The arguments, and whether an error came out of a callback among them: then the caller wants the work stopped, not repeated. */
function watchCallbacks(args: readonly unknown[]): {
  watched: unknown[];
  stopped: (error: unknown) => boolean;
} {
  const thrown: unknown[] = [];
  const watched = args.map((argument) => {
    if (typeof argument !== 'function') return argument;
    return async (done: number) => {
      try {
        await (argument as KernelPause)(done);
      } catch (error) {
        thrown.push(error);
        throw error;
      }
    };
  });
  return { watched, stopped: (error) => thrown.includes(error) };
}

/** One kernel: asks `choose` for each call, and repeats on the CPU what a lost GPU did not finish. */
function dispatched(name: KernelName, cpu: Choice, choose: (size: number) => Choice, ledger: Ledger): Method {
  const call = ({ kernels }: Choice, args: unknown[]): unknown => (kernels[name] as Method)(...args);
  return (...args) => {
    const choice = choose(sizeOf(args[0]));
    ledger.note(name, choice.kernels.backend, choice.reason);
    if (choice.kernels === cpu.kernels) return call(choice, args);
    const { watched, stopped } = watchCallbacks(args);
    const result = call(choice, watched);
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      // A RangeError is the caller's fault on every backend.
      if (error instanceof RangeError || stopped(error)) throw error;
      ledger.note(name, cpu.kernels.backend, `WebGPU failed: ${String(error)}`);
      return call(cpu, args);
    });
  };
}

function chooserOf(
  name: KernelName,
  cpu: Choice,
  { prefer, webgpu, inexact = false }: DispatchOptions,
): (size: number) => Choice {
  if (prefer !== 'webgpu') return () => cpu;
  const instead = (why: string): Choice => ({ ...cpu, reason: `${cpu.reason}; ${why}` });
  if (webgpu === undefined) return () => instead('no WebGPU here');
  const exact = !INEXACT_ON_WEBGPU.has(name);
  if (!exact && !inexact) return () => instead('WebGPU is not bit-exact in this kernel');
  const gpu: Choice = {
    kernels: webgpu,
    reason: `asked for, ${exact ? 'bit-exact' : 'need not be bit-exact'}`,
  };
  const small = instead(`under ${LEAST_GPU_ELEMENTS} elements`);
  return (size) => (size < LEAST_GPU_ELEMENTS ? small : gpu);
}

/** The kernels of this engine. Cheap: the WASM binary is under 20 kB and its memory grows with use, to about 1 MB. */
export function createKernels(options: DispatchOptions = {}): Kernels {
  const cpu = chooseCpu(options);
  const ledger = new Ledger();
  const names = Object.keys(createReferenceKernels()).filter((name) => name !== 'backend') as KernelName[];
  const methods = Object.fromEntries(
    names.map((name) => [name, dispatched(name, cpu, chooserOf(name, cpu, options), ledger)]),
  ) as unknown as Omit<KernelSet, 'backend'>;
  return {
    backend: options.prefer === 'webgpu' && options.webgpu !== undefined ? 'webgpu' : cpu.kernels.backend,
    ...methods,
    decisions: () => ledger.all,
    decisionLines: () =>
      ledger.all.map(({ kernel, backend, calls, reason }) => `${kernel}: ${backend} ×${calls} (${reason})`),
  };
}
