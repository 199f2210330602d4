/** WebGPU kernels that work on rows: extremes, affine codes, clip factors. Part of webgpu-backend.ts. */
import type { Extremes } from '../core/tensor/kernel-set.ts';
import { checkCodeRange, checkRows, newCodes } from './checks.ts';
import { EXTREMES, MSE_SCALE, QUANTIZE } from './generated/shaders.ts';
import { checkMseScale, mseScaleRows as referenceScales, scaleOf } from './mse-scale/reference.ts';
import { checkQuantize, inverseOf } from './quantize/reference.ts';
import type { GpuRunner } from './webgpu-device.ts';
import { THREADS } from './webgpu-device.ts';
import type { RowChunk } from './row-chunks.ts';
import { rowChunks } from './row-chunks.ts';

type Codes = Int8Array | Uint8Array;

/** Elements of one workgroup of a reduction: 64 threads with at most 64 each. */
export const SEGMENT = 4096;

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

export function bitsOfFloat(value: number): number {
  float[0] = value;
  return word[0];
}

export function floatOfBits(bits: number): number {
  word[0] = bits;
  return float[0];
}

const SIGN = 0x80000000;

/** Inverse of `order_key` in extremes/shader.wgsl. */
function floatOfOrderKey(key: number): number {
  return floatOfBits(key >= SIGN ? key - SIGN : ~key);
}

/** Rows up to this long are one thread's work: a workgroup would idle most of its threads. */
const NARROW = 128;
const INFINITY_BITS = 0x7f800000;

/** One value (absmax, finite absmax) or two (minmax) for each segment of each row of a chunk. */
export async function reduceSegments(
  gpu: GpuRunner,
  kind: 'absmax' | 'finite-absmax' | 'minmax',
  x: Float32Array,
  { rows, columns, from, to }: RowChunk,
): Promise<{ found: Uint32Array; perRow: number }> {
  const perRow = Math.ceil(columns / SEGMENT);
  const segments = rows * perRow;
  const narrow = columns <= NARROW;
  const name = kind === 'minmax' ? 'minmax' : 'absmax';
  const limit = kind === 'finite-absmax' ? INFINITY_BITS - 1 : INFINITY_BITS;
  const [found] = await gpu.run({
    shader: 'extremes',
    source: EXTREMES,
    entry: narrow ? `${name}_narrow` : name,
    bindings: {
      0: x.subarray(from, to),
      1: Uint32Array.of(segments, columns, perRow, SEGMENT, limit),
      2: { resultBytes: segments * (kind === 'minmax' ? 8 : 4) },
    },
    workgroups: narrow ? Math.ceil(segments / THREADS) : segments,
  });
  return { found: new Uint32Array(found), perRow };
}

function extremes(gpu: GpuRunner) {
  async function absmaxRows(x: Float32Array, rows: number, columns: number): Promise<Float32Array> {
    checkRows(x.length, rows, columns);
    return absmaxBy(gpu, 'absmax', x, rows, columns);
  }

  async function minmaxRows(x: Float32Array, rows: number, columns: number): Promise<Extremes> {
    checkRows(x.length, rows, columns);
    const min = new Float32Array(rows).fill(Infinity);
    const max = new Float32Array(rows).fill(-Infinity);
    for (const chunk of rowChunks(rows, columns, 4, gpu.chunkElements)) {
      const { found, perRow } = await reduceSegments(gpu, 'minmax', x, chunk);
      for (let s = 0; s < found.length / 2; s++) {
        const row = chunk.row + Math.floor(s / perRow);
        if (found[2 * s] > found[2 * s + 1]) continue; // no number in it
        min[row] = Math.min(min[row], floatOfOrderKey(found[2 * s]));
        max[row] = Math.max(max[row], floatOfOrderKey(found[2 * s + 1]));
      }
    }
    for (let r = 0; r < rows; r++) if (min[r] > max[r]) min[r] = max[r] = 0;
    return { min, max };
  }
  return { absmaxRows, minmaxRows };
}

