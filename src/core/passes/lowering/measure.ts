/** Exact lengths of what lowering writes, without values. It must not decide anything. */
import { hollowSpan, spanOf } from '../../bytes/spans.ts';
import { constantNode } from '../../onnx/build.ts';
import type { Node, Tensor } from '../../onnx/ir.ts';
import { varintLength } from '../../onnx/wire-write.ts';
import { messageLength } from '../../onnx/write.ts';
import { byteLengthOf, elementCount } from '../../tensor/dtype.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { SHARED } from './chain.ts';
import type { PlannedTensor, SharedKey } from './chain.ts';

/** Where constants stand: initializers of the graph, or `Constant` nodes in function bodies. */
export type Holder = 'initializer' | 'constant';

/** A length-delimited field whose tag takes one byte: all fields of a graph that hold nodes or tensors. */
export function fieldBytes(length: number): number {
  return 1 + varintLength(length) + length;
}

export function nodeBytes(node: Node): number {
  return fieldBytes(messageLength({ node }));
}

/** Bytes of a field of the graph (or function) that holds the tensor. */
export function constantBytes(tensor: Tensor, holder: Holder): number {
  return holder === 'initializer' ? fieldBytes(messageLength({ tensor })) : nodeBytes(constantNode(tensor));
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
export function hollow(planned: Pick<PlannedTensor, 'name' | 'dataType' | 'dims'>): Tensor {
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
