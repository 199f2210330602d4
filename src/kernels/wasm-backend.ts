/**
 * The kernel set in WebAssembly SIMD: cuts tensors into chunks, moves them through the arena and joins the results. The
 * arithmetic is in the assembly.ts files. It must not know other backends, only the specification's argument checks.
 */
import type { ErrorSums, Extremes, HalfConversion } from '../core/tensor/kernel-set.ts';
import { checkSameLength, sumLanes } from './error-sums/reference.ts';
import { planHistogram } from './histogram/reference.ts';
import { checkMseScale } from './mse-scale/reference.ts';
import { checkQuantize, inverseOf } from './quantize/reference.ts';
import { checkCodeRange, checkRows, newCodes } from './checks.ts';
import type { SyncKernelSet } from './reference-backend.ts';
import { createWasmCholesky } from './wasm-cholesky.ts';
import { createWasmCodes } from './wasm-codes.ts';
import { createWasmGram } from './wasm-gram.ts';
import { Arena, CHUNK_ELEMENTS } from './wasm-memory.ts';
import { rowChunks } from './row-chunks.ts';
import type { WasmExports, WasmFlavour } from './wasm-module.ts';
import { instantiate } from './wasm-module.ts';
import { createWasmRounding } from './wasm-rounding.ts';
import { createWasmSelection } from './wasm-selection.ts';
import { Workspaces } from './wasm-workspace.ts';

/** What every group of WASM kernels works with. */
export interface WasmContext {
  readonly wasm: WasmExports;
  readonly arena: Arena;
}

type Codes = Int8Array | Uint8Array;

function extremes({ wasm, arena }: WasmContext) {
  function absmaxRows(x: Float32Array, rows: number, columns: number): Float32Array {
    checkRows(x.length, rows, columns);
    const out = new Float32Array(rows);
    for (const chunk of rowChunks(rows, columns, 4, CHUNK_ELEMENTS)) {
      arena.reset();
      const at = arena.take((chunk.to - chunk.from) * 4);
      const found = arena.take(chunk.rows * 4);
      arena.write(at, x.subarray(chunk.from, chunk.to));
      wasm.absmaxRows(at, chunk.rows, chunk.columns, found);
      const part = new Float32Array(chunk.rows);
      arena.read(found, part);
      for (let r = 0; r < chunk.rows; r++) out[chunk.row + r] = Math.max(out[chunk.row + r], part[r]);
    }
    return out;
  }

  function minmaxRows(x: Float32Array, rows: number, columns: number): Extremes {
    checkRows(x.length, rows, columns);
    const min = new Float32Array(rows).fill(Infinity);
    const max = new Float32Array(rows).fill(-Infinity);
    for (const chunk of rowChunks(rows, columns, 4, CHUNK_ELEMENTS)) {
      arena.reset();
      const at = arena.take((chunk.to - chunk.from) * 4);
      const [low, high] = [arena.take(chunk.rows * 4), arena.take(chunk.rows * 4)];
      arena.write(at, x.subarray(chunk.from, chunk.to));
      wasm.minmaxRows(at, chunk.rows, chunk.columns, low, high);
      const [least, most] = [new Float32Array(chunk.rows), new Float32Array(chunk.rows)];
      arena.read(low, least);
      arena.read(high, most);
      for (let r = 0; r < chunk.rows; r++) {
        const row = chunk.row + r;
        min[row] = Math.min(min[row], least[r]);
        max[row] = Math.max(max[row], most[r]);
      }
    }
    for (let r = 0; r < rows; r++) if (min[r] > max[r]) min[r] = max[r] = 0;
    return { min, max };
  }
  return { absmaxRows, minmaxRows };
}

function statistics({ wasm, arena }: WasmContext) {
  function histogram(x: Float32Array, low: number, high: number, bins: number): Uint32Array {
    const plan = planHistogram(low, high, bins);
    const least = plan.low === plan.high ? bins - 1 : 0;
    arena.reset();
    const stride = bins + 1;
    const tables = arena.takeZeroed(stride * 16);
    const at = arena.take(CHUNK_ELEMENTS * 4);
    for (const { from, to } of rowChunks(1, x.length, 4, CHUNK_ELEMENTS)) {
      arena.write(at, x.subarray(from, to));
      const { power, base, perUnit } = plan;
      wasm.histogram(at, to - from, plan.low, plan.high, power, base, perUnit, bins, least, tables);
    }
    const lanes = new Uint32Array(stride * 4);
    arena.read(tables, lanes);
    return Uint32Array.from(
      { length: bins },
      (_, b) => lanes[b] + lanes[stride + b] + lanes[2 * stride + b] + lanes[3 * stride + b],
    );
  }

  function errorSums(x: Float32Array, y: Float32Array): ErrorSums {
    checkSameLength(x, y);
    arena.reset();
    const state = arena.takeZeroed(80);
    const [atX, atY] = [arena.take(CHUNK_ELEMENTS * 4), arena.take(CHUNK_ELEMENTS * 4)];
    for (const { from, to } of rowChunks(1, x.length, 4, CHUNK_ELEMENTS)) {
      arena.write(atX, x.subarray(from, to));
      arena.write(atY, y.subarray(from, to));
      wasm.errorSums(atX, atY, to - from, state);
    }
    const sums = new Float64Array(10);
    arena.read(state, sums);
    return {
      signal: sumLanes(sums.subarray(0, 4)),
      noise: sumLanes(sums.subarray(4, 8)),
      maxError: Math.max(sums[8], sums[9]),
    };
  }
  return { histogram, errorSums };
}