async function absmaxBy(
  gpu: GpuRunner,
  kind: 'absmax' | 'finite-absmax',
  x: Float32Array,
  rows: number,
  columns: number,
): Promise<Float32Array> {
  const out = new Float32Array(rows);
  for (const chunk of rowChunks(rows, columns, 4, gpu.chunkElements)) {
    const { found, perRow } = await reduceSegments(gpu, kind, x, chunk);
    found.forEach((bits, s) => {
      const row = chunk.row + Math.floor(s / perRow);
      out[row] = Math.max(out[row], floatOfBits(bits));
    });
  }
  return out;
}

/** Kinds of factors in quantize/shader.wgsl. */
const KIND = { zero: 0, parts: 1, infinite: 2, nan: 3, denormal: 4 } as const;

/** The struct Row of quantize/shader.wgsl. `keepDenormal`: as an integer instead of normalized parts. */
function rowOf(factor: number, zero: number, keepDenormal: boolean): [number, number, number, number] {
  const bits = bitsOfFloat(factor);
  const sign = bits & SIGN;
  const magnitude = bits & 0x7fffffff;
  if (Number.isNaN(factor)) return [KIND.nan, 0, 0, zero];
  if (magnitude === 0) return [KIND.zero, 0, sign, zero];
  if (magnitude === 0x7f800000) return [KIND.infinite, 0, sign, zero];
  const denormal = magnitude < 0x00800000;
  if (denormal && keepDenormal) return [KIND.denormal, 0, bits, zero];
  // A denormal times 2^24 is normal, and exactly so.
  const normal = denormal ? bitsOfFloat(factor * 2 ** 24) : bits;
  const exponent = ((normal >>> 23) & 255) - 127 - (denormal ? 24 : 0);
  return [KIND.parts, exponent, sign | 0x3f800000 | (normal & 0x7fffff), zero];
}

function rowsOf(
  factors: Float32Array,
  zeroPoints: Int32Array | undefined,
  chunk: RowChunk,
  keepDenormal: boolean,
): Int32Array {
  const rows = new Int32Array(chunk.rows * 4);
  for (let r = 0; r < chunk.rows; r++) {
    const zero = zeroPoints === undefined ? 0 : zeroPoints[chunk.row + r];
    const row = rowOf(factors[chunk.row + r], zero, keepDenormal);
    // For 1/scale a NaN acts like 0: every code is the zero point.
    if (!keepDenormal && row[0] === KIND.nan) row[0] = KIND.zero;
    rows.set(row, 4 * r);
  }
  return rows;
}

function affine(gpu: GpuRunner) {
  async function quantizeRows(
    x: Float32Array,
    rows: number,
    columns: number,
    scales: Float32Array,
    zeroPoints: Int32Array | undefined,
    low: number,
    high: number,
  ): Promise<Codes> {
    checkQuantize(x.length, rows, columns, scales, zeroPoints);
    checkCodeRange(low, high);
    const codes = newCodes(low, x.length);
    const inverses = scales.map(inverseOf);
    for (const chunk of rowChunks(rows, columns, 4, gpu.chunkElements)) {
      const count = chunk.to - chunk.from;
      const [bytes] = await gpu.run({
        shader: 'quantize',
        source: QUANTIZE,
        entry: 'quantize',
        bindings: {
          0: x.subarray(chunk.from, chunk.to),
          1: rowsOf(inverses, zeroPoints, chunk, false),
          2: Int32Array.of(count, chunk.columns, low, high, 0),
          3: { resultBytes: count },
        },
        workgroups: Math.ceil(count / 4 / THREADS),
      });
      codes.set(low < 0 ? new Int8Array(bytes) : new Uint8Array(bytes), chunk.from);
    }
    return codes;
  }

  async function dequantizeRows(
    codes: Codes,
    rows: number,
    columns: number,
    scales: Float32Array,
    zeroPoints: Int32Array | undefined,
  ): Promise<Float32Array> {
    checkQuantize(codes.length, rows, columns, scales, zeroPoints);
    const out = new Float32Array(codes.length);
    for (const chunk of rowChunks(rows, columns, 4, gpu.chunkElements)) {
      const count = chunk.to - chunk.from;
      const [bits] = await gpu.run({
        shader: 'quantize',
        source: QUANTIZE,
        entry: 'dequantize',
        bindings: {
          0: codes.subarray(chunk.from, chunk.to),
          1: rowsOf(scales, zeroPoints, chunk, true),
          2: Int32Array.of(count, chunk.columns, 0, 0, codes instanceof Int8Array ? 1 : 0),
          3: { resultBytes: count * 4 },
        },
        workgroups: Math.ceil(count / THREADS),
      });
      out.set(new Float32Array(bits), chunk.from);
    }
    return out;
  }
  return { quantizeRows, dequantizeRows };
}

