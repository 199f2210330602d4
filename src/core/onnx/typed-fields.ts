/**
 * Values from typed protobuf fields (`float_data`, `int32_data` …), packed or one field each, as packed little-endian
 * bytes. It must not know what they are for.
 * Source: the comments of TensorProto in onnx.proto on which type uses which field.
 */
import { readSpan } from '../bytes/spans.ts';
import type { ByteSpan } from '../bytes/source.ts';
import { PareError } from '../errors.ts';
import { bitsOf } from '../tensor/dtype.ts';
import type { DataType } from '../tensor/dtype.ts';
import type { Tensor, TypedField } from './ir.ts';
import { malformed, MessageCursor, WireInput } from './wire.ts';

const INT32_TYPES: ReadonlySet<DataType> = new Set([
  'int32',
  'int16',
  'int8',
  'uint16',
  'uint8',
  'bool',
  'float16',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'float8e8m0',
  'int4',
  'uint4',
  'int2',
  'uint2',
  'float4e2m1',
]);

/** Bytes that one stored value gives; undefined when the field may not hold the type. */
export function storedBytes(type: DataType, field: TypedField): number | undefined {
  switch (field) {
    case 'float_data':
      return type === 'float32' || type === 'complex64' ? 4 : undefined;
    case 'double_data':
      return type === 'float64' || type === 'complex128' ? 8 : undefined;
    case 'int64_data':
      return type === 'int64' ? 8 : undefined;
    case 'uint64_data':
      return type === 'uint64' ? 8 : type === 'uint32' ? 4 : undefined;
    case 'int32_data':
      // Types below a byte are stored a packed byte a value.
      return INT32_TYPES.has(type) ? Math.max(1, bitsOf(type) / 8) : undefined;
    case 'string_data':
      return undefined;
    default:
      field satisfies never;
      return undefined;
  }
}

/**
 * @param wanted bytes by dims and type
 * @throws PareError `invalid-graph` when the field holds another number of values, or another type's.
 */
export function typedBytes(
  tensor: Tensor,
  field: TypedField,
  fields: readonly ByteSpan[],
  wanted: number,
): Uint8Array<ArrayBuffer> {
  const unit = storedBytes(tensor.dataType, field);
  if (unit === undefined)
    throw invalid(tensor, `keeps ${tensor.dataType} in ${field}, where ONNX does not allow it`);
  const stored = fields.reduce((sum, span) => sum + span.length, 0);
  // A stored value takes at least one byte of the file: so much is checked before memory is asked for.
  if (wanted > stored * unit) throw invalid(tensor, `has fewer values than its dims want`);
  const out = new ValueWriter(tensor, wanted, unit);
  const fixed = field === 'float_data' || field === 'double_data';
  for (const span of fields) {
    const c = new MessageCursor(
      new WireInput(span.source),
      'TensorProto',
      span.start,
      span.start + span.length,
      0,
    );
    while (c.next()) {
      const bytes = readSpan(c.valueSpan);
      if (fixed) out.copy(bytes, c.valueStart);
      else out.varints(bytes, c.valueStart);
    }
  }
  return out.finish();
}

class ValueWriter {
  readonly #tensor: Tensor;
  readonly #unit: number;
  readonly #out: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #used = 0;

  constructor(tensor: Tensor, bytes: number, unit: number) {
    this.#tensor = tensor;
    this.#unit = unit;
    this.#out = new Uint8Array(bytes);
    this.#view = new DataView(this.#out.buffer);
  }

  copy(bytes: Uint8Array, at: number): void {
    if (bytes.byteLength % this.#unit !== 0) throw malformed('Packed values end inside a value.', at);
    this.#room(bytes.byteLength);
    this.#out.set(bytes, this.#used);
    this.#used += bytes.byteLength;
  }

  /** 64 bits arrive in groups of seven; 28 + 28 + 8 of them stay exact as plain numbers. */
  varints(bytes: Uint8Array, at: number): void {
    for (let i = 0; i < bytes.byteLength;) {
      let low = 0;
      let middle = 0;
      let high = 0;
      let n = 0;
      for (let more = true; more; n++, i++) {
        if (n === 10 || i === bytes.byteLength) throw malformed('Packed values end inside a value.', at + i);
        const group = bytes[i] % 128;
        more = bytes[i] >= 128;
        if (n < 4) low += group * 128 ** n;
        else if (n < 8) middle += group * 128 ** (n - 4);
        else high += group * 128 ** (n - 8);
      }
      this.#put(low, middle, high);
    }
  }

  #put(low: number, middle: number, high: number): void {
    this.#room(this.#unit);
    const word = (low + (middle % 16) * 268_435_456) % 4_294_967_296;
    if (this.#unit === 1) this.#out[this.#used] = word % 256;
    else if (this.#unit === 2) this.#view.setUint16(this.#used, word % 65_536, true);
    else this.#view.setUint32(this.#used, word, true);
    if (this.#unit === 8) {
      const upper = Math.floor(middle / 16) + (high % 256) * 16_777_216;
      this.#view.setUint32(this.#used + 4, upper, true);
    }
    this.#used += this.#unit;
  }

  #room(bytes: number): void {
    if (this.#used + bytes > this.#out.byteLength)
      throw invalid(this.#tensor, 'has more values than its dims want');
  }

  finish(): Uint8Array<ArrayBuffer> {
    if (this.#used !== this.#out.byteLength)
      throw invalid(this.#tensor, 'has fewer values than its dims want');
    return this.#out;
  }
}

function invalid(tensor: Tensor, what: string): PareError {
  return new PareError('invalid-graph', `Tensor "${tensor.name}" ${what}.`, {
    at: `tensor ${tensor.name}`,
    hint: 'The file is damaged. Export the model again.',
  });
}
