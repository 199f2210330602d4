/**
 * Encoded weights back to floats, bit for bit as the lowered graph computes them. It must not know graphs.
 */
import { elementCount } from './dtype.ts';
import type { DataType } from './dtype.ts';
import { blocksPerChannel, layoutOf } from './encoding.ts';
import type { Granularity, WeightEncoding } from './encoding.ts';
import { floatToHalf, halfToFloat, halvesToFloats } from './float16.ts';

/**
 * The floats of an encoded tensor, row-major.
 * @param dataType what the graph reads: float16 weights are rounded once more at the end.
 */
export function decodeWeight(
  encoding: WeightEncoding,
  dims: readonly number[],
  dataType: DataType = 'float32',
): Float32Array {
  const values = decodeCodes(encoding, dims);
  if (encoding.mask !== undefined) zeroPruned(values, encoding.mask);
  return dataType === 'float16' && encoding.precision !== 'fp16'
    ? values.map((x) => halfToFloat(floatToHalf(x)))
    : values;
}

function decodeCodes(encoding: WeightEncoding, dims: readonly number[]): Float32Array {
  const { codes } = encoding;
  if (encoding.precision === 'fp32') return Float32Array.from(codes);
  if (encoding.precision === 'fp16') return halvesToFloats(Uint16Array.from(codes));
  const scales = encoding.scales ?? new Float32Array(0);
  if (encoding.codebook !== undefined) return decodePalette(codes, encoding.codebook, scales, encoding, dims);
  const zero = encoding.zeroPoints;
  const out = new Float32Array(elementCount(dims));
  const { granularity } = encoding;
  if (granularity.kind === 'tensor') {
    const z = zero === undefined ? 0 : zero[0];
    for (let i = 0; i < out.length; i++) out[i] = (codes[i] - z) * scales[0];
    return out;
  }
  forEachGroupRun(granularity, dims, (start, end, g) => {
    const z = zero === undefined ? 0 : zero[g];
    for (let i = start; i < end; i++) out[i] = (codes[i] - z) * scales[g];
  });
  return out;
}

function decodePalette(
  codes: WeightEncoding['codes'],
  codebook: Float32Array,
  scales: Float32Array,
  { granularity }: WeightEncoding,
  dims: readonly number[],
): Float32Array {
  const out = new Float32Array(elementCount(dims));
  if (granularity.kind === 'tensor') {
    for (let i = 0; i < out.length; i++) out[i] = codebook[codes[i]] * scales[0];
    return out;
  }
  forEachGroupRun(granularity, dims, (start, end, g) => {
    for (let i = start; i < end; i++) out[i] = codebook[codes[i]] * scales[g];
  });
  return out;
}

/** Runs of neighbouring elements (start, end exclusive) that share group g. */
function forEachGroupRun(
  granularity: Exclude<Granularity, { kind: 'tensor' }>,
  dims: readonly number[],
  visit: (start: number, end: number, g: number) => void,
): void {
  const { outer, channels, inner, reduction } = layoutOf(dims, granularity.axis);
  const size = granularity.kind === 'block' ? granularity.size : Math.max(1, reduction);
  const blocks = Math.max(1, blocksPerChannel(reduction, size));
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < channels; c++) {
      const start = (o * channels + c) * inner;
      for (let i = 0; i < inner;) {
        const block = Math.floor((o * inner + i) / size);
        const end = Math.min(inner, (block + 1) * size - o * inner);
        visit(start + i, start + end, c * blocks + block);
        i = end;
      }
    }
  }
}

function zeroPruned(values: Float32Array, mask: Uint8Array): void {
  for (let i = 0; i < values.length; i++) if (((mask[i >>> 3] >>> (i & 7)) & 1) === 0) values[i] = 0;
}
