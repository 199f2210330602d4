/**
 * Which form a weight gets in the file, decided by exact lengths alone: the form that was asked for where it is smaller
 * than the weight, else a plainer one. Works without values, so the page predicts with the same code. It must not know
 * graphs.
 */
import { hollowSpan, spanOf } from '../../bytes/spans.ts';
import { constantNode } from '../../onnx/build.ts';
import type { Node, Tensor } from '../../onnx/ir.ts';
import { messageLength } from '../../onnx/write.ts';
import { varintLength } from '../../onnx/wire-write.ts';
import { byteLengthOf, elementCount } from '../../tensor/dtype.ts';
import type { EncodingShape, WeightEncoding } from '../../tensor/encoding.ts';
import { SHARED } from './chain.ts';
import type { Chain, PlannedTensor, SharedKey, WeightSite } from './chain.ts';
import { canBitmask, decodeOpset, planDecode } from './decode-at-load.ts';
import { dequantizeOpset, planDequantize } from './dequantize.ts';

/** Where constants stand: initializers of the graph, or `Constant` nodes in function bodies. */
export type Holder = 'initializer' | 'constant';

export type Choice =
  /** The chain is written in place of the weight. */
  | {
      readonly kind: 'chain';
      readonly chain: Chain;
      readonly bytes: number;
      readonly opset: number;
      readonly note?: string;
    }
  /** Pruned values written out as floats: nothing smaller keeps them. */
  | { readonly kind: 'zeros'; readonly bytes: number; readonly reason: string }
  /** The weight stays as it was. */
  | { readonly kind: 'original'; readonly reason: string };

/** `Constant` gives other types than floats from here on. */
const CONSTANT_OPSET = 9;

interface Candidate {
  readonly chain: Chain;
  readonly bytes: number;
  readonly opset: number;
}

/**
 * @param originalBytes what the weight takes in the file as it is, its field included.
 * Constants shared between weights are not counted: whether one more weight pays does not depend on the others.
 */
export function chooseForm(
  shape: EncodingShape,
  site: WeightSite,
  holder: Holder,
  originalBytes: number,
): Choice {
  const notes: string[] = [];
  if (holder === 'constant' && site.opset < CONSTANT_OPSET) {
    notes.push(`a constant of a function body can hold integers from operator set ${CONSTANT_OPSET} on`);
  }
  const candidates = notes.length > 0 ? [] : candidatesOf(shape, site, holder, notes);
  const note = notes.length === 0 ? {} : { note: notes.join('; ') };
  const found = candidates.find((candidate) => candidate.bytes < originalBytes);
  if (found !== undefined) return { kind: 'chain', ...found, ...note };
  const best = candidates.at(0);
  const reason =
    best === undefined
      ? notes.join('; ')
      : `too small: encoded it would take ${best.bytes} bytes, now it takes ${originalBytes}`;
  if (!shape.masked) return { kind: 'original', reason };
  return { kind: 'zeros', bytes: zerosBytes(site, holder), reason };
}

/** Best first. `notes` gets a sentence for each form that was asked for and cannot be had. */
function candidatesOf(shape: EncodingShape, site: WeightSite, holder: Holder, notes: string[]): Candidate[] {
  if (shape.storage.form === 'dequantize-linear') {
    const opset = dequantizeOpset(shape);
    if (opset <= site.opset) return [measured(planDequantize(shape, site), opset, holder)];
    notes.push(`DequantizeLinear needs operator set ${opset}, the model has ${site.opset}`);
  }
  const candidates: Candidate[] = [];
  const plan = (bitmask: boolean): void => {
    const opset = decodeOpset(shape, site.dims, bitmask);
    if (opset <= site.opset) candidates.push(measured(planDecode(shape, site, bitmask), opset, holder));
    else
      notes.push(
        `${bitmask ? 'a bit mask' : 'decoding'} needs operator set ${opset}, the model has ${site.opset}`,
      );
  };
  const { sparse } = shape.storage;
  if (shape.masked && sparse !== 'dense') {
    if (canBitmask(shape)) plan(true);
    else notes.push('a bit mask needs symmetric codes');
  }
  plan(false);
  return sparse === 'bitmask' ? candidates : candidates.sort((a, b) => a.bytes - b.bytes);
}

function measured(chain: Chain, opset: number, holder: Holder): Candidate {
  return { chain, opset, bytes: chainBytes(chain, holder) };
}

/** Bytes of a chain's fields, without shared constants. */
export function chainBytes(chain: Chain, holder: Holder): number {
  let bytes = 0;
  for (const tensor of chain.tensors) bytes += constantBytes(hollow(tensor), holder);
  for (const node of chain.nodes) bytes += fieldBytes(messageLength({ node: nodeOf(node) }));
  return bytes;
}

/** Bytes of the shared constants' fields. */
export function sharedBytes(keys: Iterable<SharedKey>, prefix: string, holder: Holder): number {
  let bytes = 0;
  for (const key of keys) bytes += constantBytes(sharedTensor(key, prefix), holder);
  return bytes;
}

/** Bytes of a field of the graph (or function) that holds the tensor. */
export function constantBytes(tensor: Tensor, holder: Holder): number {
  return holder === 'initializer'
    ? fieldBytes(messageLength({ tensor }))
    : fieldBytes(messageLength({ node: nodeOf(constantNode(tensor)) }));
}

function zerosBytes(site: WeightSite, holder: Holder): number {
  return constantBytes(hollow({ name: site.value, dataType: site.dataType, dims: site.dims }), holder);
}

/** A length-delimited field whose tag takes one byte: all fields of a graph that hold nodes or tensors. */
export function fieldBytes(length: number): number {
  return 1 + varintLength(length) + length;
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
