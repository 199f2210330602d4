/**
 * The kernel set in WebGPU: uploads chunks, runs the shader.wgsl files and joins the results. Bit-exact with the reference but for
 * mseScaleRows, errorSums (no float64 in WGSL) and the matrix kernels (fused sums). It must not know other backends' memory, only the argument checks.
 */
import type { ErrorSums, KernelSet } from '../core/tensor/kernel-set.ts';
import { checkSameLength } from './error-sums/reference.ts';
import { ERROR_SUMS, HISTOGRAM } from './generated/shaders.ts';
import { planHistogram } from './histogram/reference.ts';
import { createGpuCodes } from './webgpu-codes.ts';
import type { GpuRunner } from './webgpu-device.ts';
import { THREADS, openGpu } from './webgpu-device.ts';
import { SEGMENT, bitsOfFloat, createGpuRows, floatOfBits, reduceSegments } from './webgpu-rows.ts';
import { createGpuMatrix } from './webgpu-matrix.ts';
import { createGpuSelection } from './webgpu-selection.ts';
import { rowChunks } from './row-chunks.ts';

function createHistogram(gpu: GpuRunner) {
  return async (x: Float32Array, low: number, high: number, bins: number): Promise<Uint32Array> => {
    const plan = planHistogram(low, high, bins);
    const counts = new Uint32Array(bins);
    const first = plan.low === plan.high ? bins - 1 : 0;
    const floats = [plan.low, plan.high, plan.power, plan.base, plan.perUnit].map(bitsOfFloat);
    for (const { from, to } of rowChunks(1, x.length, 4, gpu.chunkElements)) {
      const [found] = await gpu.run({
        shader: 'histogram',
        source: HISTOGRAM,
        entry: 'count',
        bindings: {
          0: x.subarray(from, to),
          1: Uint32Array.of(to - from, ...floats, bins, first),
          2: { resultBytes: bins * 4 },
        },
        workgroups: Math.ceil((to - from) / THREADS),
      });
      new Uint32Array(found).forEach((count, bin) => (counts[bin] += count));
    }
    return counts;
  };
}

/** Exponent of the largest finite magnitude of x and y; 0 when all are 0. */
async function commonExponent(gpu: GpuRunner, x: Float32Array, y: Float32Array): Promise<number> {
  let bits = 0;
  for (const values of [x, y]) {
    for (const chunk of rowChunks(1, values.length, 4, gpu.chunkElements)) {
      const { found } = await reduceSegments(gpu, 'finite-absmax', values, chunk);
      bits = found.reduce((most, one) => Math.max(most, one), bits);
    }
  }
  return bits === 0 ? 0 : Math.floor(Math.log2(floatOfBits(bits)));
}

function createErrorSums(gpu: GpuRunner) {
  return async (x: Float32Array, y: Float32Array): Promise<ErrorSums> => {
    checkSameLength(x, y);
    const exponent = await commonExponent(gpu, x, y);
    let [signal, noise, most, flags] = [0, 0, 0, 0];
    for (const { from, to } of rowChunks(1, x.length, 4, gpu.chunkElements)) {
      const segments = Math.ceil((to - from) / SEGMENT);
      const [found] = await gpu.run({
        shader: 'error-sums',
        source: ERROR_SUMS,
        entry: 'sums',
        bindings: {
          0: x.subarray(from, to),
          1: Int32Array.of(segments, to - from, SEGMENT, exponent),
          2: y.subarray(from, to),
          3: { resultBytes: segments * 16 },
        },
        workgroups: segments,
      });
      const floats = new Float32Array(found);
      const words = new Uint32Array(found);
      for (let s = 0; s < segments; s++) {
        signal += floats[4 * s];
        noise += floats[4 * s + 1];
        most = Math.max(most, floats[4 * s + 2]);
        flags |= words[4 * s + 3];
      }
    }
    const unit = 2 ** exponent;
    return {
      signal: flags & 1 ? NaN : flags & 2 ? Infinity : signal * unit * unit,
      noise: flags & 4 ? NaN : flags & 8 ? Infinity : noise * unit * unit,
      maxError: flags & 8 ? Infinity : most * unit,
    };
  };
}

/** WebGPU kernels; `dispose` gives the device back. */
export interface WebgpuKernelSet extends KernelSet {
  readonly backend: 'webgpu';
  dispose(): void;
}

/** The kernels, or why there is no WebGPU here. `chunkElements`: elements of one upload, a multiple of 4096; for tests. */
export async function createWebgpuKernels(
  chunkElements?: number,
): Promise<WebgpuKernelSet | { readonly missing: string }> {
  const gpu = await openGpu(chunkElements);
  if ('missing' in gpu) return gpu;
  return {
    backend: 'webgpu',
    dispose: () => gpu.dispose(),
    ...createGpuRows(gpu),
    ...createGpuCodes(gpu),
    ...createGpuSelection(gpu),
    histogram: createHistogram(gpu),
    errorSums: createErrorSums(gpu),
    ...createGpuMatrix(gpu),
  };
}
