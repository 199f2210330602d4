/** Element types of ONNX tensors and what they measure. It must not know graphs or files. */

/** Index = the code in onnx.proto `TensorProto.DataType`. Source: onnx.proto3 (ONNX 1.20). */
export const DATA_TYPES = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
] as const;
export type DataType = (typeof DATA_TYPES)[number];

const BITS: Readonly<Record<DataType, number>> = {
  undefined: 0,
  string: 0,
  float32: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  bool: 8,
  float16: 16,
  float64: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  float8e8m0: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  uint2: 2,
  int2: 2,
};

/** Bits of one element; 0 for strings and undefined, which have no fixed width. */
export function bitsOf(type: DataType): number {
  return BITS[type];
}

/** Bytes that `count` packed elements take; sub-byte types round up over the whole tensor. */
export function byteLengthOf(type: DataType, count: number): number {
  return Math.ceil((count * BITS[type]) / 8);
}

/** Product of the dims; 1 for a scalar. Exact below 2^53. */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const d of dims) count *= d;
  return count;
}
