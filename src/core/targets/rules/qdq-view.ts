/**
 * The main graph read as quantized: which value has which scale, zero point and code type, by the DequantizeLinear that
 * gives it and the QuantizeLinear that takes it. It must not know targets.
 * Source: ONNX QuantizeLinear and DequantizeLinear, versions 10, 13, 21.
 */
import { intAttribute } from '../../onnx/attributes.ts';
import { constantOf, isOp } from '../../onnx/build.ts';
import type { Graph, Node, Tensor } from '../../onnx/ir.ts';
import { denseBytes, floatValues } from '../../onnx/shapes/values.ts';
import { elementCount } from '../../tensor/dtype.ts';
import type { DataType } from '../../tensor/dtype.ts';
import { unpackBits } from '../../tensor/small-types.ts';

/** How a value is made of codes: value = (code − zeroPoint) · scale. */
export interface Quantized {
  /** The QuantizeLinear or DequantizeLinear that says so. */
  readonly node: Node;
  readonly type: DataType;
  /** One, one a channel, or one a block. */
  readonly scales: Float64Array;
  /** As many as scales; all 0 where the node names none. */
  readonly zeroPoints: Float64Array;
  readonly perTensor: boolean;
  readonly axis: number;
  /** 0 = no blocks. */
  readonly blockSize: number;
  /** The codes, where they are constants: a weight or a bias. */
  readonly codes?: Tensor;
}

export interface QdqView {
  readonly graph: Graph;
  /** Initializers and outputs of `Constant` nodes. */
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly producers: ReadonlyMap<string, Node>;
  readonly consumers: ReadonlyMap<string, readonly Node[]>;
  /** The codes behind an input: of its own DequantizeLinear, looked for through Reshape, Transpose and Cast of constants. */
  inputOf(node: Node, input: number): Quantized | undefined;
  /** The codes an output becomes, also behind a Relu or Clip that only it reads. */
  outputOf(node: Node, output?: number): Quantized | undefined;
  /** What a QuantizeLinear or DequantizeLinear of the graph says; undefined where its scale is no constant. */
  quantizationOf(node: Node): Quantized | undefined;
}

/** What only moves the codes of a constant. */
const CONSTANT_MOVES: ReadonlySet<string> = new Set(['Reshape', 'Transpose', 'Cast', 'Squeeze', 'Unsqueeze']);
const MAX_MOVES = 8;

export function qdqView(graph: Graph): QdqView {
  const constants = new Map<string, Tensor>(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const producers = new Map<string, Node>();
  const consumers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    const constant = constantOf(node);
    if (constant !== undefined) constants.set(node.outputs[0], constant);
    for (const output of node.outputs) if (output !== '') producers.set(output, node);
    for (const input of new Set(node.inputs)) {
      if (input === '') continue;
      const known = consumers.get(input);
      if (known === undefined) consumers.set(input, [node]);
      else known.push(node);
    }
  }
  const known = new Map<Node, Quantized | undefined>();
  const quantizationOf = (node: Node): Quantized | undefined => {
    if (!known.has(node)) known.set(node, readQuantization(node, constants));
    return known.get(node);
  };
  return {
    graph,
    constants,
    producers,
    consumers,
    quantizationOf,
    inputOf: (node, input) => {
      let from = producers.get(node.inputs.at(input) ?? '');
      for (let i = 0; from !== undefined && i < MAX_MOVES; i++) {
        if (isOp(from, 'DequantizeLinear')) {
          const found = quantizationOf(from);
          // What moves an activation is an operator of its own.
          return i === 0 || found?.codes !== undefined ? found : undefined;
        }
        if (!CONSTANT_MOVES.has(from.opType)) return undefined;
        from = producers.get(from.inputs[0]);
      }
      return undefined;
    },
    outputOf: (node, output = 0) => {
      let value = node.outputs[output];
      for (let i = 0; i < 2; i++) {
        const readers: readonly Node[] = consumers.get(value) ?? [];
        const quantize = readers.find((reader) => isOp(reader, 'QuantizeLinear'));
        if (quantize !== undefined) return quantizationOf(quantize);
        if (readers.length !== 1 || !isAbsorbed(readers[0])) return undefined;
        value = readers[0].outputs[0];
      }
      return undefined;
    },
  };
}

/** What an integer kernel does on its way out. */
export function isAbsorbed(node: Node): boolean {
  return isOp(node, 'Relu') || isOp(node, 'Clip');
}

function readQuantization(node: Node, constants: ReadonlyMap<string, Tensor>): Quantized | undefined {
  const scaleTensor = constants.get(node.inputs.at(1) ?? '');
  const scales = scaleTensor === undefined ? undefined : floatValues(scaleTensor);
  if (scaleTensor === undefined || scales === undefined) return undefined;
  const zeroTensor = constants.get(node.inputs.at(2) ?? '');
  const given = zeroTensor === undefined ? undefined : codesOf(zeroTensor);
  const codes = isOp(node, 'DequantizeLinear') ? constants.get(node.inputs[0]) : undefined;
  return {
    node,
    type: zeroTensor?.dataType ?? codes?.dataType ?? 'uint8',
    scales,
    zeroPoints: given?.length === scales.length ? Float64Array.from(given) : new Float64Array(scales.length),
    perTensor: scales.length === 1,
    axis: intAttribute(node, 'axis', 1),
    blockSize: intAttribute(node, 'block_size', 0),
    ...(codes === undefined ? {} : { codes }),
  };
}

export type Codes = Int8Array | Uint8Array | Int32Array;

/** The numbers of an integer tensor, sub-byte types unpacked; undefined when they are not at hand. Never write to them. */
export function codesOf(tensor: Tensor): Codes | undefined {
  const bytes = denseBytes(tensor);
  if (bytes === undefined) return undefined;
  const count = elementCount(tensor.dims);
  switch (tensor.dataType) {
    case 'int8':
      return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    case 'uint8':
      return bytes;
    case 'int32':
      return new Int32Array(bytes.slice().buffer);
    case 'int4':
    case 'int2':
      return unpackBits(bytes, count, tensor.dataType === 'int4' ? 4 : 2, true);
    case 'uint4':
    case 'uint2':
      return unpackBits(bytes, count, tensor.dataType === 'uint4' ? 4 : 2, false);
    default:
      return undefined;
  }
}

/** How people call a node: by its name, else by what it gives. */
export function nameOf(node: Node): string {
  return node.name === '' ? `${node.opType} → ${node.outputs[0] ?? ''}` : node.name;
}

/** Layers that the file computes on codes: both the data and the weight are quantized. */
export function isIntegerLayer(node: Node, view: QdqView): boolean {
  if (!isOp(node, 'Conv') && !isOp(node, 'ConvTranspose') && !isOp(node, 'Gemm') && !isOp(node, 'MatMul')) {
    return false;
  }
  const data = view.inputOf(node, 0);
  return data !== undefined && data.codes === undefined && view.inputOf(node, 1) !== undefined;
}
