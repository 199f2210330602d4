/** Another protobuf implementation's reading of a model, and a comparison that says where two readings differ. Tests only. */
import { fromBinary } from '@bufbuild/protobuf';
import type { DescField, DescMessage, Message } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import type { ModelProto } from 'onnx-buf';

export function oracleRead(bytes: Uint8Array): ModelProto {
  return fromBinary(ModelProtoSchema, bytes);
}

interface Options {
  /** Names of fields, as 'onnx.Message.field', that `b` may set where `a` leaves them at their default. */
  readonly mayBeAdded?: ReadonlySet<string>;
}

/**
 * The path of the first field in which two models differ; undefined when they are equal. An unset field equals its
 * default (presence of '' and 0 is not modelled), floats are compared by bits, unknown fields as sets.
 */
export function firstDifference(a: ModelProto, b: ModelProto, options: Options = {}): string | undefined {
  return differ(ModelProtoSchema, a, b, 'model', options);
}

type Fields = Message & Record<string, unknown>;

function differ(
  desc: DescMessage,
  a: Message,
  b: Message,
  path: string,
  options: Options,
): string | undefined {
  for (const field of desc.fields) {
    const name = `${desc.typeName}.${field.name}`;
    const [left, right] = [valueOf(field, a), valueOf(field, b)];
    if (options.mayBeAdded?.has(name) === true && left === 0) continue;
    const found = differField(field, left, right, `${path}.${field.name}`, options);
    if (found !== undefined) return found;
  }
  return unknownOf(a) === unknownOf(b) ? undefined : `${path} (unknown fields)`;
}

function valueOf(field: DescField, message: Fields): unknown {
  if (field.oneof === undefined) return message[field.localName];
  const chosen = message[field.oneof.localName] as { case: string | undefined; value: unknown };
  return chosen.case === field.localName ? chosen.value : undefined;
}

function differField(
  field: DescField,
  a: unknown,
  b: unknown,
  path: string,
  options: Options,
): string | undefined {
  if (field.fieldKind === 'list') {
    const [left, right] = [a as unknown[], b as unknown[]];
    if (left.length !== right.length) return `${path} (${left.length} and ${right.length})`;
    for (let i = 0; i < left.length; i++) {
      const found =
        field.listKind === 'message'
          ? differ(field.message, left[i] as Message, right[i] as Message, `${path}[${i}]`, options)
          : same(left[i], right[i], `${path}[${i}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (field.fieldKind !== 'message') return same(a, b, path);
  if (a === undefined || b === undefined) return a === b ? undefined : `${path} (set in one only)`;
  return differ(field.message, a as Message, b as Message, path, options);
}

function same(a: unknown, b: unknown, path: string): string | undefined {
  const equal =
    a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) === 0 : Object.is(a, b);
  return equal ? undefined : path;
}

function unknownOf(message: Message): string {
  return (message.$unknown ?? [])
    .map(({ no, wireType, data }) => `${no}/${wireType}/${Buffer.from(data).toString('hex')}`)
    .sort()
    .join(' ');
}
