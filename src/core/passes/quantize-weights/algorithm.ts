/**
 * Affine quantization of one weight tensor. It must not know graphs or files.
 *
 * Symmetric: scale = max|w| / L, code = clamp(round(w / scale), low, L), L = 127 (int8) or 7 (int4, low = −8).
 * Asymmetric: scale = (max − min) / (2^bits − 1) with 0 in [min, max], zeroPoint = round(−min / scale),
 * code = clamp(round(w / scale) + zeroPoint, 0, 2^bits − 1).
 * Clipping by least squared error: of the factors 1 … 0.5 (20 equal steps) on the range, the one with the least Σ(w − ŵ)².
 * Scales that are stored as float16 are rounded up first, relative to a power of two, and codes are made with the rounded scale.
 * Sources: Jacob et al. 2018 (arXiv:1712.05877) for the affine scheme; Krishnamoorthi 2018 (arXiv:1806.08342) for scales per channel.
 */
import { blocksPerChannel, codeRange, layoutOf } from '../../tensor/encoding.ts';
import type { Granularity } from '../../tensor/encoding.ts';
import { halfToFloat } from '../../tensor/float16.ts';
import { floorLog2, halfAtLeast } from '../../tensor/half.ts';
import type { KernelSet } from '../../tensor/kernel-set.ts';

/** Twenty factors on so many weights take about 20 ms in plain code, less in SIMD. */
const ELEMENTS_BETWEEN_PAUSES = 2 ** 17;

export interface QuantizeSpec {
  readonly precision: 'int8' | 'int4';
  readonly signed: boolean;
  readonly granularity: Granularity;
  readonly scaleType: 'float32' | 'float16';
  readonly clip: 'none' | 'mse';
}

export interface Quantized {
  readonly codes: Int8Array | Uint8Array;
  readonly scales: Float32Array;
  readonly scaleExponent: number;
  readonly zeroPoints?: Uint8Array;
}

/** Shares of the full range that clipping tries. */
export const CLIP_FACTORS: Float32Array = Float32Array.from({ length: 20 }, (_, i) => 1 - (0.5 * i) / 19);

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
  const { low, high } = codeRange(spec.precision, spec.signed);
  const ranges = spec.signed
    ? { scales: await symmetricScales(rows, low, high, spec.clip, kernels, pause), zeroPoints: undefined }
    : await affineScales(rows, high, spec.clip, kernels, pause);
  const { scales, scaleExponent } = roundScales(ranges.scales, spec.scaleType);
  const zero = ranges.zeroPoints;
  const codes = await kernels.quantizeRows(
    rows.values,
    rows.count,
    rows.columns,
    scales,
    zero === undefined ? undefined : Int32Array.from(zero),
    low,
    high,
  );
  return {
    codes: fromRows(codes, dims, spec.granularity),
    scales,
    scaleExponent,
    ...(zero === undefined ? {} : { zeroPoints: zero }),
  };
}

interface Rows {
  readonly values: Float32Array;
  readonly count: number;
  readonly columns: number;
}

/** One row a group; short last blocks are filled with zeros, which change neither range nor error. */
function toRows(values: Float32Array, dims: readonly number[], granularity: Granularity): Rows {
  if (granularity.kind === 'tensor') return { values, count: 1, columns: values.length };
  const layout = layoutOf(dims, granularity.axis);
  const { channels, reduction } = layout;
  const matrix = layout.outer === 1 ? values : channelMajor(values, layout, new Float32Array(values.length));
  if (granularity.kind === 'channel') return { values: matrix, count: channels, columns: reduction };
  const { size } = granularity;
  const blocks = blocksPerChannel(reduction, size);
  if (reduction === blocks * size) return { values: matrix, count: channels * blocks, columns: size };
  const padded = new Float32Array(channels * blocks * size);
  for (let c = 0; c < channels; c++) {
    padded.set(matrix.subarray(c * reduction, (c + 1) * reduction), c * blocks * size);
  }
  return { values: padded, count: channels * blocks, columns: size };
}

type Codes = Int8Array | Uint8Array;

function fromRows(codes: Codes, dims: readonly number[], granularity: Granularity): Codes {
  if (granularity.kind === 'tensor') return codes;
  const layout = layoutOf(dims, granularity.axis);
  const { channels, reduction } = layout;
  let matrix = codes;
  if (granularity.kind === 'block' && reduction % granularity.size !== 0) {
    const padded = blocksPerChannel(reduction, granularity.size) * granularity.size;
    matrix = sameKind(codes, channels * reduction);
    for (let c = 0; c < channels; c++) {
      matrix.set(codes.subarray(c * padded, c * padded + reduction), c * reduction);
    }
  }
  if (layout.outer === 1) return matrix;
  const out = sameKind(codes, channels * reduction);
  forEachRun(layout, (natural, major) => {
    for (let i = 0; i < layout.inner; i++) out[natural + i] = matrix[major + i];
  });
  return out;
}

