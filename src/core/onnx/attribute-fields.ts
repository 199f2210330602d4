/** The value fields of AttributeProto as a table for reader and writer. It must not know operators. */
import type { AttributeValue } from './ir.ts';
import { WIRE_FIXED32, WIRE_LENGTH, WIRE_VARINT } from './wire.ts';
import type { MessageCursor } from './wire.ts';

export type ValueKind = AttributeValue['kind'];

export interface ValueField {
  readonly kind: ValueKind;
  /** AttributeProto.AttributeType */
  readonly type: number;
  readonly wire: number;
  readonly repeated: boolean;
}

const list = (kind: ValueKind, type: number, wire: number, repeated: boolean): ValueField => ({
  kind,
  type,
  wire,
  repeated,
});

/** By field number of AttributeProto. */
export const VALUE_FIELDS: ReadonlyMap<number, ValueField> = new Map([
  [2, list('float', 1, WIRE_FIXED32, false)],
  [3, list('int', 2, WIRE_VARINT, false)],
  [4, list('string', 3, WIRE_LENGTH, false)],
  [5, list('tensor', 4, WIRE_LENGTH, false)],
  [6, list('graph', 5, WIRE_LENGTH, false)],
  [22, list('sparse-tensor', 11, WIRE_LENGTH, false)],
  [14, list('type', 13, WIRE_LENGTH, false)],
  [7, list('floats', 6, WIRE_FIXED32, true)],
  [8, list('ints', 7, WIRE_VARINT, true)],
  [9, list('strings', 8, WIRE_LENGTH, true)],
  [10, list('tensors', 9, WIRE_LENGTH, true)],
  [11, list('graphs', 10, WIRE_LENGTH, true)],
  [23, list('sparse-tensors', 12, WIRE_LENGTH, true)],
  [15, list('types', 14, WIRE_LENGTH, true)],
]);

/** By AttributeType. */
export const KIND_BY_TYPE: ReadonlyMap<number, ValueKind> = new Map(
  [...VALUE_FIELDS.values()].map((v) => [v.type, v.kind]),
);

/** The value field that a cursor stands on; undefined for every other field. */
export function valueFieldAt(c: MessageCursor): ValueField | undefined {
  const known = VALUE_FIELDS.get(c.field);
  if (known === undefined) return undefined;
  const packed = c.wire === WIRE_LENGTH && (known.kind === 'floats' || known.kind === 'ints');
  return c.wire === known.wire || packed ? known : undefined;
}
