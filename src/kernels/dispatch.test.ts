/** What the dispatcher chooses, and that it says so. */
import { describe, expect, it } from 'vitest';
import type { KernelSet } from '../core/tensor/kernel-set.ts';
import { createKernels } from './dispatch.ts';
import { createReferenceKernels } from './reference-backend.ts';

const x = Float32Array.of(1, -2, 3);
const large = new Float32Array(1 << 18).fill(2);

/** Stands in for WebGPU: the reference behind promises, counting its calls. */
function fakeGpu(fail?: Error): KernelSet & { calls: string[] } {
  const calls: string[] = [];
  const reference = createReferenceKernels();
  const methods = Object.entries(reference).filter(([name]) => name !== 'backend');
  const slow = methods.map(([name, method]) => [
    name,
    (...args: unknown[]): Promise<unknown> => {
      calls.push(name);
      return fail ? Promise.reject(fail) : Promise.resolve((method as (...a: unknown[]) => unknown)(...args));
    },
  ]);
  return { backend: 'webgpu', calls, ...(Object.fromEntries(slow) as Omit<KernelSet, 'backend'>) };
}

describe('createKernels', () => {
  it('uses WASM where there is SIMD and counts the calls', async () => {
    const kernels = createKernels({ supports: (flavour) => flavour === 'simd' });
    await kernels.absmaxRows(x, 1, 3);
    await kernels.absmaxRows(x, 1, 3);
    expect(kernels.backend).toBe('wasm');
    expect(kernels.decisionLines()).toEqual(['absmaxRows: wasm ×2 (SIMD available, relaxed SIMD not)']);
  });

  it('falls back to the reference without SIMD and says why', async () => {
    const kernels = createKernels({ supports: () => false });
    expect(await kernels.absmaxRows(x, 1, 3)).toEqual(Float32Array.of(3));
    expect(kernels.decisions()).toEqual([
      { kernel: 'absmaxRows', backend: 'reference', calls: 1, reason: 'no WebAssembly SIMD here' },
    ]);
  });

  it('takes the reference when asked', () => {
    expect(createKernels({ prefer: 'reference' }).backend).toBe('reference');
  });

  it('keeps inexact kernels and small tensors off WebGPU', async () => {
    const gpu = fakeGpu();
    const kernels = createKernels({ prefer: 'webgpu', webgpu: gpu, supports: () => false });
    await kernels.absmaxRows(x, 1, 3);
    await kernels.errorSums(large, large);
    await kernels.mseScaleRows(large, 1, large.length, -7, 7, Float32Array.of(1));
    expect(gpu.calls).toEqual([]);
    await kernels.absmaxRows(large, 1, large.length);
    expect(gpu.calls).toEqual(['absmaxRows']);
    expect(kernels.decisionLines()).toEqual([
      'absmaxRows: reference ×1 (no WebAssembly SIMD here; under 262144 elements)',
      'errorSums: reference ×1 (no WebAssembly SIMD here; WebGPU is not bit-exact in this kernel)',
      'mseScaleRows: reference ×1 (no WebAssembly SIMD here; WebGPU is not bit-exact in this kernel)',
      'absmaxRows: webgpu ×1 (asked for, bit-exact)',
    ]);
  });

  it('repeats on the CPU what a lost GPU did not finish', async () => {
    const kernels = createKernels({
      prefer: 'webgpu',
      webgpu: fakeGpu(new Error('device lost')),
      supports: () => false,
    });
    expect(await kernels.kthMagnitude([large], 1)).toBe(2);
    expect(kernels.decisionLines()[1]).toBe('kthMagnitude: reference ×1 (WebGPU failed: Error: device lost)');
  });

  it('does not hide a wrong call behind the CPU', async () => {
    const kernels = createKernels({ prefer: 'webgpu', webgpu: fakeGpu(new RangeError('k')) });
    await expect(kernels.kthMagnitude([large], 1)).rejects.toThrow(RangeError);
  });

  it('takes what is not exact on WebGPU only for work that decides no bytes', async () => {
    const gpu = fakeGpu();
    const options = { prefer: 'webgpu', webgpu: gpu, supports: () => false } as const;
    const side = 512;
    const gram = new Float32Array(side * side);
    await createKernels(options).accumulateGram(large, large.length / side, side, gram);
    expect(gpu.calls).toEqual([]);
    const estimating = createKernels({ ...options, inexact: true });
    await estimating.accumulateGram(large, large.length / side, side, gram);
    expect(gpu.calls).toEqual(['accumulateGram']);
    expect(estimating.decisionLines()).toEqual([
      'accumulateGram: webgpu ×1 (asked for, need not be bit-exact)',
    ]);
  });

  it('gives what a pause throws to the caller and does not repeat the work', async () => {
    const stop = new Error('stop');
    let pauses = 0;
    const pause = (): Promise<void> => {
      pauses++;
      return Promise.reject(stop);
    };
    const gpu = fakeGpu();
    for (const kernels of [
      createKernels({ supports: () => false }),
      createKernels({ supports: (flavour) => flavour === 'simd' }),
      createKernels({ prefer: 'webgpu', webgpu: gpu, supports: () => false, inexact: true }),
    ]) {
      const size = kernels.backend === 'webgpu' ? 512 : 2;
      await expect(kernels.inverseCholesky(new Float32Array(size * size), size, pause)).rejects.toBe(stop);
    }
    expect(pauses).toBe(3);
  });

  it('says that WebGPU was asked for and is not there', async () => {
    const kernels = createKernels({ prefer: 'webgpu', supports: () => false });
    await kernels.absmaxRows(x, 1, 3);
    expect(kernels.decisionLines()).toEqual([
      'absmaxRows: reference ×1 (no WebAssembly SIMD here; no WebGPU here)',
    ]);
  });
});
