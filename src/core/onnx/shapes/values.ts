/**
 * The numbers of a constant tensor, wherever the file keeps them. It must not know graphs, and never writes.
 */
import { PareError } from '../../errors.ts';
import { bitsOf, elementCount, type DataType } from '../../tensor/dtype.ts';
import { floatToHalf, halfToFloat } from '../../tensor/float16.ts';
import { rawTensor } from '../build.ts';
import type { Tensor } from '../ir.ts';
import { hasValues, tensorBytes } from '../tensor-data.ts';

const cache = new WeakMap<Tensor, Uint8Array>();

/**
 * The tensor's values as packed little-endian bytes, row-major. Undefined when they are not at hand: an external file
 * that was not given, strings, a compressed weight, or a length that does not fit the dims.
 * The result may be a view on shared memory: never write to it.
 */
export function denseBytes(tensor: Tensor): Uint8Array | undefined {
  const known = cache.get(tensor);
  if (known !== undefined) return known;
  if (bitsOf(tensor.dataType) === 0 || !hasValues(tensor)) return undefined;
  try {
    const bytes = tensorBytes(tensor);
    // Views on the file cost nothing to make again; only decoded copies are worth keeping.
    if (tensor.data.kind === 'typed') cache.set(tensor, bytes);
    return bytes;
  } catch (error) {
    if (error instanceof PareError) return undefined;
    throw error;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The elements of an int64, int32, uint8, int8 or bool tensor; undefined for other types or more than `limit`. */
export function integerValues(tensor: Tensor, limit: number): bigint[] | undefined {
  if (elementCount(tensor.dims) > limit || !INTEGERS.has(tensor.dataType)) return undefined;
  const bytes = denseBytes(tensor);
  if (bytes === undefined) return undefined;
  const view = viewOf(bytes);
  return Array.from({ length: elementCount(tensor.dims) }, (_, i) => readInteger(view, tensor.dataType, i));
}

const INTEGERS: ReadonlySet<DataType> = new Set(['int64', 'int32', 'bool', 'uint8', 'int8']);

function readInteger(view: DataView, type: DataType, i: number): bigint {
  if (type === 'int64') return view.getBigInt64(i * 8, true);
  if (type === 'int32') return BigInt(view.getInt32(i * 4, true));
  return BigInt(type === 'int8' ? view.getInt8(i) : view.getUint8(i));
}

/** The elements of a float32, float64 or float16 tensor as doubles (a fresh array); undefined for other types. */
export function floatValues(tensor: Tensor): Float64Array | undefined {
  const width = FLOAT_WIDTH[tensor.dataType];
  const bytes = width === undefined ? undefined : denseBytes(tensor);
  if (width === undefined || bytes === undefined) return undefined;
  // Copied first: views on a file are rarely aligned, and typed arrays are many times faster than a DataView.
  const { buffer } = bytes.slice();
  if (width === 8) return new Float64Array(buffer);
  return width === 4
    ? Float64Array.from(new Float32Array(buffer))
    : Float64Array.from(new Uint16Array(buffer), halfToFloat);
}

const FLOAT_WIDTH: Readonly<Partial<Record<DataType, number>>> = { float32: 4, float64: 8, float16: 2 };

/** A tensor of doubles, rounded once to `type`. */
export function floatTensor(
  name: string,
  type: 'float32' | 'float64' | 'float16',
  dims: readonly number[],
  values: Float64Array,
): Tensor {
  if (type === 'float64') return rawTensor(name, type, dims, new Uint8Array(values.slice().buffer));
  if (type === 'float32')
    return rawTensor(name, type, dims, new Uint8Array(Float32Array.from(values).buffer));
  return rawTensor(name, type, dims, new Uint8Array(Uint16Array.from(values, floatToHalf).buffer));
}

export function isFloatType(type: DataType | undefined): type is 'float32' | 'float64' | 'float16' {
  return type === 'float32' || type === 'float64' || type === 'float16';
}

/** "To the end" is written as 2^63 − 1, which a double rounds up to 2^63: that would wrap to the smallest number. */
function int64Of(value: number): bigint {
  return value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(value);
}

/** An int64, int32 or bool tensor. */
export function integerTensor(
  name: string,
  type: 'int64' | 'int32' | 'bool',
  dims: readonly number[],
  values: readonly number[],
): Tensor {
  const bytes =
    type === 'int64'
      ? new Uint8Array(BigInt64Array.from(values, int64Of).buffer)
      : type === 'int32'
        ? new Uint8Array(Int32Array.from(values).buffer)
        : Uint8Array.from(values);
  return rawTensor(name, type, dims, bytes);
}
