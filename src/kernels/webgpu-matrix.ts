/**
 * WebGPU kernels of second-order rounding. Not exact, so the dispatcher never takes them where bytes are decided; numbers that a
 * device may treat as it likes (infinities, NaN, very large ones) are left to the reference. Part of webgpu-backend.ts.
 */
import type { RowGrids } from '../core/tensor/kernel-set.ts';
import { checkRows } from './checks.ts';
import { checkDescend, descendRows as referenceDescent } from './descend/reference.ts';
import { DESCEND, GPTQ, GRAM, INVERSE_CHOLESKY } from './generated/shaders.ts';
import { checkGptq, gptqRows as referenceGptq } from './gptq/reference.ts';
import { accumulateGram as referenceGram, checkGram } from './gram/reference.ts';
import { inverseCholesky as referenceCholesky } from './inverse-cholesky/reference.ts';
import { gridsOfRow } from './row-grids.ts';
import type { Pause } from './steps.ts';
import type { GpuPass, GpuRunner } from './webgpu-device.ts';
import { THREADS } from './webgpu-device.ts';
import { bitsOfFloat } from './webgpu-rows.ts';

/** Rows and columns of a tile and of a block. */
const SIDE = 32;
/** Products of two such numbers, and sums of millions of them, are finite in float32. */
const LARGEST = 2 ** 50;

const padded = (count: number): number => Math.ceil(count / SIDE) * SIDE;

function tame(values: Float32Array): boolean {
  for (const value of values) if (!(Math.abs(value) <= LARGEST)) return false;
  return true;
}

/** The part of a [n, n] on and above the diagonal is tame. */
function tameUpper(a: Float32Array, n: number): boolean {
  for (let i = 0; i < n; i++) if (!tame(a.subarray(i * n + i, (i + 1) * n))) return false;
  return true;
}

function createGram(gpu: GpuRunner) {
  return async (
    x: Float32Array,
    rows: number,
    columns: number,
    gram: Float32Array,
    into?: Float32Array,
  ): Promise<Float32Array> => {
    checkGram(x, rows, columns, gram, into);
    if (x.length === 0 || !tame(x) || !tameUpper(gram, columns)) {
      return referenceGram(x, rows, columns, gram, into);
    }
    const tiles = Math.ceil(columns / SIDE);
    const step = Math.max(1, Math.floor(gpu.chunkElements / columns));
    let sum = gram;
    for (let row = 0; row < rows; row += step) {
      const count = Math.min(step, rows - row);
      const [found] = await gpu.runPasses({
        shader: 'gram',
        source: GRAM,
        bindings: { 0: x.subarray(row * columns, (row + count) * columns), 2: { inOut: sum } },
        passes: [
          {
            entry: 'add',
            uses: [0, 2],
            params: Uint32Array.of(count, columns, tiles),
            workgroups: tiles * tiles,
          },
        ],
      });
      sum = new Float32Array(found);
    }
    if (into === undefined) return sum;
    into.set(sum);
    return into;
  };
}

/** Passes that make L, then those that make its inverse. */
function choleskyPasses(n: number): GpuPass[] {
  const passes: GpuPass[] = [];
  const add = (entry: string, k: number, uses: readonly number[], workgroups: number): void => {
    if (workgroups > 0) passes.push({ entry, uses, params: Uint32Array.of(n, k), workgroups });
  };
  for (let k = 0; k < n; k += SIDE) {
    const rest = n - k - SIDE;
    add('factor', k, [0, 2, 4], 1);
    add('solve', k, [0, 2], Math.ceil(rest / THREADS));
    add('update', k, [0], (rest / SIDE) ** 2);
  }
  for (let k = 0; k < n; k += SIDE) {
    add('substitute', k, [0, 3], k / SIDE);
    add('finish', k, [0, 2, 3], Math.ceil((k + SIDE) / THREADS));
  }
  return passes;
}

/** The lower triangle of h read backwards in a matrix of side `side`, the identity after it. */
function reversedLower(h: Float32Array, n: number, side: number): Float32Array {
  const a = new Float32Array(side * side);
  for (let i = 0; i < side; i++) {
    for (let j = 0; i < n && j <= i; j++) a[i * side + j] = h[(n - 1 - i) * n + (n - 1 - j)];
    if (i >= n) a[i * side + i] = 1;
  }
  return a;
}

function createCholesky(gpu: GpuRunner) {
  return async (h: Float32Array, n: number, pause?: Pause): Promise<Float32Array | null> => {
    checkRows(h.length, n, n);
    await pause?.(0);
    if (n === 0 || !tameUpper(h, n)) return referenceCholesky(h, n);
    const side = padded(n);
    const [found, fault] = await gpu.runPasses({
      shader: 'inverse-cholesky',
      source: INVERSE_CHOLESKY,
      bindings: {
        0: { inOut: reversedLower(h, n, side) },
        2: { scratchBytes: side * SIDE * 4 },
        3: { scratchBytes: side * SIDE * 4 },
        4: { resultBytes: 4 },
      },
      passes: choleskyPasses(side),
    });
    if (new Uint32Array(fault)[0] !== 0) return null;
    const m = new Float32Array(found);
    const u = new Float32Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) u[(n - 1 - i) * n + (n - 1 - j)] = m[i * side + j];
    }
    return tameUpper(u, n) ? u : null;
  };
}

/** [rows, columns] → [side of columns, side of rows], 0 where there was nothing. */
function turned(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const height = padded(rows);
  const out = new Float32Array(padded(columns) * height);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * height + r] = values[r * columns + c];
  return out;
}

