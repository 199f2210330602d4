/** Exact lengths of what lowering writes, without values. It must not decide anything. */
import { hollowSpan, spanOf } from '../../bytes/spans.ts';
import { constantNode } from '../../onnx/build.ts';
import type { Node, Tensor } from '../../onnx/ir.ts';
import { verbatimOf } from '../../onnx/original.ts';
import { utf8Length, varintLength } from '../../onnx/wire-write.ts';
import { messageLength } from '../../onnx/write.ts';
import { byteLengthOf, DATA_TYPES, elementCount } from '../../tensor/dtype.ts';
import type { DataType } from '../../tensor/dtype.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { SHARED } from './chain.ts';
import type { PlannedTensor, SharedKey } from './chain.ts';

type Planned = Pick<PlannedTensor, 'name' | 'dataType' | 'dims'>;

/** Where constants stand: initializers of the graph, or `Constant` nodes in function bodies. */
export type Holder = 'initializer' | 'constant';

/** A length-delimited field whose tag takes one byte: all fields of a graph that hold nodes or tensors. */
export function fieldBytes(length: number): number {
  return 1 + varintLength(length) + length;
}

export function nodeBytes(node: Node): number {
  return fieldBytes(messageLength({ node }));
}

/** The same for a node as it stands in the file: one that was read keeps its bytes. */
export function writtenNodeBytes(node: Node): number {
  return fieldBytes(verbatimOf(node)?.length ?? messageLength({ node }));
}

/** Bytes of a field of the graph (or function) that holds the tensor. */
export function constantBytes(tensor: Tensor, holder: Holder): number {
  return holder === 'initializer' ? fieldBytes(messageLength({ tensor })) : nodeBytes(constantNode(tensor));
}

/** Bytes of the tensor's values in another file; leaving that tensor behind saves them too. */
export function bytesElsewhere(tensor: Tensor): number {
  return tensor.data.kind === 'external' ? byteLengthOf(tensor.dataType, elementCount(tensor.dims)) : 0;
}

/** Bytes of a text field whose tag takes one byte. */
export function textBytes(text: string): number {
  return fieldBytes(utf8Length(text));
}

const TYPE_CODES: ReadonlyMap<DataType, number> = new Map(DATA_TYPES.map((type, code) => [type, code]));

/**
 * constantBytes of a planned tensor by plain arithmetic: the page asks for thousands at every move of a slider.
 * Held to the writer's own length by measure.test.ts.
 */
export function plannedBytes({ name, dataType, dims }: Planned, holder: Holder): number {
  if (holder === 'constant') return constantBytes(hollow({ name, dataType, dims }), holder);
  let length = textBytes(name) + 1 + varintLength(TYPE_CODES.get(dataType) ?? 0);
  for (const dim of dims) length += 1 + varintLength(dim);
  const bytes = byteLengthOf(dataType, elementCount(dims));
  return fieldBytes(length + (bytes === 0 ? 0 : fieldBytes(bytes)));
}

/** Bytes of the shared constants' fields. */
export function sharedBytes(keys: Iterable<SharedKey>, prefix: string, holder: Holder): number {
  let bytes = 0;
  for (const key of keys) bytes += constantBytes(sharedTensor(key, prefix), holder);
  return bytes;
}

export function nodeOf(init: Pick<Node, 'opType' | 'inputs' | 'outputs'> & Partial<Node>): Node {
  return { name: '', domain: '', overload: '', attributes: [], docString: '', ...init };
}

/** A tensor of the planned length without bytes. */
export function hollow(planned: Planned): Tensor {
  const { name, dataType, dims } = planned;
  const bytes = hollowSpan(byteLengthOf(dataType, elementCount(dims)));
  return { name, dataType, dims, docString: '', data: { kind: 'raw', bytes } };
}

export function filled(planned: PlannedTensor, encoding: WeightEncoding): Tensor {
  const { name, dataType, dims } = planned;
  return {
    name,
    dataType,
    dims,
    docString: '',
    data: { kind: 'raw', bytes: spanOf(planned.fill(encoding)) },
  };
}

export function sharedTensor(key: SharedKey, prefix: string): Tensor {
  const { dataType, dims, bytes } = SHARED[key];
  return { name: prefix + key, dataType, dims, docString: '', data: { kind: 'raw', bytes: spanOf(bytes) } };
}
