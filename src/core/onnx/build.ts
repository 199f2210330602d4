/**
 * Short ways to make nodes, attributes, tensors, graphs and models. For passes and tests. It must not know files: what it makes has no bytes of its own.
 */
import { concatParts, spanOf } from '../bytes/spans.ts';
import type { DataType } from '../tensor/dtype.ts';
import type { Attribute, AttributeValue, Dimension, Graph, Model, Node, Tensor, ValueInfo } from './ir.ts';
import { PartSink } from './wire-write.ts';

const utf8 = new TextEncoder();

/** Explicit kinds, because 1 may be an int or a float. Text and bigint are unmistakable. */
export type AttributeInit = AttributeValue | bigint | string;

export const int = (value: number | bigint): AttributeValue => ({ kind: 'int', value: BigInt(value) });
export const float = (value: number): AttributeValue => ({ kind: 'float', value });
export const ints = (value: readonly (number | bigint)[]): AttributeValue => ({
  kind: 'ints',
  value: value.map(BigInt),
});
export const floats = (value: readonly number[]): AttributeValue => ({ kind: 'floats', value });
export const text = (value: string): AttributeValue => ({ kind: 'string', value: utf8.encode(value) });
export const texts = (value: readonly string[]): AttributeValue => ({
  kind: 'strings',
  value: value.map((v) => utf8.encode(v)),
});
export const tensorValue = (value: Tensor): AttributeValue => ({ kind: 'tensor', value });
export const graphValue = (value: Graph): AttributeValue => ({ kind: 'graph', value });

export function attribute(name: string, value: AttributeInit): Attribute {
  if (typeof value === 'bigint') return { name, ...int(value) };
  if (typeof value === 'string') return { name, ...text(value) };
  return { name, ...value };
}

export function attributes(values: Readonly<Record<string, AttributeInit>>): Attribute[] {
  return Object.entries(values).map(([name, value]) => attribute(name, value));
}

/** `node('Conv', ['x', 'w'], ['y'], { attrs: { group: int(4) }, name: 'c1' })` */
export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  more: {
    readonly attrs?: Readonly<Record<string, AttributeInit>>;
    readonly name?: string;
    readonly domain?: string;
  } = {},
): Node {
  return {
    opType,
    inputs,
    outputs,
    name: more.name ?? '',
    domain: more.domain ?? '',
    overload: '',
    attributes: attributes(more.attrs ?? {}),
    docString: '',
  };
}

/** A tensor of packed little-endian bytes. The bytes are not copied: do not write to them afterwards. */
export function rawTensor(
  name: string,
  dataType: DataType,
  dims: readonly number[],
  bytes: Uint8Array,
): Tensor {
  return { name, dataType, dims, data: { kind: 'raw', bytes: spanOf(bytes) }, docString: '' };
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

export function floatTensor(
  name: string,
  dims: readonly number[],
  values: Float32Array | readonly number[],
): Tensor {
  return rawTensor(
    name,
    'float32',
    dims,
    bytesOf(values instanceof Float32Array ? values : Float32Array.from(values)),
  );
}

/** Bit patterns of binary16. */
export function halfTensor(name: string, dims: readonly number[], codes: Uint16Array): Tensor {
  return rawTensor(name, 'float16', dims, bytesOf(codes));
}

export function int64Tensor(
  name: string,
  dims: readonly number[],
  values: BigInt64Array | readonly (number | bigint)[],
): Tensor {
  const packed = values instanceof BigInt64Array ? values : BigInt64Array.from(values.map(BigInt));
  return rawTensor(name, 'int64', dims, bytesOf(packed));
}

export function int8Tensor(name: string, dims: readonly number[], values: Int8Array): Tensor {
  return rawTensor(name, 'int8', dims, bytesOf(values));
}

export function uint8Tensor(name: string, dims: readonly number[], values: Uint8Array): Tensor {
  return rawTensor(name, 'uint8', dims, bytesOf(values));
}

export function boolTensor(name: string, dims: readonly number[], values: readonly boolean[]): Tensor {
  return rawTensor(name, 'bool', dims, Uint8Array.from(values, Number));
}

export function stringTensor(name: string, dims: readonly number[], values: readonly string[]): Tensor {
  const sink = new PartSink();
  for (const value of values) sink.text(6, value);
  const fields = values.length === 0 ? [] : [spanOf(concatParts(sink.finish()))];
  return {
    name,
    dataType: 'string',
    dims,
    data: { kind: 'typed', field: 'string_data', fields },
    docString: '',
  };
}

/** A value of tensor type. Without a shape its rank is unknown. */
export function valueInfo(name: string, elementType: DataType, shape?: readonly Dimension[]): ValueInfo {
  return {
    name,
    docString: '',
    type: { kind: 'tensor', elementType, ...(shape === undefined ? {} : { shape }) },
  };
}

export function graph(parts: Partial<Omit<Graph, 'verbatim'>>): Graph {
  return {
    name: 'graph',
    nodes: [],
    initializers: [],
    sparseInitializers: [],
    inputs: [],
    outputs: [],
    valueInfos: [],
    docString: '',
    ...parts,
  };
}

export interface ModelInit {
  readonly opset?: number;
  readonly irVersion?: number;
  readonly functions?: Model['functions'];
  readonly domains?: Readonly<Record<string, number>>;
}

/** A model around a graph; opset 17 and IR 8 unless said otherwise. */
export function model(main: Graph, init: ModelInit = {}): Model {
  const domains = Object.entries(init.domains ?? {}).map(([domain, version]) => ({ domain, version }));
  return {
    irVersion: init.irVersion ?? 8,
    opsets: [{ domain: '', version: init.opset ?? 17 }, ...domains],
    producerName: 'pare',
    producerVersion: '',
    domain: '',
    modelVersion: 0n,
    docString: '',
    metadata: [],
    graph: main,
    functions: init.functions ?? [],
  };
}

/** The version of the ONNX domain; 0 when the model does not say. */
export function opsetOf(from: Pick<Model, 'opsets'>): number {
  return from.opsets.find((o) => o.domain === '' || o.domain === 'ai.onnx')?.version ?? 0;
}

/** Whether a node is that operator of the ONNX domain. */
export function isOp(n: Node, opType: string): boolean {
  return n.opType === opType && (n.domain === '' || n.domain === 'ai.onnx');
}

/** A node that gives a constant: for function bodies, which have no initializers. */
export function constantNode(tensor: Tensor, output: string = tensor.name): Node {
  return node('Constant', [], [output], { attrs: { value: tensorValue(tensor) } });
}

/**
 * The tensor of a `Constant` node, whichever attribute holds it; undefined for other nodes, sparse constants and
 * attributes that refer to a function's parameter.
 */
export function constantOf(n: Node): Tensor | undefined {
  if (!isOp(n, 'Constant') || n.outputs.length !== 1) return undefined;
  const [name] = n.outputs;
  for (const a of n.attributes) {
    if (a.name === 'value' && a.kind === 'tensor') return a.value;
    if (a.name === 'value_float' && a.kind === 'float') return floatTensor(name, [], [a.value]);
    if (a.name === 'value_floats' && a.kind === 'floats') return floatTensor(name, [a.value.length], a.value);
    if (a.name === 'value_int' && a.kind === 'int') return int64Tensor(name, [], [a.value]);
    if (a.name === 'value_ints' && a.kind === 'ints') return int64Tensor(name, [a.value.length], a.value);
  }
  return undefined;
}
