/**
 * Affine quantization of one weight tensor: the grid of each group of weights, and the nearest codes. It must not know
 * graphs or files.
 *
 * Symmetric: scale = max|w| / L, code = clamp(round(w / scale), low, L), L = 127, 7, 3, 1 (int8 … int2), low = −L − 1 below 8 bits.
 * Asymmetric: scale = (max − min) / (2^bits − 1) with 0 in [min, max], zeroPoint = round(−min / scale),
 * code = clamp(round(w / scale) + zeroPoint, 0, 2^bits − 1).
 * Clipping by least squared error: of some factors on the range, the one with the least Σ(w − ŵ)².
 * Two-sided (symmetric, below 8 bits): the step more that codes have on one side goes to the side where the error is less; it
 * is stored as the sign of the scale.
 * Scales that are stored as float16 are rounded up first, relative to a power of two, and codes are made with the rounded scale.
 * Sources: Jacob et al. 2018 (arXiv:1712.05877) for the affine scheme; Krishnamoorthi 2018 (arXiv:1806.08342) for scales per channel.
 */
import { codeBits, codeRange, forEachGroupRun } from '../../tensor/encoding.ts';
import type { Granularity, IntegerPrecision } from '../../tensor/encoding.ts';
import type { KernelSet } from '../../tensor/kernel-set.ts';
import { affineScales } from './affine-scales.ts';
import { CLIP_FACTORS, ELEMENTS_BETWEEN_PAUSES, WIDE_FACTORS } from './clip-factors.ts';
import { fromRows, toRows } from './rows.ts';
import type { Rows } from './rows.ts';
import { roundScales } from './scales.ts';

export interface QuantizeSpec {
  readonly precision: IntegerPrecision;
  readonly signed: boolean;
  readonly granularity: Granularity;
  readonly scaleType: 'float32' | 'float16';
  readonly clip: 'none' | 'mse';
  /** Scales may be negative. */
  readonly twoSided?: boolean;
}

export interface Quantized {
  readonly codes: Int8Array | Uint8Array;
  readonly scales: Float32Array;
  readonly scaleExponent: number;
  readonly zeroPoints?: Uint8Array;
}

/** Where codes may lie: those of group g mean (code − zeroPoints[g]) · scales[g]. Codes are signed here, whatever is stored. */
export interface Grids {
  /** As stored, but never negative. */
  readonly scales: Float32Array;
  readonly scaleExponent: number;
  readonly zeroPoints: Int32Array | undefined;
  readonly low: number;
  readonly high: number;
}

/**
 * @param values the weight, row-major over `dims`, finite.
 * @param pause called now and then while a large weight is worked on; may throw.
 */
export async function quantizeTensor(
  values: Float32Array,
  dims: readonly number[],
  spec: QuantizeSpec,
  kernels: KernelSet,
  pause: () => Promise<void> = () => Promise.resolve(),
): Promise<Quantized> {
  const rows = toRows(values, dims, spec.granularity);
  const grids = await chooseGrids(rows, spec, kernels, pause);
  return stored(await nearestCodes(rows, dims, spec.granularity, grids, kernels), grids, dims, spec);
}

/** Codes of the nearest grid values, in the order of the tensor. */
export async function nearestCodes(
  rows: Rows,
  dims: readonly number[],
  granularity: Granularity,
  { scales, zeroPoints, low, high }: Grids,
  kernels: KernelSet,
): Promise<Int8Array> {
  const codes = await kernels.quantizeRows(
    rows.values,
    rows.count,
    rows.columns,
    scales,
    zeroPoints,
    low,
    high,
  );
  return fromRows(codes, dims, granularity) as Int8Array;
}

