/**
 * Form `matmul-nbits`: com.microsoft.MatMulNBits, which multiplies with packed weights, in place of the MatMul or Gemm and
 * its weight. Its matrix is stored [outputs, blocks of inputs, bytes of a block], codes unsigned, the lowest bits first.
 * It must not know graphs.
 * Source: onnxruntime, docs/ContribOperators.md, com.microsoft.MatMulNBits.
 */
import type { Attribute } from '../../onnx/ir.ts';
import { codeBits, hasCodes, isPalette, layoutOf } from '../../tensor/encoding.ts';
import type { CodeBits, EncodingShape, WeightEncoding } from '../../tensor/encoding.ts';
import { floatToHalf } from '../../tensor/float16.ts';
import { ChainBuilder } from './chain.ts';
import type { Chain, WeightSite } from './chain.ts';
import * as fill from './fill.ts';

export const CONTRIB_DOMAIN = 'com.microsoft';

/** The operator that reads the weight. */
export interface MatrixSite {
  readonly input: string;
  readonly output: string;
  readonly bias?: string;
  /** Of the node. */
  readonly name: string;
  /** What the node takes in the file as it is, its field included. */
  readonly bytes: number;
}

/** Why the encoding cannot be multiplied with as it is; undefined = it can. */
export function nbitsProblem(shape: EncodingShape, dims: readonly number[]): string | undefined {
  const { precision, granularity } = shape;
  if (!hasCodes(precision) || isPalette(precision) || precision === 'int3') {
    return `MatMulNBits has no ${precision}`;
  }
  if (granularity.kind !== 'block' || dims.length !== 2) return 'MatMulNBits needs blocks of a matrix';
  const { size } = granularity;
  if (size < 16 || !Number.isInteger(Math.log2(size))) return 'MatMulNBits needs blocks of 16, 32, 64 …';
  return shape.zeroType === undefined ? undefined : 'zero points of MatMulNBits are whole here';
}

/** The nodes that stand for the operator. Only where nbitsProblem finds nothing. */
export function planMatMulNBits(shape: EncodingShape, site: WeightSite, matrix: MatrixSite): Chain {
  const { granularity, precision } = shape;
  if (granularity.kind !== 'block' || !hasCodes(precision)) throw new Error('MatMulNBits needs blocks');
  const b = new ChainBuilder({ ...site, value: matrix.output });
  const bits = codeBits(precision);
  const { channels, reduction } = layoutOf(site.dims, granularity.axis);
  const { size } = granularity;
  const blocks = Math.ceil(reduction / size);
  const codes = b.tensor('uint8', [channels, blocks, (size * bits) / 8], (e) =>
    packedMatrix(e, site.dims, granularity.axis, size, bits),
  );
  const half = site.dataType === 'float16';
  const scales = b.tensor(half ? 'float16' : 'float32', [channels * blocks], (e) => {
    const values = e.scales ?? new Float32Array(0);
    return fill.plainBytes(half ? Uint16Array.from(values, floatToHalf) : values);
  });
  const inputs = [matrix.input, codes, scales];
  if (!shape.signed) {
    inputs.push(
      b.tensor('uint8', [channels * Math.ceil((blocks * bits) / 8)], (e) =>
        packedRows(Uint8Array.from(e.zeroPoints ?? []), channels, blocks, bits),
      ),
    );
  }
  const { accuracyLevel } = shape.storage;
  const product = b.op(
    'MatMulNBits',
    inputs,
    [
      int('K', reduction),
      int('N', channels),
      int('bits', bits),
      int('block_size', size),
      ...(accuracyLevel === undefined ? [] : [int('accuracy_level', accuracyLevel)]),
    ],
    { domain: CONTRIB_DOMAIN, name: matrix.name },
  );
  return b.finish(matrix.bias === undefined ? product : b.op('Add', [product, matrix.bias]));
}

const int = (name: string, value: number): Attribute => ({ name, kind: 'int', value: BigInt(value) });

/** Codes of one output after another, the last block filled with what means 0. */
function packedMatrix(
  encoding: WeightEncoding,
  dims: readonly number[],
  axis: number,
  size: number,
  bits: CodeBits,
): Uint8Array {
  const { channels, inner, reduction, outer } = layoutOf(dims, axis);
  const blocks = Math.ceil(reduction / size);
  const offset = encoding.signed ? 2 ** (bits - 1) : 0;
  const codes = fill.naturalCodes(encoding, dims);
  const rows = new Uint8Array(channels * blocks * size);
  for (let c = 0; c < channels; c++) {
    const at = c * blocks * size;
    const zero = encoding.zeroPoints?.[c * blocks + blocks - 1] ?? offset;
    rows.fill(zero, at + reduction, at + blocks * size);
    for (let o = 0; o < outer; o++) {
      const from = (o * channels + c) * inner;
      for (let i = 0; i < inner; i++) rows[at + o * inner + i] = codes[from + i] + offset;
    }
  }
  return packedRows(rows, channels, blocks * size, bits);
}

/** Each row begins with a new byte. */
function packedRows(codes: Uint8Array, rows: number, columns: number, bits: CodeBits): Uint8Array {
  const width = Math.ceil((columns * bits) / 8);
  const out = new Uint8Array(rows * width);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const bit = c * bits;
      out[r * width + (bit >>> 3)] |= codes[r * columns + c] << (bit & 7);
    }
  }
  return out;
}