/** [n, n] → [side, side], with `diagonal` in what is added. */
function enlarged(a: Float32Array, n: number, diagonal: number): Float32Array {
  const side = padded(n);
  const out = new Float32Array(side * side);
  for (let i = 0; i < n; i++) out.set(a.subarray(i * n, (i + 1) * n), i * side);
  for (let i = n; i < side; i++) out[i * side + i] = diagonal;
  return out;
}

/** Scale, inverse, zero point and nothing: [groups][side of rows]. */
function gridTable(grids: RowGrids, rows: number): Float32Array {
  const height = padded(rows);
  const table = new Float32Array(grids.groups * height * 4);
  for (let r = 0; r < rows; r++) {
    gridsOfRow(grids, r).forEach(({ scale, inverse, zero }, g) => {
      table.set([scale, inverse, zero], (g * height + r) * 4);
    });
  }
  return table;
}

/** What both ways of rounding bind and pass alike. */
function roundingJob(rows: number, columns: number, grids: RowGrids) {
  const [n, height] = [padded(columns), padded(rows)];
  const groupOf = new Uint32Array(n);
  groupOf.set(grids.groupOf);
  const range = [bitsOfFloat(grids.low), bitsOfFloat(grids.high)];
  const paramsOf = (k: number): Uint32Array => Uint32Array.of(n, height, k, ...range);
  return { n, height, tiles: (n / SIDE) * (height / SIDE), table: gridTable(grids, rows), groupOf, paramsOf };
}

function createGptq(gpu: GpuRunner) {
  return async (
    w: Float32Array,
    rows: number,
    columns: number,
    u: Float32Array,
    grids: RowGrids,
    pause?: Pause,
  ): Promise<Int8Array> => {
    checkGptq(w, rows, columns, u, grids);
    await pause?.(0);
    if (w.length === 0 || !tame(w) || !tameUpper(u, columns))
      return referenceGptq(w, rows, columns, u, grids);
    const { n, height, table, groupOf, paramsOf } = roundingJob(rows, columns, grids);
    const passes: GpuPass[] = [];
    for (let k = 0; k < n; k += SIDE) {
      const workgroups = Math.ceil(height / THREADS);
      passes.push({ entry: 'round_block', uses: [0, 2, 3, 4, 5, 6], params: paramsOf(k), workgroups });
      const tiles = ((n - k - SIDE) / SIDE) * (height / SIDE);
      if (tiles > 0)
        passes.push({ entry: 'update', uses: [0, 2, 6], params: paramsOf(k), workgroups: tiles });
    }
    const [found] = await gpu.runPasses({
      shader: 'gptq',
      source: GPTQ,
      bindings: {
        0: turned(w, rows, columns),
        2: enlarged(u, columns, 1),
        3: table,
        4: groupOf,
        5: { resultBytes: n * height * 4 },
        6: { scratchBytes: SIDE * height * 4 },
      },
      passes,
    });
    const codes = new Int32Array(found);
    return Int8Array.from(w, (_, i) => codes[(i % columns) * height + Math.floor(i / columns)]);
  };
}

/** q = code − zero point and d = w − ŵ, both [rows, columns]. */
function openDescent(w: Float32Array, rows: number, columns: number, codes: Int8Array, grids: RowGrids) {
  const q = new Float32Array(w.length);
  const d = new Float32Array(w.length);
  for (let r = 0; r < rows; r++) {
    const own = gridsOfRow(grids, r);
    for (let c = 0; c < columns; c++) {
      const { scale, zero } = own[grids.groupOf[c]];
      const at = r * columns + c;
      q[at] = codes[at] - zero;
      d[at] = w[at] - Math.fround(q[at] * scale);
    }
  }
  return { q, d };
}

function createDescent(gpu: GpuRunner) {
  return async (
    w: Float32Array,
    rows: number,
    columns: number,
    h: Float32Array,
    codes: Int8Array,
    grids: RowGrids,
    sweeps: number,
    pause?: Pause,
  ): Promise<Int8Array> => {
    checkDescend(w, rows, columns, h, codes, grids, sweeps);
    await pause?.(0);
    if (sweeps === 0 || w.length === 0 || !tame(w) || !tame(h) || !tame(grids.scales)) {
      return referenceDescent(w, rows, columns, h, codes, grids, sweeps);
    }
    const { n, height, tiles, table, groupOf, paramsOf } = roundingJob(rows, columns, grids);
    const { q, d } = openDescent(w, rows, columns, codes, grids);
    const passes: GpuPass[] = [
      { entry: 'gradient', uses: [0, 2, 6], params: paramsOf(0), workgroups: tiles },
    ];
    for (let sweep = 0; sweep < sweeps; sweep++) {
      for (let k = 0; k < n; k += SIDE) {
        const workgroups = Math.ceil(height / THREADS);
        passes.push({ entry: 'visit', uses: [0, 2, 3, 4, 5, 6], params: paramsOf(k), workgroups });
        passes.push({ entry: 'update', uses: [0, 2, 6], params: paramsOf(k), workgroups: tiles });
      }
    }
    const [found] = await gpu.runPasses({
      shader: 'descend',
      source: DESCEND,
      bindings: {
        0: { scratchBytes: n * height * 4 },
        2: enlarged(h, columns, 0),
        3: table,
        4: groupOf,
        5: { inOut: turned(q, rows, columns) },
        6: turned(d, rows, columns),
      },
      passes,
    });
    const better = new Float32Array(found);
    const { groups, zeroPoints } = grids;
    return Int8Array.from(w, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      return better[column * height + row] + (zeroPoints?.[row * groups + grids.groupOf[column]] ?? 0);
    });
  };
}

export function createGpuMatrix(gpu: GpuRunner) {
  return {
    accumulateGram: createGram(gpu),
    inverseCholesky: createCholesky(gpu),
    gptqRows: createGptq(gpu),
    descendRows: createDescent(gpu),
  };
}
