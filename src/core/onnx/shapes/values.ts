/**
 * The numbers of a constant tensor, wherever the file keeps them. It must not know graphs, and never writes.
 * Source: onnx.proto3, TensorProto (which typed field holds which data type).
 */
import { readSpan, spanOf } from '../../bytes/spans.ts';
import { byteLengthOf, elementCount, type DataType } from '../../tensor/dtype.ts';
import type { Tensor, TypedField } from '../ir.ts';
import { MessageCursor, WireInput } from '../wire.ts';

const cache = new WeakMap<Tensor, Uint8Array>();

/**
 * The tensor's values as packed little-endian bytes, row-major. Undefined when they are not at hand: an external file
 * that was not given, strings, a compressed weight, or a length that does not fit the dims.
 * The result may be a view on shared memory: never write to it.
 */
export function denseBytes(tensor: Tensor): Uint8Array | undefined {
  const known = cache.get(tensor);
  if (known !== undefined) return known;
  const expected = byteLengthOf(tensor.dataType, elementCount(tensor.dims));
  const bytes = tensor.dataType === 'string' ? undefined : readBytes(tensor, expected);
  if (bytes?.byteLength !== expected) return undefined;
  // Views on the file cost nothing to make again; only decoded copies are worth keeping.
  if (tensor.data.kind === 'typed') cache.set(tensor, bytes);
  return bytes;
}

function readBytes(tensor: Tensor, expected: number): Uint8Array | undefined {
  const { data } = tensor;
  switch (data.kind) {
    case 'raw':
      return readSpan(data.bytes);
    case 'external':
      return data.bytes === undefined ? undefined : readSpan(data.bytes);
    case 'typed':
      return decodeTyped(tensor.dataType, data.field, data.fields, expected);
    case 'encoded':
      return undefined;
    default:
      return data satisfies never;
  }
}

type Fields = Extract<Tensor['data'], { kind: 'typed' }>['fields'];

function decodeTyped(
  type: DataType,
  field: TypedField,
  fields: Fields,
  expected: number,
): Uint8Array | undefined {
  const out = new Uint8Array(expected);
  const view = new DataView(out.buffer);
  const put = writer(type, field, view);
  if (put === undefined) return undefined;
  let count = 0;
  for (const span of fields) {
    const cursor = new MessageCursor(
      new WireInput(span.source),
      'TensorProto',
      span.start,
      span.start + span.length,
      0,
    );
    while (cursor.next()) {
      if (field === 'float_data') for (const value of cursor.floats()) put.number(count++, value);
      else if (field === 'double_data') for (const value of doubles(cursor)) put.number(count++, value);
      else for (const value of cursor.varints()) put.integer(count++, value);
      if (count > put.capacity) return undefined;
    }
  }
  return count === put.capacity ? out : undefined;
}

function* doubles(cursor: MessageCursor): Generator<number, void, undefined> {
  const bytes = cursor.ownBytes();
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 8 <= bytes.byteLength; at += 8) yield view.getFloat64(at, true);
}

interface Writer {
  readonly capacity: number;
  number(index: number, value: number): void;
  integer(index: number, value: bigint): void;
}

/** Out-of-range indices are dropped: the caller compares the count with the capacity. */
function writer(type: DataType, field: TypedField, view: DataView): Writer | undefined {
  const width =
    field === 'int32_data' ? int32Width(type) : field === 'uint64_data' ? uint64Width(type) : WIDTH[field];
  if (width === undefined) return undefined;
  const capacity = view.byteLength / width;
  return {
    capacity,
    number: (index, value) => {
      if (index >= capacity) return;
      if (width === 8) view.setFloat64(index * 8, value, true);
      else view.setFloat32(index * 4, value, true);
    },
    integer: (index, value) => {
      if (index >= capacity) return;
      if (width === 8) view.setBigInt64(index * 8, value, true);
      else if (width === 4) view.setInt32(index * 4, Number(BigInt.asIntN(32, value)), true);
      else if (width === 2) view.setInt16(index * 2, Number(BigInt.asIntN(16, value)), true);
      else view.setInt8(index, Number(BigInt.asIntN(8, value)));
    },
  };
}

const WIDTH: Readonly<Partial<Record<TypedField, number>>> = { float_data: 4, double_data: 8, int64_data: 8 };

/** int32_data holds one element a number, except that two 4-bit elements share one. */
function int32Width(type: DataType): number | undefined {
  if (type === 'int32') return 4;
  if (['int16', 'uint16', 'float16', 'bfloat16'].includes(type)) return 2;
  const bytes = ['int8', 'uint8', 'bool', 'int4', 'uint4', 'float4e2m1', 'int2', 'uint2'];
  return bytes.includes(type) || type.startsWith('float8') ? 1 : undefined;
}

function uint64Width(type: DataType): number | undefined {
  return type === 'uint64' ? 8 : type === 'uint32' ? 4 : undefined;
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

/** float16 bits → number. Source: IEEE 754-2019, binary16. */
export function halfToNumber(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(bits / 1024) % 32;
  const fraction = bits % 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** number → float16 bits, to nearest, ties to even; overflow gives ±Infinity as IEEE 754 says. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign + 0x7c00;
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  // log2 may round up across a power of two; the unit below is then half of what it must be and rounding repairs it.
  const unit = 2 ** (exponent - 10);
  const steps = roundHalfEven(size / unit);
  return sign + (exponent === -14 ? steps : (exponent + 15) * 1024 + steps - 1024);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** The elements of a float32, float64 or float16 tensor as doubles (a fresh array); undefined for other types. */
export function floatValues(tensor: Tensor): Float64Array | undefined {
  const width = FLOAT_WIDTH[tensor.dataType];
  const bytes = width === undefined ? undefined : denseBytes(tensor);
  if (width === undefined || bytes === undefined) return undefined;
  const view = viewOf(bytes);
  const out = new Float64Array(elementCount(tensor.dims));
  for (let i = 0; i < out.length; i++) {
    if (width === 4) out[i] = view.getFloat32(i * 4, true);
    else if (width === 8) out[i] = view.getFloat64(i * 8, true);
    else out[i] = halfToNumber(view.getUint16(i * 2, true));
  }
  return out;
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
  return rawTensor(name, type, dims, new Uint8Array(Uint16Array.from(values, numberToHalf).buffer));
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

/** A tensor over packed little-endian bytes. */
export function rawTensor(
  name: string,
  dataType: DataType,
  dims: readonly number[],
  bytes: Uint8Array,
): Tensor {
  return { name, dataType, dims, data: { kind: 'raw', bytes: spanOf(bytes) }, docString: '' };
}
