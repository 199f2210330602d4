/**
 * Pad in front of a window operator becomes that operator's own padding. Exact when what is padded is what the operator
 * would read there anyway: zeros for Conv, −∞ for MaxPool; for AveragePool zeros that are counted, as explicit ones are.
 * Source: ONNX operators Pad, Conv, MaxPool, AveragePool (count_include_pad).
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Attribute, Node } from '../../onnx/ir.ts';
import { floatAttribute, intAttribute, intsAttribute, textAttribute } from '../../onnx/attributes.ts';
import { floatValues } from '../../onnx/shapes/values.ts';
import { count, onlyReader, onnxOp, skip, withChange, type Rewrite, type Work } from './work.ts';

interface PadSpec {
  /** One per axis. */
  readonly begins: readonly number[];
  readonly ends: readonly number[];
  readonly value: number;
}

function readPad(node: Node, graph: GraphEditor, work: Work): PadSpec | undefined {
  if (textAttribute(node, 'mode', 'constant') !== 'constant' || (node.inputs[3] ?? '') !== '')
    return undefined;
  const pads = intsAttribute(node, 'pads') ?? work.fact(graph, node.inputs[1] ?? '')?.values;
  if (pads === undefined || !pads.every((pad) => typeof pad === 'number' && pad >= 0)) return undefined;
  const rank = pads.length / 2;
  const value = padValue(node, graph);
  return value === undefined
    ? undefined
    : { begins: pads.slice(0, rank).map(Number), ends: pads.slice(rank).map(Number), value };
}

function padValue(node: Node, graph: GraphEditor): number | undefined {
  const name = node.inputs[2] ?? '';
  if (name === '') return floatAttribute(node, 'value', 0);
  const tensor = graph.constant(name);
  return tensor === undefined ? undefined : floatValues(tensor)?.[0];
}

const intoWindow: Rewrite = (node, graph, work) => {
  const pad = readPad(node, graph, work);
  const reader = onlyReader(graph, node.outputs[0] ?? '');
  const op = onnxOp(reader?.node);
  if (pad === undefined || reader?.input !== 0) return false;
  if (op !== 'Conv' && op !== 'MaxPool' && op !== 'AveragePool') return false;
  const reason = whyNot(op, reader.node, pad);
  if (reason !== undefined) return skip(work, node, reason);
  const spatial = pad.begins.length - 2;
  const own = intsAttribute(reader.node, 'pads') ?? new Array<number>(2 * spatial).fill(0);
  const extra = [...pad.begins.slice(2), ...pad.ends.slice(2)];
  const padding: Attribute = {
    name: 'pads',
    kind: 'ints',
    value: extra.map((size, i) => BigInt(size + (own[i] ?? 0))),
  };
  const dropped = ['pads', 'auto_pad', ...(op === 'AveragePool' ? ['count_include_pad'] : [])];
  const counted: Attribute[] =
    op === 'AveragePool' ? [{ name: 'count_include_pad', kind: 'int', value: 1n }] : [];
  const attributes = [
    ...reader.node.attributes.filter((attr) => !dropped.includes(attr.name)),
    padding,
    ...counted,
  ];
  const inputs = [node.inputs[0] ?? '', ...reader.node.inputs.slice(1)];
  graph.replaceNode(reader.node, withChange(reader.node, { inputs, attributes }));
  const current = graph.current(node);
  if (current !== undefined) graph.removeNode(current);
  count(work, 'pads folded');
  return true;
};

function whyNot(op: 'Conv' | 'MaxPool' | 'AveragePool', reader: Node, pad: PadSpec): string | undefined {
  const channels = [...pad.begins.slice(0, 2), ...pad.ends.slice(0, 2)];
  if (channels.some((size) => size !== 0)) return 'it pads batch or channels';
  const autoPad = textAttribute(reader, 'auto_pad', 'NOTSET');
  if (autoPad !== 'NOTSET' && autoPad !== 'VALID') return `the operator after it pads by itself (${autoPad})`;
  if (pad.value !== (op === 'MaxPool' ? -Infinity : 0))
    return 'it pads with another value than the operator after it would';
  if (op === 'Conv') return undefined;
  if (intAttribute(reader, 'ceil_mode', 0) !== 0) return 'the pool after it rounds its size up';
  const own = intsAttribute(reader, 'pads') ?? [];
  const counts = intAttribute(reader, 'count_include_pad', 0) === 1;
  if (op === 'AveragePool' && !counts && own.some((size) => size !== 0))
    return 'the pool after it leaves its own padding out of the mean';
  // Runtimes refuse padding of a whole window or more, of which an explicit Pad is free.
  const kernel = intsAttribute(reader, 'kernel_shape') ?? [];
  const total = [...pad.begins.slice(2), ...pad.ends.slice(2)].map((size, i) => size + (own[i] ?? 0));
  return total.some((size, i) => size >= (kernel[i % kernel.length] ?? 1))
    ? 'it pads by more than a window'
    : undefined;
}

export const PAD_REWRITES: Readonly<Record<string, readonly Rewrite[]>> = { Pad: [intoWindow] };