/** The grid of each group, by the range of its weights. */
export async function chooseGrids(
  rows: Rows,
  spec: QuantizeSpec,
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<Grids> {
  if (!spec.signed) {
    const half = 2 ** (codeBits(spec.precision) - 1);
    const { scales, zeroPoints } = await affineScales(rows, 2 * half - 1, spec.clip, kernels, pause);
    const zeros = Int32Array.from(zeroPoints, (zero) => zero - half);
    return { ...roundScales(scales, spec.scaleType), zeroPoints: zeros, low: -half, high: half - 1 };
  }
  const { low, high } = codeRange(spec.precision, true);
  const candidates =
    spec.precision === 'int8' || spec.precision === 'int4' ? CLIP_FACTORS : WIDE_FACTORS[spec.precision];
  if (spec.twoSided !== true) {
    const scales = await symmetricScales(rows, low, high, spec.clip, candidates, kernels, pause);
    return { ...roundScales(scales, spec.scaleType), zeroPoints: undefined, low, high };
  }
  const wide = WIDE_FACTORS[spec.precision];
  const { scales, zeroPoints } = await twoSidedScales(rows, low, high, wide, kernels, pause);
  return { ...roundScales(scales, spec.scaleType), zeroPoints, low, high };
}

/** Codes as an encoding keeps them. @param codes signed, in the order of the tensor */
export function stored(
  codes: Int8Array,
  grids: Grids,
  dims: readonly number[],
  spec: Pick<QuantizeSpec, 'precision' | 'signed' | 'granularity'>,
): Quantized {
  const { scales, scaleExponent, zeroPoints } = grids;
  if (zeroPoints === undefined) return { codes, scales, scaleExponent };
  if (!spec.signed) {
    const half = 2 ** (codeBits(spec.precision) - 1);
    return {
      codes: Uint8Array.from(codes, (code) => code + half),
      scales,
      scaleExponent,
      zeroPoints: Uint8Array.from(zeroPoints, (zero) => zero + half),
    };
  }
  // Codes around −1 reach from −L to L + 1; their negatives around 0 from −L − 1 to L.
  const turned = codes.slice();
  forEachGroupRun(spec.granularity, dims, (start, end, g) => {
    if (zeroPoints[g] === -1) for (let i = start; i < end; i++) turned[i] = -(codes[i] + 1);
  });
  return { codes: turned, scales: scales.map((s, g) => (zeroPoints[g] === -1 ? -s : s)), scaleExponent };
}

async function symmetricScales(
  rows: Rows,
  low: number,
  high: number,
  clip: 'none' | 'mse',
  candidates: Float32Array,
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<Float32Array> {
  if (clip === 'mse') return leastErrorScales(rows, low, high, candidates, kernels, pause);
  const absmax = await kernels.absmaxRows(rows.values, rows.count, rows.columns);
  return absmax.map((value) => Math.fround(value / high));
}

async function leastErrorScales(
  rows: Rows,
  low: number,
  high: number,
  candidates: Float32Array,
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<Float32Array> {
  const scales = new Float32Array(rows.count);
  const step = Math.max(1, Math.floor(ELEMENTS_BETWEEN_PAUSES / rows.columns));
  for (let r = 0; r < rows.count; r += step) {
    const n = Math.min(step, rows.count - r);
    const part = rows.values.subarray(r * rows.columns, (r + n) * rows.columns);
    scales.set(await kernels.mseScaleRows(part, n, rows.columns, low, high, candidates), r);
    if (r + n < rows.count) await pause();
  }
  return scales;
}

/** The better of codes low..high and of −high..−low for each group, with the scale that is best for it. */
async function twoSidedScales(
  rows: Rows,
  low: number,
  high: number,
  candidates: Float32Array,
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<{ scales: Float32Array; zeroPoints: Int32Array }> {
  const scales = await leastErrorScales(rows, low, high, candidates, kernels, pause);
  const negated = { ...rows, values: rows.values.map((x) => -x) };
  const turned = await leastErrorScales(negated, low, high, candidates, kernels, pause);
  const zeroPoints = new Int32Array(rows.count);
  for (let r = 0; r < rows.count; r++) {
    const from = r * rows.columns;
    const row = rows.values.subarray(from, from + rows.columns);
    const opposite = negated.values.subarray(from, from + rows.columns);
    if (squaredError(opposite, turned[r], low, high) >= squaredError(row, scales[r], low, high)) continue;
    scales[r] = turned[r];
    zeroPoints[r] = -1;
  }
  return { scales, zeroPoints };
}

function squaredError(row: Float32Array, scale: number, low: number, high: number): number {
  let sum = 0;
  for (const x of row) {
    const code = scale === 0 ? 0 : Math.min(high, Math.max(low, Math.round(x / scale)));
    sum += (x - code * scale) ** 2;
  }
  return sum;
}
