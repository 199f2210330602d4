/**
 * Where a backend cannot be bit-exact: by how much it may differ, derived. Only WebGPU has entries: WGSL has no float64 and lets
 * a compiler fuse a·b + c. The dispatcher never uses those kernels for work that decides bytes.
 */
import type { BackendName } from '../../core/tensor/kernel-set.ts';
import { quantizeOne, inverseOf } from '../quantize/reference.ts';
import type { KernelName } from '../reference-backend.ts';
import type { Inputs, Outputs } from './conformance.ts';
import { closeGram, closeInverse, nearestDescent, nearestGptq } from './matrix-tolerance.ts';

/** Undefined when within the bound, else what is out of it. */
export type Within = (found: Outputs, wanted: Outputs, input: Inputs) => string | undefined;

/** Half a unit in the last place of float32, relative. */
const U = 2 ** -24;

/**
 * Additions of positive float32 terms, each at most U off: 64 in a thread, 6 in the tree of a workgroup; the terms themselves carry
 * 3 roundings. Segments are added in float64. Doubled for second-order terms.
 */
const SUM = 2 * (64 + 6 + 3) * U;

/** Σ x² and the float64 error of a scale over one row, as the reference has them. */
function rowErrors(row: Float32Array, scale: number, low: number, high: number) {
  let [signal, error] = [0, 0];
  for (const value of row) {
    const x = Number.isFinite(value) ? value : 0;
    const e = x - Math.fround(quantizeOne(x, inverseOf(scale), low, high) * scale);
    signal += x * x;
    error += e * e;
  }
  return { signal, error };
}

/**
 * The chosen scale may be another factor's, but then its error E must be as good as the reference's within what float32 sums can
 * tell: e may be off by U·|x| twice (fused or not), so √E by 2U·√Σx², and E by SUM of itself. Both candidates: twice.
 */
const asGoodScales: Within = (found, wanted, input) => {
  const [mine, best] = [found.out as Float32Array, wanted.out as Float32Array];
  for (let r = 0; r < input.rows; r++) {
    if (Object.is(mine[r], best[r])) continue;
    const row = (input.x as Float32Array).subarray(r * input.columns, (r + 1) * input.columns);
    const [low, high] = [input.arg('low'), input.arg('high')];
    const chosen = rowErrors(row, mine[r], low, high);
    const least = rowErrors(row, best[r], low, high);
    const bound = (Math.sqrt(least.error) + 4 * U * Math.sqrt(least.signal)) ** 2 * (1 + 2 * SUM);
    if (!(chosen.error <= bound)) {
      return `row ${r}: scale ${mine[r]} has error ${chosen.error}, ${best[r]} has ${least.error}`;
    }
  }
  return undefined;
};

/**
 * Sums of squares: SUM relative. Differences are rounded once (U relative; twice that in the square, inside SUM). Values below
 * 2^−126 of the largest magnitude are flushed: each loses at most that much of it, hence the absolute terms.
 */
const closeSums: Within = (found, wanted, input) => {
  const x = input.x as Float32Array;
  let most = 0;
  for (const values of [x, input.y]) {
    for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  }
  const bounds = {
    signal: x.length * (most * 2 ** -62) ** 2,
    noise: x.length * (most * 2 ** -62) ** 2,
    maxError: most * 2 ** -125,
  };
  for (const [name, least] of Object.entries(bounds)) {
    const [mine, right] = [found[name] as number, wanted[name] as number];
    if (Object.is(mine, right)) continue;
    if (!(Math.abs(mine - right) <= right * SUM + least)) return `${name} ${mine} instead of ${right}`;
  }
  return undefined;
};

const TOLERANCES: Partial<Record<BackendName, Partial<Record<KernelName, Within>>>> = {
  webgpu: {
    mseScaleRows: asGoodScales,
    errorSums: closeSums,
    accumulateGram: closeGram,
    inverseCholesky: closeInverse,
    gptqRows: nearestGptq,
    descendRows: nearestDescent,
  },
};

/** The tolerance of a kernel on a backend; undefined means bit-exact. */
export function toleranceOf(backend: BackendName, kernel: KernelName): Within | undefined {
  return TOLERANCES[backend]?.[kernel];
}