function sameKind(like: Codes, length: number): Codes {
  return like instanceof Int8Array ? new Int8Array(length) : new Uint8Array(length);
}

type Layout = ReturnType<typeof layoutOf>;

/** Start of each inner run in row-major order and in channel-major order. */
function forEachRun(layout: Layout, visit: (natural: number, major: number) => void): void {
  const { outer, channels, inner, reduction } = layout;
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < channels; c++) visit((o * channels + c) * inner, c * reduction + o * inner);
  }
}

function channelMajor(values: Float32Array, layout: Layout, out: Float32Array): Float32Array {
  const { inner } = layout;
  forEachRun(layout, (natural, major) => {
    for (let i = 0; i < inner; i++) out[major + i] = values[natural + i];
  });
  return out;
}

async function symmetricScales(
  rows: Rows,
  low: number,
  high: number,
  clip: 'none' | 'mse',
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<Float32Array> {
  if (clip === 'mse') {
    const scales = new Float32Array(rows.count);
    const step = Math.max(1, Math.floor(ELEMENTS_BETWEEN_PAUSES / rows.columns));
    for (let r = 0; r < rows.count; r += step) {
      const n = Math.min(step, rows.count - r);
      const part = rows.values.subarray(r * rows.columns, (r + n) * rows.columns);
      scales.set(await kernels.mseScaleRows(part, n, rows.columns, low, high, CLIP_FACTORS), r);
      if (r + n < rows.count) await pause();
    }
    return scales;
  }
  const absmax = await kernels.absmaxRows(rows.values, rows.count, rows.columns);
  return absmax.map((value) => Math.fround(value / high));
}

async function affineScales(
  rows: Rows,
  high: number,
  clip: 'none' | 'mse',
  kernels: KernelSet,
  pause: () => Promise<void>,
): Promise<{ scales: Float32Array; zeroPoints: Uint8Array }> {
  const { min, max } = await kernels.minmaxRows(rows.values, rows.count, rows.columns);
  const scales = new Float32Array(rows.count);
  const zeroPoints = new Uint8Array(rows.count);
  let since = 0;
  for (let r = 0; r < rows.count; r++) {
    since += clip === 'mse' ? rows.columns : 0;
    if (since > ELEMENTS_BETWEEN_PAUSES) {
      await pause();
      since = 0;
    }
    const row = rows.values.subarray(r * rows.columns, (r + 1) * rows.columns);
    const low = Math.min(0, min[r]);
    const top = Math.max(0, max[r]);
    let least = Infinity;
    for (const factor of clip === 'mse' ? CLIP_FACTORS : [1]) {
      const candidate = affineOf(low * factor, top * factor, high);
      const error = clip === 'mse' ? affineError(row, candidate, high) : 0;
      if (error >= least) continue;
      least = error;
      scales[r] = candidate.scale;
      zeroPoints[r] = candidate.zero;
    }
  }
  return { scales, zeroPoints };
}

interface Affine {
  readonly scale: number;
  readonly zero: number;
}

function affineOf(low: number, top: number, high: number): Affine {
  const scale = Math.fround((top - low) / high);
  const zero = scale === 0 ? 0 : Math.min(high, Math.max(0, Math.round(-low / scale)));
  return { scale, zero };
}

function affineError(row: Float32Array, { scale, zero }: Affine, high: number): number {
  if (scale === 0) return 0;
  let sum = 0;
  for (const x of row) {
    const code = Math.min(high, Math.max(0, Math.round(x / scale) + zero));
    const error = x - (code - zero) * scale;
    sum += error * error;
  }
  return sum;
}

/** Half numbers are normal from 2^-14; the largest scale is moved to [2^14, 2^15), so 28 binades below it lose nothing. */
const HALF_TOP_EXPONENT = 14;

function roundScales(
  scales: Float32Array,
  type: 'float32' | 'float16',
): { scales: Float32Array; scaleExponent: number } {
  if (type === 'float32') return { scales, scaleExponent: 0 };
  let largest = 0;
  for (const scale of scales) largest = Math.max(largest, scale);
  if (largest === 0) return { scales, scaleExponent: 0 };
  const scaleExponent = Math.max(-126, floorLog2(largest) - HALF_TOP_EXPONENT);
  const unit = 2 ** scaleExponent;
  return { scales: scales.map((scale) => halfToFloat(halfAtLeast(scale / unit)) * unit), scaleExponent };
}
