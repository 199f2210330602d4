/**
 * Coordinate descent in plain numbers on (w − ŵ)·H·(w − ŵ)ᵀ, row by row, for what the kernels do not have: any set of
 * values (palettes), and an H that is never written out.
 *
 * Without samples H is assumed: inputs are mostly positive (they come from a ReLU), and those under one kernel look
 * alike. H = I + K + J, K one where two columns belong to the same kernel, J one everywhere: errors should cancel within
 * a kernel and within a channel. Each step is then a few sums.
 * Sources: COMQ, arXiv:2403.07134, for descent; SQuant, arXiv:2202.07471, for H. It must not know graphs.
 */
import type { Codec } from './codec.ts';

/** Descent ends after some ten sweeps; what is left to gain after so many is small. */
const SWEEPS = 8;
/** Steps that take about 20 ms. */
const STEPS_BETWEEN_PAUSES = 400_000;

export interface Matrix {
  /** rows × columns. */
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

type Codes = Int8Array | Uint8Array;
type Pause = () => Promise<void>;

/** Better codes under assumed inputs. @param kernel columns of one kernel: kh · kw of a convolution */
export async function descendAssumed(
  matrix: Matrix,
  codes: Codes,
  codec: Codec,
  kernel: number,
  pause: Pause,
): Promise<void> {
  const { rows, columns } = matrix;
  let since = 0;
  for (let row = 0; row < rows; row++) {
    since += descendRowAssumed(matrix, codes, codec, kernel, row) * columns;
    if (since < STEPS_BETWEEN_PAUSES) continue;
    since = 0;
    await pause();
  }
}

/** @returns sweeps */
function descendRowAssumed(
  { values, columns }: Matrix,
  codes: Codes,
  codec: Codec,
  kernel: number,
  row: number,
): number {
  const from = row * columns;
  const errors = new Float64Array(columns);
  const byKernel = new Float64Array(Math.ceil(columns / kernel));
  let total = 0;
  const add = (c: number, change: number): void => {
    errors[c] += change;
    byKernel[Math.floor(c / kernel)] += change;
    total += change;
  };
  for (let c = 0; c < columns; c++) add(c, values[from + c] - codec.value(row, c, codes[from + c]));
  // A kernel of one column is the column itself, which I has counted.
  const alike = kernel > 1 ? 1 : 0;
  for (let sweep = 1; sweep <= SWEEPS; sweep++) {
    let changed = false;
    for (let c = 0; c < columns; c++) {
      const gradient = errors[c] + alike * byKernel[Math.floor(c / kernel)] + total;
      const before = codec.value(row, c, codes[from + c]);
      const code = codec.nearest(row, c, before + gradient / (2 + alike));
      if (code === codes[from + c]) continue;
      changed = true;
      codes[from + c] = code;
      add(c, before - codec.value(row, c, code));
    }
    if (!changed) return sweep;
  }
  return SWEEPS;
}

/** Better codes for the second moments `h` (columns × columns) of the inputs. */
export async function descendDense(
  { values, rows, columns }: Matrix,
  codes: Codes,
  codec: Codec,
  h: Float32Array,
  pause: Pause,
): Promise<void> {
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    const gradient = new Float64Array(columns);
    for (let c = 0; c < columns; c++) {
      addScaled(gradient, values[from + c] - codec.value(row, c, codes[from + c]), h, c * columns);
    }
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      let changed = false;
      for (let c = 0; c < columns; c++) {
        const pivot = h[c * columns + c];
        if (!(pivot > 0)) continue;
        const before = codec.value(row, c, codes[from + c]);
        const code = codec.nearest(row, c, before + gradient[c] / pivot);
        if (code === codes[from + c]) continue;
        changed = true;
        codes[from + c] = code;
        addScaled(gradient, before - codec.value(row, c, code), h, c * columns);
      }
      if (!changed) break;
    }
    if ((row + 1) % Math.max(1, Math.floor(STEPS_BETWEEN_PAUSES / (columns * columns))) === 0) await pause();
  }
}

function addScaled(to: Float64Array, factor: number, from: Float32Array, at: number): void {
  if (factor === 0) return;
  for (let j = 0; j < to.length; j++) to[j] += factor * from[at + j];
}
