/** Serialized ONNX models of a few nodes, written by hand: what tests of the runtime run. It must not know the project's own writer. */

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  // Two's complement of 64 bits: for −1 ten bytes, all bits set.
  if (value === -1) return [...new Array<number>(9).fill(255), 1];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
};
const field = (number: number, body: Iterable<number>): number[] => {
  const bytes = [...body];
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
};
const integer = (number: number, value: number): number[] => [...varint(number * 8), ...varint(value)];
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Codes of onnx.proto TensorProto.DataType. */
export const ELEMENT = { float32: 1, uint8: 2, int32: 6, int64: 7, string: 8, bool: 9, float16: 10 } as const;

/** AttributeProto.AttributeType. */
const INT = 2;

export interface TinyValue {
  readonly name: string;
  readonly element: (typeof ELEMENT)[keyof typeof ELEMENT];
  readonly dims: readonly (number | string)[];
}

export interface TinyNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name?: string;
  /** Integer attributes. */
  readonly attributes?: Readonly<Record<string, number>>;
}

export interface TinyModel {
  readonly nodes: readonly TinyNode[];
  readonly inputs: readonly TinyValue[];
  readonly outputs: readonly TinyValue[];
  /** float32 initializers. */
  readonly weights?: Readonly<
    Record<
      string,
      {
        readonly dims: readonly number[];
        readonly values: readonly number[];
        /** Name of another file that holds the values, from its first byte. */
        readonly location?: string;
      }
    >
  >;
}

/** A StringStringEntryProto of `external_data`. */
const entry = (key: string, value: string): number[] =>
  field(13, [...field(1, text(key)), ...field(2, text(value))]);

function valueInfo({ name, element, dims }: TinyValue): number[] {
  const shape = dims.flatMap((d) => field(1, typeof d === 'number' ? integer(1, d) : field(2, text(d))));
  return [...field(1, text(name)), ...field(2, field(1, [...integer(1, element), ...field(2, shape)]))];
}

/** IR 8, opset 17. Field numbers: onnx.proto3. */
export function tinyModel({ nodes, inputs, outputs, weights = {} }: TinyModel): Uint8Array<ArrayBuffer> {
  const graph = [
    ...nodes.flatMap(({ op, name, attributes = {}, inputs: reads, outputs: writes }) =>
      field(1, [
        ...reads.flatMap((name) => field(1, text(name))),
        ...writes.flatMap((name) => field(2, text(name))),
        ...(name === undefined ? [] : field(3, text(name))),
        ...field(4, text(op)),
        ...Object.entries(attributes).flatMap(([key, value]) =>
          field(5, [...field(1, text(key)), ...integer(3, value), ...integer(20, INT)]),
        ),
      ]),
    ),
    ...field(2, text('tiny')),
    ...Object.entries(weights).flatMap(([name, { dims, values, location }]) =>
      field(5, [
        ...dims.flatMap((d) => integer(1, d)),
        ...integer(2, ELEMENT.float32),
        ...field(8, text(name)),
        ...(location === undefined
          ? field(9, new Uint8Array(Float32Array.from(values).buffer))
          : [
              ...entry('location', location),
              ...entry('length', String(4 * values.length)),
              ...integer(14, 1),
            ]),
      ]),
    ),
    ...inputs.flatMap((value) => field(11, valueInfo(value))),
    ...outputs.flatMap((value) => field(12, valueInfo(value))),
  ];
  return Uint8Array.from([...integer(1, 8), ...field(7, graph), ...field(8, integer(2, 17))]);
}
