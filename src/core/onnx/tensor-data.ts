/**
 * The values of a tensor, wherever the file keeps them. Reads only what is asked, checks it against the dims, and
 * gives arrays of its own, aligned. It must not know graphs. Multi-byte values are little-endian.
 */
import { readSpan } from '../bytes/spans.ts';
import type { ByteSpan } from '../bytes/source.ts';
import { PareError } from '../errors.ts';
import { bitsOf, byteLengthOf, elementCount } from '../tensor/dtype.ts';
import { bfloatsToFloats, halvesToFloats } from '../tensor/float16.ts';
import { codeValues, unpackBits } from '../tensor/small-types.ts';
import type { Tensor } from './ir.ts';
import { typedBytes } from './typed-fields.ts';
import { MessageCursor, WIRE_LENGTH, WireInput } from './wire.ts';

/** Elements of a tensor. @throws PareError `invalid-graph` for negative dims and products beyond 2^53. */
export function tensorElements(tensor: Tensor): number {
  const count = elementCount(tensor.dims);
  if (tensor.dims.every((d) => Number.isSafeInteger(d) && d >= 0) && Number.isSafeInteger(count))
    return count;
  throw invalid(tensor, `has dims [${tensor.dims.join(', ')}], which no tensor can have`);
}

/** Bytes of the packed values by dims and type; 0 for strings. Reads nothing. */
export function tensorByteLength(tensor: Tensor): number {
  return byteLengthOf(tensor.dataType, tensorElements(tensor));
}

/** Whether the values can be read now: false for external data that was not given and for encoded weights. */
export function hasValues(tensor: Tensor): boolean {
  const { data } = tensor;
  return (
    data.kind === 'raw' || data.kind === 'typed' || (data.kind === 'external' && data.bytes !== undefined)
  );
}

/** The span of the packed values if they lie packed in a file; undefined for typed fields and encoded weights. */
export function packedSpan(tensor: Tensor): ByteSpan | undefined {
  const { data } = tensor;
  return data.kind === 'raw' || data.kind === 'external' ? data.bytes : undefined;
}

/**
 * Packed little-endian values. May be a view on the file and unaligned: never write to it.
 * @throws PareError `invalid-graph` when there are not as many bytes as the dims want, `external-missing`, `unknown-dtype`.
 */
export function tensorBytes(tensor: Tensor): Uint8Array {
  if (bitsOf(tensor.dataType) === 0) throw noNumbers(tensor);
  const wanted = tensorByteLength(tensor);
  const { data } = tensor;
  if (data.kind === 'typed') return typedBytes(tensor, data.field, data.fields, wanted);
  if (data.kind === 'encoded') {
    throw new PareError('internal', `The file bytes of encoded tensor "${tensor.name}" were asked for.`);
  }
  if (data.bytes === undefined) {
    const location = data.kind === 'external' ? data.location : '';
    throw new PareError(
      'external-missing',
      `The values of "${tensor.name}" are in "${location}", which was not given.`,
      {
        at: `tensor ${tensor.name}`,
        hint: `Open the model together with "${location}".`,
      },
    );
  }
  if (data.bytes.length !== wanted) {
    throw invalid(tensor, `has ${data.bytes.length} bytes of data where its dims and type want ${wanted}`);
  }
  return readSpan(data.bytes);
}

/** Every value as float32 (rounded where the type has more bits). Row-major. Always an array of its own. */
export function tensorFloats(tensor: Tensor): Float32Array<ArrayBuffer> {
  const { dataType } = tensor;
  const bytes = tensorBytes(tensor);
  switch (dataType) {
    case 'float32':
      return new Float32Array(own(bytes));
    case 'float16':
      return halvesToFloats(new Uint16Array(own(bytes)));
    case 'bfloat16':
      return bfloatsToFloats(new Uint16Array(own(bytes)));
    case 'complex64':
    case 'complex128':
      throw noNumbers(tensor);
    default:
      return Float32Array.from(tensorNumbers(tensor));
  }
}

