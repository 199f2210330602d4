/**
 * Codes that keep a layer's outputs: GPTQ and coordinate descent on the second moments H of the layer's inputs, by the
 * kernels. It must not know graphs or where moments come from.
 *
 * H is damped by 1 % of its mean diagonal, tenfold until the factor of H⁻¹ exists. GPTQ visits columns in the order of
 * falling diagonal (act-order); the grids stay those of the groups as they are stored.
 * Sources: GPTQ, arXiv:2210.17323; COMQ, arXiv:2403.07134.
 */
import type { LayerGram } from '../../calibration/types.ts';
import type { KernelSet, RowGrids } from '../../tensor/kernel-set.ts';
import type { Grids } from './algorithm.ts';
import type { Matrix } from './descend.ts';

const DAMPING = 0.01;
const MOST_DAMPINGS = 6;
const SWEEPS = 8;
/** H, its damped and its permuted copy and the factor take 150 MB at this size; descent needs only two of them. */
const MOST_GPTQ_COLUMNS = 3072;
/** Products between pauses: some 20 ms in plain code. */
const PRODUCTS_BETWEEN_PAUSES = 2 ** 24;
/** Products by which the error is judged; of larger matrices every n-th row is looked at. */
const PRODUCTS_OF_ERROR = 2 ** 28;

export interface SecondOrderTask {
  /** Output channels × reduction. */
  readonly matrix: Matrix;
  readonly grids: Grids;
  /** Columns of a group; groups of a row. One group for all rows: `shared`. */
  readonly size: number;
  readonly groups: number;
  readonly shared: boolean;
  /** Where descent starts. */
  readonly nearest: Int8Array;
  readonly gram: LayerGram;
  readonly method: 'gptq' | 'descent' | 'gptq-descent';
}

export interface SecondOrderCodes {
  readonly codes: Int8Array;
  /** What was done; descent alone where GPTQ could not be had for any of the groups. */
  readonly method: SecondOrderTask['method'];
  /** Why GPTQ was left out, and where not everywhere. */
  readonly note?: string;
}

/** Why the moments cannot serve; undefined = they can. */
export function gramProblem(gram: LayerGram, rows: number, columns: number): string | undefined {
  if (gram.columns !== columns || rows % gram.groups !== 0) {
    return `the inputs have ${gram.columns} values in ${gram.groups} groups, the weight ${columns} to a channel`;
  }
  if (gram.rows === 0) return 'no sample reaches it';
  for (let i = 0; i < gram.values.length; i++) {
    if (!Number.isFinite(gram.values[i])) return 'its inputs are not finite on the samples';
  }
  return meanDiagonal(gram.values, columns) > 0 ? undefined : 'its inputs are 0 on all samples';
}

/** @param pause called between pieces of some 20 ms; may throw */
export async function secondOrderCodes(
  task: SecondOrderTask,
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<SecondOrderCodes> {
  const { matrix, gram, method, nearest } = task;
  const { columns } = matrix;
  const rows = matrix.rows / gram.groups;
  const tooLong = columns > MOST_GPTQ_COLUMNS;
  const codes = nearest.slice();
  let corrected = 0;
  for (let g = 0; g < gram.groups; g++) {
    const h = damped(
      gram.values.subarray(g * columns * columns, (g + 1) * columns * columns),
      columns,
      DAMPING,
    );
    const part = { from: g * rows, rows };
    const wanted = method !== 'descent' && !tooLong;
    const done = wanted && (await gptqPart(task, part, h, codes, kernels, pause));
    if (done) corrected++;
    if (method !== 'gptq' || !done) await descendPart(task, part, h, codes, kernels, pause);
    if (g % 8 === 7) await pause();
  }
  if (method === 'descent' || corrected === gram.groups) return { codes, method };
  const note = tooLong
    ? 'too many inputs to a channel for GPTQ: descent alone'
    : `the moments of ${gram.groups === 1 ? 'its inputs' : `${gram.groups - corrected} of ${gram.groups} groups of its inputs`} have no factor for GPTQ: descent alone`;
  return { codes, method: corrected === 0 ? 'descent' : method, note };
}

interface Part {
  readonly from: number;
  readonly rows: number;
}

/** False where there is no factor: no code was changed. */
async function gptqPart(
  task: SecondOrderTask,
  part: Part,
  h: Float32Array,
  codes: Int8Array,
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<boolean> {
  const { columns } = task.matrix;
  const order = fallingDiagonal(h, columns);
  const u = await factor(permuted(h, columns, order), columns, kernels, pause);
  await pause();
  if (u === undefined) return false;
  const groupOf = Uint32Array.from(order, (c) => Math.floor(c / task.size));
  const { from, rows } = part;
  const w = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++)
      w[r * columns + c] = task.matrix.values[(from + r) * columns + order[c]];
  }
  const found = await kernels.gptqRows(w, rows, columns, u, rowGrids(task, from, rows, groupOf), pause);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) codes[(from + r) * columns + order[c]] = found[r * columns + c];
  }
  return true;
}