function affine(context: WasmContext) {
  const { wasm, arena } = context;
  function quantizeRows(
    x: Float32Array,
    rows: number,
    columns: number,
    scales: Float32Array,
    zeroPoints: Int32Array | undefined,
    low: number,
    high: number,
  ): Codes {
    const codes = newCodes(low, x.length);
    quantizeRowsInto(codes, x, rows, columns, scales, zeroPoints, low, high);
    return codes;
  }

  function quantizeRowsInto(
    codes: Codes,
    x: Float32Array,
    rows: number,
    columns: number,
    scales: Float32Array,
    zeroPoints: Int32Array | undefined,
    low: number,
    high: number,
  ): void {
    checkQuantize(x.length, rows, columns, scales, zeroPoints);
    checkCodeRange(low, high);
    const inverses = scales.map(inverseOf);
    const zeros = zeroPoints ?? new Int32Array(rows);
    for (const chunk of rowChunks(rows, columns, 16, CHUNK_ELEMENTS)) {
      const { row, from, to } = chunk;
      arena.reset();
      const at = arena.take((to - from) * 4);
      const [inverse, zero] = [arena.take(chunk.rows * 4), arena.take(chunk.rows * 4)];
      const out = arena.take(to - from);
      arena.write(at, x.subarray(from, to));
      arena.write(inverse, inverses.subarray(row, row + chunk.rows));
      arena.write(zero, zeros.subarray(row, row + chunk.rows));
      wasm.quantizeRows(at, chunk.rows, chunk.columns, inverse, zero, low, high, out);
      arena.read(out, codes.subarray(from, to));
    }
  }
  return { quantizeRows, quantizeRowsInto, ...decoding(context) };
}

function decoding({ wasm, arena }: WasmContext) {
  function dequantizeRows(
    codes: Codes,
    rows: number,
    columns: number,
    scales: Float32Array,
    zeroPoints: Int32Array | undefined,
  ): Float32Array {
    checkQuantize(codes.length, rows, columns, scales, zeroPoints);
    const values = new Float32Array(codes.length);
    const zeros = zeroPoints ?? new Int32Array(rows);
    const signed = codes instanceof Int8Array ? 1 : 0;
    for (const chunk of rowChunks(rows, columns, 16, CHUNK_ELEMENTS)) {
      const { row, from, to } = chunk;
      arena.reset();
      const at = arena.take(to - from);
      const [scale, zero] = [arena.take(chunk.rows * 4), arena.take(chunk.rows * 4)];
      const out = arena.take((to - from) * 4);
      arena.write(at, codes.subarray(from, to));
      arena.write(scale, scales.subarray(row, row + chunk.rows));
      arena.write(zero, zeros.subarray(row, row + chunk.rows));
      wasm.dequantizeRows(at, chunk.rows, chunk.columns, scale, zero, signed, out);
      arena.read(out, values.subarray(from, to));
    }
    return values;
  }
  return { dequantizeRows };
}

/** The best scale of one row that does not fit in a chunk: one sweep for absmax, one for the errors of all factors. */
function longRowScale(
  { wasm, arena }: WasmContext,
  row: Float32Array,
  low: number,
  high: number,
  factors: Float32Array,
): number {
  arena.reset();
  const sums = arena.takeZeroed(factors.length * 32);
  const at = arena.take(CHUNK_ELEMENTS * 4);
  let absmax = 0;
  for (const { from, to } of rowChunks(1, row.length, 4, CHUNK_ELEMENTS)) {
    arena.write(at, row.subarray(from, to));
    absmax = Math.max(absmax, wasm.finiteAbsmax(at, to - from));
  }
  if (absmax === 0) return 0;
  const scales = factors.map((f) => Math.fround(Math.fround(f * absmax) / high));
  for (const { from, to } of rowChunks(1, row.length, 4, CHUNK_ELEMENTS)) {
    arena.write(at, row.subarray(from, to));
    wasm.finiteAbsmax(at, to - from); // cleans the chunk
    for (let f = 0; f < scales.length; f++) {
      wasm.mseSegment(at, to - from, scales[f], low, high, sums + 32 * f);
    }
  }
  const lanes = new Float64Array(scales.length * 4);
  arena.read(sums, lanes);
  let best = scales[0];
  let least = Infinity;
  for (let f = 0; f < scales.length; f++) {
    const error = sumLanes(lanes.subarray(4 * f, 4 * f + 4));
    if (error < least) [least, best] = [error, scales[f]];
  }
  return best;
}

