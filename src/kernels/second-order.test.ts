/**
 * What the kernels of second-order rounding are for, against float64: U factors the inverse, the Gram matrix is xᵀx, and the
 * error in the output falls. Runs on the reference and on WASM; conformance holds the two together bit by bit.
 */
import { describe, expect, it } from 'vitest';
import { quantizeRows } from './quantize/reference.ts';
import { createReferenceKernels } from './reference-backend.ts';
import type { Pause } from './steps.ts';
import { randomFrom } from './testing/cases.ts';
import {
  correlatedInputs,
  damp,
  decodeCodes,
  gramOf,
  gridsOf,
  inverseFault,
  normalValues,
  outputErrors,
} from './testing/second-order.ts';
import { createWasmKernels } from './wasm-backend.ts';

/** Half a unit in the last place of float32, relative. */
const U = 2 ** -24;

const backends = [createReferenceKernels(), createWasmKernels('simd')];

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe.each(backends)('second-order rounding on $backend', (kernels) => {
  it('accumulateGram is xᵀx', () => {
    const [rows, n] = [200, 37];
    const x = correlatedInputs(rows, n, 1);
    const start = gramOf(n, 10, 0, 2);
    const found = kernels.accumulateGram(x, rows, n, start);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let [right, size] = [start[i * n + j], Math.abs(start[i * n + j])];
        for (let r = 0; r < rows; r++) {
          right += x[r * n + i] * x[r * n + j];
          size += Math.abs(x[r * n + i] * x[r * n + j]);
        }
        // Each product and each of `rows` partial sums is rounded once; a partial sum is at most Σ|terms|.
        expect(Math.abs(found[i * n + j] - right)).toBeLessThanOrEqual((rows + 2) * U * size);
      }
    }
  });

  it('accumulateGram does not depend on how the rows are cut and can add in place', () => {
    const [rows, n] = [300, 21];
    const x = correlatedInputs(rows, n, 3);
    const whole = kernels.accumulateGram(x, rows, n, new Float32Array(n * n));
    const gram = new Float32Array(n * n);
    for (const [from, to] of [
      [0, 1],
      [1, 130],
      [130, 130],
      [130, 300],
    ]) {
      const part = x.subarray(from * n, to * n);
      expect(kernels.accumulateGram(part, to - from, n, gram, gram)).toBe(gram);
    }
    expect(gram).toEqual(whole);
  });

  it.each([1, 2, 7, 64, 150])('inverseCholesky of %d inputs: UᵀU is the inverse', (n) => {
    const h = gramOf(n, 4 * n, 0.01, n);
    const u = kernels.inverseCholesky(h, n);
    if (u === null) throw new Error('not positive');
    expect(inverseFault(u, h, n)).toBeUndefined();
  });

  it('inverseCholesky refuses what is not positive definite, and damping helps', () => {
    const n = 40;
    const few = gramOf(n, 10, 0, 5); // rank 10
    few[0] = -1;
    expect(kernels.inverseCholesky(few, n)).toBeNull();
    few[0] = NaN;
    expect(kernels.inverseCholesky(few, n)).toBeNull();
    expect(kernels.inverseCholesky(damp(gramOf(n, 10, 0, 5), n, 0.01), n)).not.toBeNull();
  });

  it('long kernels pause with the same result, and a throw stops them', async () => {
    const [rows, n] = [9, 150];
    const h = gramOf(n, 200, 0.01, 6);
    const w = normalValues(rows * n, 7);
    const grids = gridsOf(w, rows, n, { low: -8, high: 7, groupSize: 32 });
    const u = kernels.inverseCholesky(h, n);
    if (u === null) throw new Error('not positive');
    const codes = kernels.gptqRows(w, rows, n, u, grids);
    const descended = kernels.descendRows(w, rows, n, h, codes, grids, 4);
    const works = [
      { run: (pause: Pause) => kernels.inverseCholesky(h, n, pause), wanted: u },
      { run: (pause: Pause) => kernels.gptqRows(w, rows, n, u, grids, pause), wanted: codes },
      {
        run: (pause: Pause) => kernels.descendRows(w, rows, n, h, codes, grids, 4, pause),
        wanted: descended,
      },
    ];
    const stop = new Error('stop');
    for (const { run, wanted } of works) {
      const seen: number[] = [];
      const found = await run((done) => {
        seen.push(done);
        return Promise.resolve();
      });
      expect(found).toEqual(wanted);
      expect(seen.length).toBeGreaterThan(2);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen[0]).toBe(0);
      expect(seen.at(-1)).toBeLessThanOrEqual(1);
      const late = (done: number): Promise<void> => (done > 0 ? Promise.reject(stop) : Promise.resolve());
      await expect(run(late)).rejects.toBe(stop);
    }
  });

  it.each([
    [4, 96, 96],
    [4, 96, 32],
    [3, 130, 130],
    [2, 64, 32],
  ])('%d bits, %d inputs in groups of %d: GPTQ and descent lower the error', (bits, n, groupSize) => {
    const rows = 24;
    const w = normalValues(rows * n, n + bits);
    const h = gramOf(n, 4 * n, 0.01, n);
    const high = 2 ** (bits - 1) - 1;
    const grids = gridsOf(w, rows, n, { low: -high - 1, high, groupSize });
    const errorsOf = (codes: Int8Array): number[] =>
      outputErrors(w, decodeCodes(codes, n, grids), h, rows, n);
    const nearest = nearestCodes(w, rows, n, groupSize, grids.scales, grids.low, high);
    const u = kernels.inverseCholesky(h, n);
    if (u === null) throw new Error('not positive');
    const gptq = kernels.gptqRows(w, rows, n, u, grids);
    const before = errorsOf(nearest);
    // GPTQ is greedy: a row may come out worse, the matrix as a whole must not.
    expect(sum(errorsOf(gptq))).toBeLessThan(0.6 * sum(before));
    for (const start of [nearest, gptq]) {
      const from = errorsOf(start);
      const to = errorsOf(kernels.descendRows(w, rows, n, h, start, grids, 8));
      // Every step takes the best code, up to the rounding of g (n terms) in a nearly equal choice: no row gets worse.
      to.forEach((error, r) => expect(error).toBeLessThanOrEqual(from[r] * (1 + 4 * n * U)));
    }
    const descended = kernels.descendRows(w, rows, n, h, nearest, grids, 8);
    expect(sum(errorsOf(descended))).toBeLessThan(0.6 * sum(before));
  });

  it('descent stops by itself: more sweeps change nothing after one without a change', () => {
    const [rows, n] = [8, 40];
    const w = normalValues(rows * n, 9);
    const h = gramOf(n, 160, 0.01, 9);
    const grids = gridsOf(w, rows, n, { low: -8, high: 7, groupSize: n });
    const start = new Int8Array(rows * n);
    const long = kernels.descendRows(w, rows, n, h, start, grids, 1000);
    expect(kernels.descendRows(w, rows, n, h, long, grids, 1)).toEqual(long);
    expect(start.every((code) => code === 0)).toBe(true);
  });

  it('with a diagonal H both are nearest rounding', () => {
    const [rows, n] = [5, 33];
    const w = normalValues(rows * n, 11);
    const h = new Float32Array(n * n);
    const u = new Float32Array(n * n);
    for (let i = 0; i < n; i++) [h[i * n + i], u[i * n + i]] = [4, 0.5];
    const grids = gridsOf(w, rows, n, { low: -7, high: 7, groupSize: n });
    const nearest = nearestCodes(w, rows, n, n, grids.scales, -7, 7);
    expect(kernels.inverseCholesky(h, n)).toEqual(u);
    expect(kernels.gptqRows(w, rows, n, u, grids)).toEqual(nearest);
    const random = randomFrom(1);
    const start = Int8Array.from(nearest, () => Math.floor(random() * 15) - 7);
    // ŵ + (w − ŵ) may round to a neighbour of w: no weight here is that near to the middle of two codes.
    expect(kernels.descendRows(w, rows, n, h, start, grids, 2)).toEqual(nearest);
  });
});

function nearestCodes(
  w: Float32Array,
  rows: number,
  n: number,
  groupSize: number,
  scales: Float32Array,
  low: number,
  high: number,
): Int8Array {
  const groups = Math.ceil(n / groupSize);
  const codes = new Int8Array(w.length);
  for (let r = 0; r < rows; r++) {
    for (let g = 0; g < groups; g++) {
      const [from, to] = [r * n + g * groupSize, r * n + Math.min(n, (g + 1) * groupSize)];
      const scale = scales.subarray(r * groups + g, r * groups + g + 1);
      codes.set(quantizeRows(w.subarray(from, to), 1, to - from, scale, undefined, low, high), from);
    }
  }
  return codes;
}
