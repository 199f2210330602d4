/**
 * Problems for the kernels of second-order rounding: correlated inputs as a layer has them, damped Gram matrices, grids, and
 * the error in the output that they are about. For tests and benchmarks; it must not know backends.
 */
import type { RowGrids } from '../../core/tensor/kernel-set.ts';
import { accumulateGram } from '../gram/reference.ts';
import { randomFrom } from './cases.ts';

/** Roughly normal values. */
export function normalValues(count: number, seed: number): Float32Array {
  const random = randomFrom(seed);
  return Float32Array.from({ length: count }, () => random() + random() + random() + random() - 2);
}

/** Neighbouring inputs of a convolution have this correlation, roughly. */
const CORRELATION = 0.85;

/** Rows of inputs [rows, columns] in which neighbours are alike; columns differ in size by up to a factor of 8. */
export function correlatedInputs(rows: number, columns: number, seed: number): Float32Array {
  const x = normalValues(rows * columns, seed);
  const sizes = normalValues(columns, seed + 1).map((size) => 0.25 + Math.abs(size));
  for (let r = 0; r < rows; r++) {
    let last = 0;
    for (let c = 0; c < columns; c++) {
      const at = r * columns + c;
      last = CORRELATION * last + x[at];
      x[at] = last * sizes[c];
    }
  }
  return x;
}

/** h + damping · mean diagonal on the diagonal. An input that is always 0 is handled like any other. */
export function damp(h: Float32Array, n: number, damping: number): Float32Array {
  const damped = h.slice();
  let sum = 0;
  for (let i = 0; i < n; i++) sum += h[i * n + i];
  for (let i = 0; i < n; i++) damped[i * n + i] += (damping * sum) / n;
  return damped;
}

/** A damped Gram matrix [n, n] of correlated inputs. */
export function gramOf(n: number, samples: number, damping: number, seed: number): Float32Array {
  const x = correlatedInputs(samples, n, seed);
  return damp(accumulateGram(x, samples, n, new Float32Array(n * n)), n, damping);
}

/** Symmetric grids with a scale for each row and group of columns, by the largest magnitude in it. */
export function gridsOf(
  w: Float32Array,
  rows: number,
  columns: number,
  { low, high, groupSize }: { low: number; high: number; groupSize: number },
): RowGrids {
  const groups = Math.ceil(columns / groupSize);
  const groupOf = Uint32Array.from({ length: columns }, (_, c) => Math.floor(c / groupSize));
  const scales = new Float32Array(rows * groups);
  for (let i = 0; i < w.length; i++) {
    const at = Math.floor(i / columns) * groups + groupOf[i % columns];
    scales[at] = Math.max(scales[at], Math.abs(w[i]) / high);
  }
  return { scales, groups, groupOf, low, high };
}

/** ŵ of codes. */
export function decodeCodes(codes: Int8Array, columns: number, grids: RowGrids): Float32Array {
  const { scales, zeroPoints, groups, groupOf } = grids;
  return Float32Array.from(codes, (code, i) => {
    const at = Math.floor(i / columns) * groups + groupOf[i % columns];
    return (code - (zeroPoints?.[at] ?? 0)) * scales[at];
  });
}

/** tr((w − ŵ) H (w − ŵ)ᵀ) of each row, in float64. */
export function outputErrors(
  w: Float32Array,
  decoded: Float32Array,
  h: Float32Array,
  rows: number,
  n: number,
): number[] {
  return Array.from({ length: rows }, (_, r) => {
    let error = 0;
    for (let i = 0; i < n; i++) {
      const d = w[r * n + i] - decoded[r * n + i];
      for (let j = 0; j < n; j++) error += d * h[i * n + j] * (w[r * n + j] - decoded[r * n + j]);
    }
    return error;
  });
}