function clipping(context: WasmContext) {
  const { wasm, arena } = context;
  function mseScaleRows(
    x: Float32Array,
    rows: number,
    columns: number,
    low: number,
    high: number,
    candidates: Float32Array,
  ): Float32Array {
    checkMseScale(x.length, rows, columns, low, high, candidates);
    const scales = new Float32Array(rows);
    if (columns > CHUNK_ELEMENTS) {
      for (let r = 0; r < rows; r++) {
        scales[r] = longRowScale(context, x.subarray(r * columns, (r + 1) * columns), low, high, candidates);
      }
      return scales;
    }
    for (const chunk of rowChunks(rows, columns, 1, CHUNK_ELEMENTS)) {
      arena.reset();
      const at = arena.take((chunk.to - chunk.from) * 4);
      const factors = arena.take(candidates.length * 4);
      const [scratch, sums, out] = [arena.take(columns * 4), arena.take(32), arena.take(chunk.rows * 4)];
      arena.write(at, x.subarray(chunk.from, chunk.to));
      arena.write(factors, candidates);
      const count = candidates.length;
      wasm.mseRows(at, chunk.rows, columns, low, high, factors, count, scratch, sums, out);
      arena.read(out, scales.subarray(chunk.row, chunk.row + chunk.rows));
    }
    return scales;
  }
  return { mseScaleRows };
}

function halves({ wasm, arena }: WasmContext) {
  function toHalf(x: Float32Array): HalfConversion {
    const codes = new Uint16Array(x.length);
    let [overflowed, flushed] = [0, 0];
    arena.reset();
    const [at, out] = [arena.take(CHUNK_ELEMENTS * 4), arena.take(CHUNK_ELEMENTS * 2)];
    const counts = arena.take(8);
    const found = new Uint32Array(2);
    for (const { from, to } of rowChunks(1, x.length, 8, CHUNK_ELEMENTS)) {
      arena.write(at, x.subarray(from, to));
      wasm.toHalf(at, to - from, out, counts);
      arena.read(out, codes.subarray(from, to));
      arena.read(counts, found);
      overflowed += found[0];
      flushed += found[1];
    }
    return { codes, overflowed, flushed };
  }

  function fromHalf(codes: Uint16Array): Float32Array {
    const values = new Float32Array(codes.length);
    arena.reset();
    const [at, out] = [arena.take(CHUNK_ELEMENTS * 2), arena.take(CHUNK_ELEMENTS * 4)];
    for (const { from, to } of rowChunks(1, codes.length, 8, CHUNK_ELEMENTS)) {
      arena.write(at, codes.subarray(from, to));
      wasm.fromHalf(at, to - from, out);
      arena.read(out, values.subarray(from, to));
    }
    return values;
  }
  return { toHalf, fromHalf };
}

/** WASM kernels with what the dispatcher and the tests want to know about them. */
export interface WasmKernelSet extends SyncKernelSet {
  readonly backend: 'wasm';
  readonly flavour: WasmFlavour;
  /** quantizeRows into an array that exists already: the kernel without the allocation of its result. */
  quantizeRowsInto(codes: Codes, ...args: Parameters<SyncKernelSet['quantizeRows']>): void;
  /** Bytes of linear memory held: bounded by the chunk size, not by the tensors. */
  memoryBytes(): number;
}

/** Kernels over a memory of their own. Throws where the engine lacks the flavour (ask supportsFlavour first). */
export function createWasmKernels(flavour: WasmFlavour): WasmKernelSet {
  const wasm = instantiate(flavour);
  wasm.initCompress();
  const context: WasmContext = { wasm, arena: new Arena(wasm.memory, wasm.heapBase()) };
  const workspaces = new Workspaces(flavour);
  return {
    backend: 'wasm',
    flavour,
    memoryBytes: () => context.arena.heldBytes + workspaces.heldBytes,
    ...extremes(context),
    ...statistics(context),
    ...affine(context),
    ...clipping(context),
    ...halves(context),
    ...createWasmCodes(context),
    ...createWasmSelection(context),
    ...createWasmGram(workspaces),
    ...createWasmCholesky(workspaces),
    ...createWasmRounding(workspaces),
  };
}
