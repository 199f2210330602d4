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

/** Half a unit in the last place of float32, relative. */
const HALF_ULP = 2 ** -24;

/** left · right in float64, [n, n]; zeros of the left are skipped. */
function product(left: Float64Array, right: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = left[i * n + k];
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) out[i * n + j] += factor * right[k * n + j];
    }
  }
  return out;
}

function transposedSquare(a: Float64Array, n: number): Float64Array {
  return a.map((_, i) => a[(i % n) * n + Math.floor(i / n)]);
}

/** |U⁻¹| of an upper triangular U [n, n], in float64. */
function absInverse(u: Float32Array, n: number): Float64Array {
  const r = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i >= 0; i--) {
      let s = i === j ? 1 : 0;
      for (let k = i + 1; k <= j; k++) s -= u[i * n + k] * r[k * n + j];
      r[i * n + j] = s / u[i * n + i];
    }
  }
  return r.map(Math.abs);
}

/**
 * Whether U factors the inverse: H⁻¹ = UᵀU is U·H·Uᵀ = I. Undefined when it is so within float32, else what is off.
 *
 * With R = U⁻¹ (H = R·Rᵀ) and γ = (n + 8)·2⁻²⁴ for n roundings of a sum, a division and a root of a few units: Cholesky gives R with
 * |R·Rᵀ − H| ≤ γ·|R|·|Rᵀ|, substitution gives U with |R·U − I| ≤ γ·|R|·|U| (Higham, Accuracy and Stability, theorems 10.3 and 8.5), in
 * any order of the sums. With B = |U|·|R|: |U·H·Uᵀ − I| ≤ γ·(B·Bᵀ + B² + (B²)ᵀ) but for second-order terms, for which a tenth is added.
 * Only the upper triangle of h is read.
 */
export function inverseFault(u: Float32Array, h: Float32Array, n: number): string | undefined {
  const symmetric = Float64Array.from(h, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return h[Math.min(i, j) * n + Math.max(i, j)];
  });
  const upper = Float64Array.from(u);
  const found = product(product(upper, symmetric, n), transposedSquare(upper, n), n);
  const b = product(upper.map(Math.abs), absInverse(u, n), n);
  const [bb, outer] = [product(b, b, n), product(b, transposedSquare(b, n), n)];
  const gamma = 1.1 * (n + 8) * HALF_ULP;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const at = i * n + j;
      if (j < i && u[at] !== 0) return `[${i}, ${j}] is ${u[at]}, not 0`;
      const bound = gamma * (outer[at] + bb[at] + bb[j * n + i]);
      const apart = Math.abs(found[at] - (i === j ? 1 : 0));
      if (!(apart <= bound)) return `U·H·Uᵀ is ${apart} off the identity at [${i}, ${j}], ${bound} allowed`;
    }
  }
  return undefined;
}
