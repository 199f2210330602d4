/**
 * Encoded weights back to floats, bit for bit as the lowered graph computes them. It must not know graphs.
 */
import { elementCount } from './dtype.ts';
import type { DataType } from './dtype.ts';
import { forEachGroupRun } from './encoding.ts';
import type { WeightEncoding } from './encoding.ts';
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
  forEachGroupRun(granularity, dims, (start, end, g) => {
    const z = zero === undefined ? 0 : zero[g];
    // The difference is a float32 in the graph: a zero point need not be whole.
    for (let i = start; i < end; i++) out[i] = Math.fround(codes[i] - z) * scales[g];
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
  forEachGroupRun(granularity, dims, (start, end, g) => {
    for (let i = start; i < end; i++) out[i] = codebook[codes[i]] * scales[g];
  });
  return out;
}

function zeroPruned(values: Float32Array, mask: Uint8Array): void {
  for (let i = 0; i < values.length; i++) if (((mask[i >>> 3] >>> (i & 7)) & 1) === 0) values[i] = 0;
}
