/**
 * Which weight layers can compute in integers on a target: their operators, what these read and write, how long their
 * sums are; for the others the reason in words. It must not know ranges or how a graph is rewritten.
 */
import { floatAttribute, intAttribute } from '../../onnx/attributes.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import { readWeight } from '../../onnx/weights.ts';
import type { WeightLayer } from '../../onnx/weights.ts';
import type { Target } from '../../targets/types.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';

export type LayerOp = 'Conv' | 'ConvTranspose' | 'Gemm' | 'MatMul';

/** One operator that reads the weight of a layer. */
export interface LayerNode {
  readonly node: Node;
  readonly op: LayerOp;
  /** The value that is quantized, and the one that the operator writes. */
  readonly input: string;
  readonly output: string;
  /** Values of the bias, one an output channel; undefined = none. */
  readonly bias: Float32Array | undefined;
  /** alpha of a Gemm; 1 for the others. */
  readonly alpha: number;
}

export interface IntegerLayer {
  readonly weight: WeightLayer;
  readonly nodes: readonly LayerNode[];
  /** K: products of one output element. */
  readonly fanIn: number;
  readonly channels: number;
  readonly group: number;
}

const LAYER_OPS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);
const isOnnx = (node: Node): boolean => node.domain === '' || node.domain === 'ai.onnx';

/** A layer whose operators could compute in integers, whatever its weights are now; or why not. */
export function integerLayer(weight: WeightLayer, main: GraphEditor, target: Target): IntegerLayer | string {
  if (weight.frozen !== undefined) return weight.frozen;
  if (target.activations === null) {
    return target.refusals['int8-activations']?.text ?? `${target.label} computes activations in floats`;
  }
  if (weight.graph !== '' || weight.consumers.some((consumer) => consumer.graph !== '')) {
    return 'it is read inside a subgraph or a function, where no values are calibrated';
  }
  if (main.uses(weight.value).length !== weight.consumers.length) {
    return 'something else than a layer reads its weight too';
  }
  const nodes: LayerNode[] = [];
  for (const { node, input } of weight.consumers) {
    const found = layerNode(node, input, weight, main, target);
    if (typeof found === 'string') return found;
    nodes.push(found);
  }
  const { dims } = weight.tensor;
  const axis = channelAxis(nodes[0].op, weight);
  const channels = dims[axis];
  const group = Math.max(...nodes.map(({ node }) => intAttribute(node, 'group', 1)));
  return { weight, nodes, fanIn: weight.elements / channels, channels, group };
}

function channelAxis(op: LayerOp, weight: WeightLayer): number {
  if (weight.axis !== undefined) return weight.axis;
  return op === 'Conv' ? 0 : weight.tensor.dims.length - 1;
}

function layerNode(
  node: Node,
  input: number,
  weight: WeightLayer,
  main: GraphEditor,
  target: Target,
): LayerNode | string {
  const op = node.opType;
  if (!isOnnx(node) || !LAYER_OPS.has(op) || !target.integerOps.has(op)) {
    return `${op} has no integer kernel on ${target.label}`;
  }
  if (node.inputs[input] !== weight.value) return 'its weight is reshaped or transposed before it is read';
  if (input !== 1)
    return 'its weight is the left factor of a product; integer kernels read it as the right one';
  if (main.constant(node.inputs[0]) !== undefined) return 'its input is a constant';
  const { dims } = weight.tensor;
  if (op === 'MatMul' && dims.length !== 2) return `its weight is a stack of matrices (${dims.join('×')})`;
  if (op === 'ConvTranspose' && intAttribute(node, 'group', 1) !== 1) {
    return 'a grouped ConvTranspose has no integer kernel';
  }
  const bias = biasOf(node, weight, main);
  if (typeof bias === 'string') return bias;
  return {
    node,
    op: op as LayerOp,
    input: node.inputs[0],
    output: node.outputs[0],
    bias: bias.values,
    alpha: op === 'Gemm' ? floatAttribute(node, 'alpha', 1) : 1,
  };
}

function biasOf(
  node: Node,
  weight: WeightLayer,
  main: GraphEditor,
): { readonly values: Float32Array | undefined } | string {
  const name = node.inputs[2] ?? '';
  if (name === '') return { values: undefined };
  if (node.opType === 'Gemm' && floatAttribute(node, 'beta', 1) !== 1) return 'its bias is scaled (beta ≠ 1)';
  const tensor = main.constant(name);
  const values = tensor === undefined || tensor.dataType !== 'float32' ? undefined : readWeight(tensor);
  if (tensor === undefined || values === undefined) return 'its bias is not a constant of 32-bit floats';
  const channels = weight.tensor.dims[channelAxis(node.opType as LayerOp, weight)];
  if (!values.every((value) => Number.isFinite(value))) return 'its bias holds values that are not finite';
  if (values.length === 1) return { values: new Float32Array(channels).fill(values[0]) };
  if (values.length !== channels || tensor.dims.at(-1) !== channels)
    return 'its bias is not one value a channel';
  return { values };
}

/** Why integer kernels cannot read the codes of this weight; undefined = they can. */
export function codesProblem({ weight }: IntegerLayer, target: Target): string | undefined {
  const encoding = int8Encoding(weight);
  if (encoding === undefined) {
    const { data, dataType } = weight.tensor;
    const now = data.kind === 'encoded' ? data.encoding.precision : dataType;
    return `its weights are ${now}: integer kernels need 8-bit weights (step quantize-weights)`;
  }
  if (weight.tensor.dataType !== 'float32') return `it computes in ${weight.tensor.dataType}`;
  if (!encoding.signed) return 'its weights have zero points: integer kernels need symmetric codes';
  const { granularity } = encoding;
  if (granularity.kind === 'block')
    return 'its weights have one scale a block: integer kernels need one a channel';
  if (granularity.kind === 'channel' && !target.weights.perChannel) {
    return `${target.label} needs one scale for the whole weight`;
  }
  // Lowering keeps a weight in floats where codes would take more bytes: about 100 for operator, names and headers.
  if (3 * weight.elements <= 4 * (encoding.scales?.length ?? 0) + 100)
    return 'it is so small that its codes take more bytes than its floats';
  return undefined;
}

/** The encoding of a weight in 8-bit codes. */
export function int8Encoding({ tensor }: WeightLayer): WeightEncoding | undefined {
  if (tensor.data.kind !== 'encoded') return undefined;
  const { encoding } = tensor.data;
  return encoding.precision === 'int8' && encoding.scales !== undefined ? encoding : undefined;
}