/** Every value as a number; int64 and uint64 are exact below 2^53 and rounded above. */
export function tensorNumbers(tensor: Tensor): Float64Array<ArrayBuffer> {
  const { dataType } = tensor;
  const bytes = tensorBytes(tensor);
  switch (dataType) {
    case 'float32':
    case 'float16':
    case 'bfloat16':
      return Float64Array.from(tensorFloats(tensor));
    case 'float64':
      return new Float64Array(own(bytes));
    case 'int8':
      return Float64Array.from(new Int8Array(own(bytes)));
    case 'uint8':
    case 'bool':
      return Float64Array.from(bytes);
    case 'int16':
      return Float64Array.from(new Int16Array(own(bytes)));
    case 'uint16':
      return Float64Array.from(new Uint16Array(own(bytes)));
    case 'int32':
      return Float64Array.from(new Int32Array(own(bytes)));
    case 'uint32':
      return Float64Array.from(new Uint32Array(own(bytes)));
    case 'int64':
      return Float64Array.from(new BigInt64Array(own(bytes)), Number);
    case 'uint64':
      return Float64Array.from(new BigUint64Array(own(bytes)), Number);
    case 'int4':
    case 'uint4':
    case 'int2':
    case 'uint2':
    case 'float4e2m1':
      return smallNumbers(tensor, bytes);
    case 'float8e4m3fn':
    case 'float8e4m3fnuz':
    case 'float8e5m2':
    case 'float8e5m2fnuz':
    case 'float8e8m0': {
      const values = codeValues(dataType) ?? new Float32Array(256);
      return Float64Array.from(bytes, (code) => values[code]);
    }
    case 'string':
    case 'undefined':
    case 'complex64':
    case 'complex128':
      throw noNumbers(tensor);
    default:
      dataType satisfies never;
      throw noNumbers(tensor);
  }
}

function smallNumbers(tensor: Tensor, bytes: Uint8Array): Float64Array<ArrayBuffer> {
  const bits = bitsOf(tensor.dataType) === 2 ? 2 : 4;
  const codes = unpackBits(bytes, tensorElements(tensor), bits, tensor.dataType.startsWith('int'));
  const values = codeValues(tensor.dataType);
  return values === undefined ? Float64Array.from(codes) : Float64Array.from(codes, (code) => values[code]);
}

/** Every value of an integer or bool tensor, exact. @throws PareError `invalid-graph` for other types. */
export function tensorBigints(tensor: Tensor): BigInt64Array<ArrayBuffer> {
  const { dataType } = tensor;
  if (dataType === 'int64') return new BigInt64Array(own(tensorBytes(tensor)));
  if (dataType === 'uint64') return new BigInt64Array(own(tensorBytes(tensor)));
  if (!/^(u?int\d+|bool)$/.test(dataType))
    throw invalid(tensor, `is ${dataType} where integers were expected`);
  return BigInt64Array.from(tensorNumbers(tensor), BigInt);
}

/** The strings of a string tensor as bytes. */
export function tensorStrings(tensor: Tensor): Uint8Array[] {
  if (tensor.dataType !== 'string' || tensor.data.kind !== 'typed') {
    throw invalid(tensor, `is ${tensor.dataType} where strings were expected`);
  }
  const found: Uint8Array[] = [];
  for (const span of tensor.data.fields) {
    const c = new MessageCursor(
      new WireInput(span.source),
      'TensorProto',
      span.start,
      span.start + span.length,
      0,
    );
    while (c.next()) if (c.field === 6 && c.wire === WIRE_LENGTH) found.push(c.ownBytes());
  }
  if (found.length !== tensorElements(tensor)) {
    throw invalid(tensor, `has ${found.length} strings where its dims want ${tensorElements(tensor)}`);
  }
  return found;
}

/** A buffer of its own: aligned, and safe to keep. */
function own(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(bytes);
  return copy.buffer;
}

function invalid(tensor: Tensor, what: string): PareError {
  return new PareError('invalid-graph', `Tensor "${tensor.name}" ${what}.`, {
    at: `tensor ${tensor.name}`,
    hint: 'The file is damaged. Export the model again.',
  });
}

function noNumbers(tensor: Tensor): PareError {
  if (tensor.dataType === 'undefined') {
    return new PareError(
      'unknown-dtype',
      `Tensor "${tensor.name}" has an element type that ONNX does not know.`,
      {
        at: `tensor ${tensor.name}`,
        hint: 'The file is damaged, or was made by a newer tool.',
      },
    );
  }
  return invalid(tensor, `is ${tensor.dataType} where real numbers were expected`);
}