/** Below it scales could be denormal; rows with such a small absmax are left to the reference. */
const LEAST_ABSMAX = 2 ** -100;

/** Scale and inverse of each factor, scaled so that absmax is in [1, 2). A scale that overflowed stays NaN and never wins. */
function scaledScales(absmax: Float32Array, candidates: Float32Array, high: number, chunk: RowChunk) {
  const exponents = new Int32Array(chunk.rows);
  const pairs = new Float32Array(chunk.rows * candidates.length * 2);
  for (let r = 0; r < chunk.rows; r++) {
    const most = absmax[chunk.row + r];
    exponents[r] = most === 0 ? 0 : Math.floor(Math.log2(most));
    candidates.forEach((factor, f) => {
      const scale = scaleOf(factor, most, high);
      const scaled = Number.isFinite(scale) ? scale * 2 ** -exponents[r] : 0;
      pairs.set([scaled, inverseOf(scaled)], (r * candidates.length + f) * 2);
    });
  }
  return { exponents, pairs };
}

function clipping(gpu: GpuRunner) {
  /** Errors of all factors for the rows of a chunk, added to `errors` [rows, factors]. */
  async function addErrors(
    x: Float32Array,
    chunk: RowChunk,
    absmax: Float32Array,
    { low, high }: { low: number; high: number },
    candidates: Float32Array,
    errors: Float64Array,
  ): Promise<void> {
    const factors = candidates.length;
    const perRow = Math.ceil(chunk.columns / SEGMENT);
    const segments = chunk.rows * perRow;
    const { exponents, pairs } = scaledScales(absmax, candidates, high, chunk);
    const params = Uint32Array.of(segments, chunk.columns, perRow, SEGMENT, factors, 0, 0);
    params.set([bitsOfFloat(low), bitsOfFloat(high)], 5);
    const [found] = await gpu.run({
      shader: 'mse-scale',
      source: MSE_SCALE,
      entry: 'errors',
      bindings: {
        0: x.subarray(chunk.from, chunk.to),
        1: params,
        2: exponents,
        3: pairs,
        4: { resultBytes: segments * factors * 4 },
      },
      workgroups: segments,
    });
    new Float32Array(found).forEach((error, i) => {
      const row = chunk.row + Math.floor(i / factors / perRow);
      errors[row * factors + (i % factors)] += error;
    });
  }

  async function mseScaleRows(
    x: Float32Array,
    rows: number,
    columns: number,
    low: number,
    high: number,
    candidates: Float32Array,
  ): Promise<Float32Array> {
    checkMseScale(x.length, rows, columns, low, high, candidates);
    const absmax = await absmaxBy(gpu, 'finite-absmax', x, rows, columns);
    const errors = new Float64Array(rows * candidates.length);
    for (const chunk of rowChunks(rows, columns, 4, gpu.chunkElements)) {
      await addErrors(x, chunk, absmax, { low, high }, candidates, errors);
    }
    return absmax.map((most, row) => {
      if (most === 0) return 0;
      if (most < LEAST_ABSMAX) {
        const values = x.subarray(row * columns, (row + 1) * columns);
        return referenceScales(values, 1, columns, low, high, candidates)[0];
      }
      const own = errors.subarray(row * candidates.length, (row + 1) * candidates.length);
      return leastScale(own, candidates, most, high);
    });
  }
  return { mseScaleRows };
}

function leastScale(errors: Float64Array, candidates: Float32Array, absmax: number, high: number): number {
  let best = scaleOf(candidates[0], absmax, high);
  let least = Infinity;
  candidates.forEach((factor, f) => {
    const scale = scaleOf(factor, absmax, high);
    if (!Number.isFinite(scale) || errors[f] >= least) return;
    [least, best] = [errors[f], scale];
  });
  return best;
}

export function createGpuRows(gpu: GpuRunner) {
  return { ...extremes(gpu), ...affine(gpu), ...clipping(gpu) };
}