async function descendPart(
  task: SecondOrderTask,
  part: Part,
  h: Float32Array,
  codes: Int8Array,
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<void> {
  const { columns, values } = task.matrix;
  const groupOf = Uint32Array.from({ length: columns }, (_, c) => Math.floor(c / task.size));
  const { from, rows } = part;
  const at = from * columns;
  const end = at + rows * columns;
  const grids = rowGrids(task, from, rows, groupOf);
  const own = codes.subarray(at, end);
  codes.set(
    await kernels.descendRows(values.subarray(at, end), rows, columns, h, own, grids, SWEEPS, pause),
    at,
  );
}

function rowGrids(task: SecondOrderTask, from: number, rows: number, groupOf: Uint32Array): RowGrids {
  const { grids, groups, shared } = task;
  const { scales, zeroPoints, low, high } = grids;
  const cut = <T extends Float32Array | Int32Array>(all: T): T =>
    (shared
      ? all.constructor === Float32Array
        ? new Float32Array(rows).fill(all[0])
        : new Int32Array(rows).fill(all[0])
      : all.subarray(from * groups, (from + rows) * groups)) as T;
  return {
    scales: cut(scales),
    ...(zeroPoints === undefined ? {} : { zeroPoints: cut(zeroPoints) }),
    groups,
    groupOf,
    low,
    high,
  };
}

function meanDiagonal(h: Float32Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += h[i * n + i];
  return sum / n;
}

export function damped(h: Float32Array, n: number, share = DAMPING): Float32Array {
  const out = h.slice();
  const more = share * meanDiagonal(h, n);
  for (let i = 0; i < n; i++) out[i * n + i] += more;
  return out;
}

/** Undefined where no damping makes H positive definite: it is not a matrix of moments. */
async function factor(
  h: Float32Array,
  n: number,
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<Float32Array | undefined> {
  let attempt = h;
  for (let i = 0, share = DAMPING; i < MOST_DAMPINGS; i++, share *= 10) {
    const u = await kernels.inverseCholesky(attempt, n, pause);
    if (u !== null && usable(u, n)) return u;
    attempt = damped(h, n, share);
  }
  return undefined;
}

function usable(u: Float32Array, n: number): boolean {
  for (let i = 0; i < n; i++) if (!(u[i * n + i] > 0 && u[i * n + i] < Infinity)) return false;
  return true;
}

/** Columns by falling diagonal; of equal ones the first comes first. */
function fallingDiagonal(h: Float32Array, n: number): Uint32Array {
  const order = Array.from({ length: n }, (_, i) => i);
  order.sort((a, b) => h[b * n + b] - h[a * n + a] || a - b);
  return Uint32Array.from(order);
}

function permuted(h: Float32Array, n: number, order: Uint32Array): Float32Array {
  const out = new Float32Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[i * n + j] = h[order[i] * n + order[j]];
  return out;
}

/**
 * tr((w − ŵ)·H·(w − ŵ)ᵀ) / tr(w·H·wᵀ): the share of noise in the layer's outputs on the samples. 0 / 0 = 0. Of large
 * matrices every n-th row counts.
 */
export async function relativeOutputError(
  { values, rows, columns }: Matrix,
  decoded: Float32Array,
  gram: LayerGram,
  pause: () => Promise<void>,
): Promise<number> {
  const step = Math.max(1, Math.ceil((2 * rows * columns * columns) / PRODUCTS_OF_ERROR));
  const perGroup = rows / gram.groups;
  let noise = 0;
  let signal = 0;
  let since = 0;
  for (let r = 0; r < rows; r += step) {
    const at = r * columns;
    const w = values.subarray(at, at + columns);
    const error = Float32Array.from(w, (x, c) => x - decoded[at + c]);
    const h = gram.values.subarray(Math.floor(r / perGroup) * columns * columns);
    noise += quadratic(error, h);
    signal += quadratic(w, h);
    since += 2 * columns * columns;
    if (since > PRODUCTS_BETWEEN_PAUSES) {
      since = 0;
      await pause();
    }
  }
  return noise <= 0 ? 0 : noise / signal;
}

function quadratic(x: Float32Array, h: Float32Array): number {
  const n = x.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    if (x[i] === 0) continue;
    let dot = 0;
    for (let j = 0; j < n; j++) dot += h[i * n + j] * x[j];
    sum += x[i] * dot;
  }
  return sum;
}
