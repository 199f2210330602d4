/**
 * Which operators multiply a weight with what: the reading of a layer that its Gram matrix needs, or the reason why it
 * has none. It must not know how rows are sampled.
 */
import { intAttribute, intsAttribute, textAttribute } from '../onnx/attributes.ts';
import type { Model, Node } from '../onnx/ir.ts';
import { listWeights, type WeightConsumer, type WeightLayer } from '../onnx/weights.ts';
import { layoutOf } from '../tensor/encoding.ts';

interface TaskBase {
  /** The value that is multiplied with the weight. */
  readonly value: string;
  readonly groups: number;
  /** n: elements of the reduction. */
  readonly columns: number;
}

/** Rows are patches of the input, [channels of a group, kernel …] flattened. */
export interface ConvTask extends TaskBase {
  readonly kind: 'conv';
  /** Of the input, all groups. */
  readonly channels: number;
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Begins, then ends; 'upper' and 'lower' follow from the input's size. */
  readonly pads: readonly number[] | 'upper' | 'lower';
}

/** Rows are vectors along the last axis of the value, or along the one before it. */
export interface RowsTask extends TaskBase {
  readonly kind: 'rows';
  readonly transposed: boolean;
}

export type GramTask = ConvTask | RowsTask;

/** What one layer needs: one task for each operator that reads it, all of the same size. */
export interface LayerTasks {
  readonly layer: string;
  readonly groups: number;
  readonly columns: number;
  readonly tasks: readonly GramTask[];
}

/** By layer id: its tasks, or why it has no Gram matrix. Ids that the model does not have are absent. */
export function gramTasks(model: Model): ReadonlyMap<string, LayerTasks | string> {
  return new Map(listWeights(model).map((layer) => [layer.id, tasksOf(layer)]));
}

function tasksOf(layer: WeightLayer): LayerTasks | string {
  if (layer.graph !== '') return 'it is inside a subgraph or a function, where values are not looked at';
  const tasks: GramTask[] = [];
  for (const consumer of layer.consumers) {
    const task = taskOf(layer, consumer);
    if (typeof task === 'string') return task;
    tasks.push(task);
  }
  const [first] = tasks;
  if (first === undefined) return 'nothing reads it';
  if (tasks.some(({ groups, columns }) => groups !== first.groups || columns !== first.columns)) {
    return 'the operators that share it read it in different ways';
  }
  return { layer: layer.id, groups: first.groups, columns: first.columns, tasks };
}

function taskOf(layer: WeightLayer, { graph, node, input }: WeightConsumer): GramTask | string {
  if (graph !== '') return `${node.opType} reads it inside a subgraph, where values are not looked at`;
  if (node.domain !== '' && node.domain !== 'ai.onnx') return noGram(node);
  switch (node.opType) {
    case 'Conv':
      return convTask(layer, node);
    case 'MatMul':
    case 'Gemm':
      return rowsTask(layer, node, input);
    default:
      return noGram(node);
  }
}

const noGram = ({ opType }: Node): string => `${opType} does not multiply it with rows of its input`;

function convTask(layer: WeightLayer, node: Node): ConvTask | string {
  const { dims } = layer.tensor;
  if (node.inputs[1] !== layer.value) return 'it is rearranged before the convolution reads it';
  if (layer.axis !== 0 || dims.length < 3) return `a convolution of rank ${dims.length} is not looked at`;
  const groups = intAttribute(node, 'group', 1);
  const kernel = dims.slice(2);
  const ones = kernel.map(() => 1);
  return {
    kind: 'conv',
    value: node.inputs[0],
    groups,
    columns: dims[1] * kernel.reduce((a, b) => a * b, 1),
    channels: dims[1] * groups,
    kernel,
    strides: intsAttribute(node, 'strides') ?? ones,
    dilations: intsAttribute(node, 'dilations') ?? ones,
    pads: padsOf(node, kernel.length),
  };
}

function padsOf(node: Node, spatial: number): ConvTask['pads'] {
  const none = new Array<number>(2 * spatial).fill(0);
  switch (textAttribute(node, 'auto_pad', 'NOTSET')) {
    case 'SAME_UPPER':
      return 'upper';
    case 'SAME_LOWER':
      return 'lower';
    case 'VALID':
      return none;
    default:
      return intsAttribute(node, 'pads') ?? none;
  }
}

function rowsTask(layer: WeightLayer, node: Node, input: number): RowsTask | string {
  const { dims } = layer.tensor;
  if (layer.axis === undefined) return 'its output channels do not lie along one axis';
  const direct = node.inputs[input] === layer.value;
  if (direct && dims.length !== 2) return `a product with a weight of rank ${dims.length} is not looked at`;
  const other = node.inputs[1 - input];
  const trans = intAttribute(node, input === 0 ? 'transB' : 'transA', 0) !== 0;
  // Y = X·W reads rows of X; W·X reads columns of X.
  const transposed = (input === 0) !== trans;
  return {
    kind: 'rows',
    value: other,
    groups: 1,
    columns: layoutOf(dims, layer.axis).reduction,
    transposed,
  };
}
