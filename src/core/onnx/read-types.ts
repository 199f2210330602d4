/** Value and type messages from their bytes. It must not know nodes or tensors with values. */
import type { DataType } from '../tensor/dtype.ts';
import type { Dimension, TypeInfo, ValueInfo } from './ir.ts';
import { markOriginal } from './original.ts';
import { dataTypeOf, docText, Extras, refuseTwice } from './read-common.ts';
import { WIRE_LENGTH, WIRE_VARINT } from './wire.ts';
import type { MessageCursor } from './wire.ts';

export function readValueInfo(c: MessageCursor): ValueInfo {
  let name = '';
  let docString = '';
  let type: TypeInfo | undefined;
  const extras = new Extras();
  while (c.next()) {
    const field = c.wire === WIRE_LENGTH ? c.field : 0;
    if (field === 1) name = c.text();
    else if (field === 2) {
      refuseTwice(c, type);
      type = readType(c.enter('TypeProto'));
    } else if (field === 3) docString = docText(c, extras);
    else extras.add(c);
  }
  return markOriginal({
    name,
    docString,
    verbatim: c.span,
    ...(type === undefined ? {} : { type }),
    ...extras.property,
  });
}

const TYPE_KINDS: Readonly<Record<number, TypeInfo['kind']>> = {
  1: 'tensor',
  4: 'sequence',
  5: 'map',
  7: 'opaque',
  8: 'sparse-tensor',
  9: 'optional',
};

export function readType(c: MessageCursor): TypeInfo {
  let type: Omit<TypeInfo, 'verbatim' | 'extras'> = { kind: 'none' };
  const extras = new Extras();
  while (c.next()) {
    const kind = c.wire === WIRE_LENGTH ? TYPE_KINDS[c.field] : undefined;
    if (kind === undefined) {
      extras.add(c);
      continue;
    }
    refuseTwice(c, type.kind === 'none' ? undefined : type);
    type = kind === 'tensor' || kind === 'sparse-tensor' ? readTensorType(c, kind) : readInnerType(c, kind);
  }
  return markOriginal({ ...type, verbatim: c.span, ...extras.property });
}

function readTensorType(outer: MessageCursor, kind: 'tensor' | 'sparse-tensor'): TypeInfo {
  const c = outer.enter(kind === 'tensor' ? 'TypeProto.Tensor' : 'TypeProto.SparseTensor');
  let elementType: DataType = 'undefined';
  let shape: ReturnType<typeof readShape> | undefined;
  const extras = new Extras();
  while (c.next()) {
    if (c.field === 1 && c.wire === WIRE_VARINT) {
      const known = dataTypeOf(c.number());
      extras.value(c, known !== undefined);
      elementType = known ?? 'undefined';
    } else if (c.field === 2 && c.wire === WIRE_LENGTH) {
      refuseTwice(c, shape);
      shape = readShape(c.enter('TensorShapeProto'));
    } else extras.add(c);
  }
  return {
    kind,
    elementType,
    ...shape,
    ...(extras.spans.length === 0 ? {} : { innerExtras: extras.spans }),
  };
}

function readInnerType(outer: MessageCursor, kind: TypeInfo['kind']): TypeInfo {
  const c = outer.enter(`TypeProto (${kind})`);
  // A map has its key type in field 1 (kept as an extra) and its value type in field 2.
  const innerField = kind === 'map' ? 2 : kind === 'opaque' ? -1 : 1;
  let inner: TypeInfo | undefined;
  const extras = new Extras();
  while (c.next()) {
    if (c.field === innerField && c.wire === WIRE_LENGTH) {
      refuseTwice(c, inner);
      inner = readType(c.enter('TypeProto'));
    } else extras.add(c);
  }
  return {
    kind,
    ...(inner === undefined ? {} : { inner }),
    ...(extras.spans.length === 0 ? {} : { innerExtras: extras.spans }),
  };
}

/** A shape, and its bytes where they say more than is modelled. */
function readShape(c: MessageCursor): Required<Pick<TypeInfo, 'shape'>> & Pick<TypeInfo, 'shapeVerbatim'> {
  const shape: Dimension[] = [];
  let saysMore = false;
  while (c.next()) {
    if (c.field !== 1 || c.wire !== WIRE_LENGTH) {
      saysMore = true;
      continue;
    }
    const d = c.enter('TensorShapeProto.Dimension');
    let dimension: Dimension = null;
    while (d.next()) {
      if (d.field === 1 && d.wire === WIRE_VARINT) dimension = d.number();
      else if (d.field === 2 && d.wire === WIRE_LENGTH) dimension = d.text();
      else saysMore = true;
    }
    shape.push(dimension);
    // Beyond 2^53 the number is rounded; the bytes are not.
    saysMore ||= typeof dimension === 'number' && !Number.isSafeInteger(dimension);
  }
  return saysMore ? { shape, shapeVerbatim: { of: shape, bytes: c.span } } : { shape };
}
