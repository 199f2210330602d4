/** A TensorProto from its bytes: the header is read, the values stay where they are. It must not know what they mean. */
import { subSpan } from '../bytes/spans.ts';
import type { ByteSpan } from '../bytes/source.ts';
import { PareError } from '../errors.ts';
import { byteLengthOf, elementCount } from '../tensor/dtype.ts';
import type { DataType } from '../tensor/dtype.ts';
import { resolveLocation } from './external.ts';
import type { ExternalFiles } from './external.ts';
import type { MetadataEntry, SparseTensor, Tensor, TensorData, TypedField } from './ir.ts';
import { markOriginal } from './original.ts';
import { dataTypeOf, docText, Extras, readEntry, refuseTwice } from './read-common.ts';
import { malformed, WIRE_FIXED32, WIRE_FIXED64, WIRE_LENGTH, WIRE_VARINT } from './wire.ts';
import type { MessageCursor } from './wire.ts';

/** Field number → name and wire type of one unpacked value. */
export const TYPED_FIELDS: ReadonlyMap<number, { readonly name: TypedField; readonly wire: number }> =
  new Map([
    [4, { name: 'float_data', wire: WIRE_FIXED32 }],
    [5, { name: 'int32_data', wire: WIRE_VARINT }],
    [6, { name: 'string_data', wire: WIRE_LENGTH }],
    [7, { name: 'int64_data', wire: WIRE_VARINT }],
    [10, { name: 'double_data', wire: WIRE_FIXED64 }],
    [11, { name: 'uint64_data', wire: WIRE_VARINT }],
  ]);

function readDims(c: MessageCursor, into: number[]): void {
  const dims: bigint[] = [];
  c.varints(dims);
  for (const d of dims) into.push(Number(d));
}

interface Parts {
  raw?: ByteSpan;
  external: boolean;
  readonly entries: MetadataEntry[];
  readonly typed: Map<TypedField, Extras>;
}

export function readTensor(c: MessageCursor, files: ExternalFiles): Tensor {
  let name = '';
  let docString = '';
  let dataType: DataType = 'undefined';
  const dims: number[] = [];
  const parts: Parts = { external: false, entries: [], typed: new Map() };
  const extras = new Extras();
  while (c.next()) {
    const typed = TYPED_FIELDS.get(c.field);
    if (c.field === 1 && (c.wire === WIRE_VARINT || c.wire === WIRE_LENGTH)) {
      readDims(c, dims);
    } else if (c.field === 2 && c.wire === WIRE_VARINT) {
      const known = dataTypeOf(c.number());
      extras.value(c, known !== undefined);
      dataType = known ?? 'undefined';
    } else if (typed !== undefined && (c.wire === typed.wire || c.wire === WIRE_LENGTH)) {
      const run = parts.typed.get(typed.name) ?? new Extras();
      parts.typed.set(typed.name, run);
      if (c.valueLength > 0 || typed.name === 'string_data') run.add(c);
    } else if (c.field === 8 && c.wire === WIRE_LENGTH) name = c.text();
    else if (c.field === 9 && c.wire === WIRE_LENGTH) parts.raw = c.valueSpan;
    else if (c.field === 12 && c.wire === WIRE_LENGTH) docString = docText(c, extras);
    else if (c.field === 13 && c.wire === WIRE_LENGTH)
      parts.entries.push(readEntry(c.enter('StringStringEntryProto')));
    else if (c.field === 14 && c.wire === WIRE_VARINT) parts.external = c.number() === 1;
    else extras.add(c);
  }
  const data = tensorData(parts, { name, dataType, dims, at: c.start }, files);
  return markOriginal({ name, dataType, dims, data, docString, verbatim: c.span, ...extras.property });
}

interface Header {
  readonly name: string;
  readonly dataType: DataType;
  readonly dims: readonly number[];
  readonly at: number;
}

function tensorData(parts: Parts, header: Header, files: ExternalFiles): TensorData {
  const typed = [...parts.typed].filter(([, run]) => run.spans.length > 0);
  const rawLength = parts.raw?.length ?? 0;
  if (typed.length + (rawLength > 0 ? 1 : 0) + (parts.external ? 1 : 0) > 1) {
    throw new PareError('invalid-graph', `Tensor "${header.name}" has its values in more than one place.`, {
      at: `byte ${header.at}`,
      hint: 'Export the model again.',
    });
  }
  if (parts.external) return externalData(parts.entries, header, files);
  if (typed.length === 1) {
    const [field, run] = typed[0];
    return { kind: 'typed', field, fields: run.spans };
  }
  if (parts.raw === undefined && header.dataType === 'string') {
    return { kind: 'typed', field: 'string_data', fields: [] };
  }
  return { kind: 'raw', bytes: parts.raw ?? { source: files.model, start: header.at, length: 0 } };
}

function externalData(entries: readonly MetadataEntry[], header: Header, files: ExternalFiles): TensorData {
  const value = (key: string): string | undefined => entries.findLast((e) => e.key === key)?.value;
  const location = value('location') ?? '';
  const offset = wholeNumber(value('offset'), 'offset', header) ?? 0;
  const given = wholeNumber(value('length'), 'length', header);
  const path = resolveLocation(location, header.name);
  const source = files.find(path, header.name);
  const place: TensorData = {
    kind: 'external',
    location,
    offset,
    entries,
    ...(given === undefined ? {} : { length: given }),
  };
  if (source === undefined) return place;
  const length = given ?? byteLengthOf(header.dataType, elementCount(header.dims));
  if (!(length >= 0 && offset + length <= source.size)) {
    throw new PareError(
      'external-range',
      `Tensor "${header.name}" wants bytes ${offset} to ${offset + length} of ${location}, which has ${source.size} bytes.`,
      {
        at: `tensor ${header.name}`,
        hint: 'The data file belongs to another model or is cut off. Give the one that was exported with this model.',
      },
    );
  }
  return { ...place, bytes: subSpan({ source, start: 0, length: source.size }, offset, length) };
}

function wholeNumber(text: string | undefined, key: string, header: Header): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw malformed(`The external data ${key} of tensor "${header.name}" is no whole number.`, header.at);
}

export function readSparseTensor(c: MessageCursor, files: ExternalFiles): SparseTensor {
  let values: Tensor | undefined;
  let indices: Tensor | undefined;
  const dims: number[] = [];
  const extras = new Extras();
  while (c.next()) {
    if (c.field === 1 && c.wire === WIRE_LENGTH) {
      refuseTwice(c, values);
      values = readTensor(c.enter('TensorProto'), files);
    } else if (c.field === 2 && c.wire === WIRE_LENGTH) {
      refuseTwice(c, indices);
      indices = readTensor(c.enter('TensorProto'), files);
    } else if (c.field === 3 && (c.wire === WIRE_VARINT || c.wire === WIRE_LENGTH)) {
      readDims(c, dims);
    } else extras.add(c);
  }
  if (values === undefined || indices === undefined) {
    const missing = values === undefined ? 'values' : 'indices';
    throw malformed(`A sparse tensor has no ${missing}.`, c.start);
  }
  return markOriginal({ values, indices, dims, verbatim: c.span, ...extras.property });
}
