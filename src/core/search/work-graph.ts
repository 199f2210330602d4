/**
 * What each weight layer computes in one run for one sample, and which layers feed which: the cost model's view of a
 * graph. It must not know costs or recipes.
 */
import type { CalibrationBatch } from '../calibration/types.ts';
import { intAttribute } from '../onnx/attributes.ts';
import { isOp } from '../onnx/build.ts';
import { openDraft } from '../onnx/draft.ts';
import type { GraphEditor } from '../onnx/draft.ts';
import type { GraphRunner } from '../onnx/graph-runner.ts';
import type { Dimension, Model, Node } from '../onnx/ir.ts';
import { inferShapes } from '../onnx/shapes.ts';
import { listWeights } from '../onnx/weights.ts';
import type { WeightLayer } from '../onnx/weights.ts';
import type { Target } from '../targets/types.ts';
import type { LayerKind, LayerWork, WorkGraph } from './cost-model.ts';

type Shapes = (value: string) => readonly number[] | undefined;

/** @param batch tells the sizes that the model leaves open; its rows count as one. */
export async function workOf(
  model: Model,
  target: Target,
  runner: GraphRunner | undefined,
  batch?: CalibrationBatch,
): Promise<WorkGraph> {
  const bound = bindInputs(model, batch);
  const table = await inferShapes(bound, runner, { believeDeclared: true });
  const facts = table.of(bound.graph);
  const shapes: Shapes = (value) => {
    const shape = facts.get(value)?.shape?.map((dim) => (typeof dim === 'number' && dim >= 0 ? dim : 1));
    return shape;
  };
  const draft = openDraft(bound);
  const layers = listWeights(bound, draft).filter(({ frozen }) => frozen === undefined);
  const index = new Map<Node, number>();
  layers.forEach(({ consumers }, i) => {
    for (const { node } of consumers) index.set(node, i);
  });
  const origins = layers.map(({ consumers, value }): Origin => {
    const found: Origin = { feeders: new Set(), joined: 0 };
    for (const { node, graph } of consumers) {
      if (graph !== '') found.feeders.add(-1);
      else trace(node, value, { main: draft.main, target, index, shapes }, found);
    }
    return found;
  });
  return {
    layers: layers.map((layer, i) => ({
      ...layerWork(layer, shapes),
      joined: origins[i].joined,
      rectified: layer.consumers.every(({ node }) => isRectified(node, draft.main)),
    })),
    feeds: origins.map(({ feeders }) => [...feeders]),
    rest: restElements(draft.main, index, shapes),
  };
}

/** Sizes of one sample; open ones are as the batch has them. */
function bindInputs(model: Model, batch: CalibrationBatch | undefined): Model {
  const inputs = model.graph.inputs.map((input) => {
    const fed = batch?.feeds.get(input.name);
    const { type } = input;
    if (type?.shape === undefined) return input;
    const shape = type.shape.map((dim, axis): Dimension => {
      if (typeof dim === 'number' && dim >= 0) return dim;
      return axis === 0 ? 1 : (fed?.dims[axis] ?? 1);
    });
    const { verbatim: _, shapeVerbatim: __, ...rest } = type;
    return { name: input.name, docString: input.docString, type: { ...rest, shape } };
  });
  return { ...model, graph: { ...model.graph, inputs } };
}

function layerWork({ id, consumers, tensor, elements, value, axis }: WeightLayer, shapes: Shapes): LayerWork {
  const [{ node }] = consumers;
  const outputs = sum(consumers.map((consumer) => sizeOf(consumer.node.outputs[0], shapes)));
  const inputs = sum(
    consumers.map((consumer) =>
      Math.max(
        0,
        ...consumer.node.inputs.filter((name) => name !== value).map((name) => sizeOf(name, shapes)),
      ),
    ),
  );
  const kind = kindOf(node, tensor.dims);
  const width = (shapes(node.outputs[0]) ?? []).at(-1) ?? 0;
  const rows = kind === 'depthwise' && width > 0 ? { rows: outputs / width } : {};
  const fanIn = axis === undefined ? tensor.dims[tensor.dims.length - 2] : elements / tensor.dims[axis];
  return {
    layer: id,
    kind,
    fanIn: kind === 'other' ? 0 : fanIn,
    outputs,
    inputs,
    weights: elements,
    ...rows,
  };
}

/** Whether integers clamp what the node gives: a Relu or Clip reads it and nothing else does. */
function isRectified(node: Node, main: GraphEditor): boolean {
  const uses = main.uses(node.outputs[0]);
  return uses.length > 0 && uses.every((use) => ABSORBED.has(use.node.opType));
}

function kindOf(node: Node, dims: readonly number[]): LayerKind {
  if (isOp(node, 'Conv')) {
    const group = intAttribute(node, 'group', 1);
    if (group === 1) return 'convolution';
    return dims[1] === 1 ? 'depthwise' : 'convolution';
  }
  return isOp(node, 'MatMul') || isOp(node, 'Gemm') ? 'product' : 'other';
}

function sizeOf(value: string, shapes: Shapes): number {
  return value === '' ? 0 : (shapes(value) ?? []).reduce((total, dim) => total * dim, 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Clipping that the integer operator before it does by itself. */
const ABSORBED: ReadonlySet<string> = new Set(['Relu', 'Clip']);

interface Origin {
  /** Layers; −1 where something else made a value. */
  readonly feeders: Set<number>;
  joined: number;
}

interface Place {
  readonly main: GraphEditor;
  readonly target: Target;
  readonly index: ReadonlyMap<Node, number>;
  readonly shapes: Shapes;
}

/** They compute new codes; what else works on codes only moves them. */
const JOINS: ReadonlySet<string> = new Set([
  'Add',
  'Mul',
  'Concat',
  'AveragePool',
  'GlobalAveragePool',
  'ReduceMean',
  'Softmax',
]);

/** Layers behind what a node reads, through operators that work on codes as well. */
function trace(node: Node, weight: string, { main, target, index, shapes }: Place, found: Origin): void {
  const seen = new Set<string>();
  const isValue = (name: string): boolean => name !== '' && main.constant(name) === undefined;
  const pending = node.inputs.filter((name) => name !== weight && isValue(name));
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    const producer = main.producer(value);
    const layer = producer === undefined ? undefined : index.get(producer);
    if (layer !== undefined) {
      found.feeders.add(layer);
      continue;
    }
    const reads = producer?.inputs.filter(isValue) ?? [];
    if (producer === undefined || reads.length === 0 || !carries(producer, target)) {
      found.feeders.add(-1);
      continue;
    }
    if (JOINS.has(producer.opType)) found.joined += sizeOf(reads[0], shapes);
    pending.push(...reads);
  }
}

function carries({ opType, domain }: Node, target: Target): boolean {
  return (domain === '' || domain === 'ai.onnx') && (ABSORBED.has(opType) || target.integerOps.has(opType));
}

/** Elements of what no layer writes; a Relu or Clip right behind a layer is part of it. */
function restElements(main: GraphEditor, index: ReadonlyMap<Node, number>, shapes: Shapes): number {
  return sum(
    main.nodes.map((node) => {
      if (index.has(node) || isOp(node, 'Constant')) return 0;
      const producer = main.producer(node.inputs[0] ?? '');
      if (ABSORBED.has(node.opType) && producer !== undefined && index.has(producer)) return 0;
      return node.outputs.some((output) => output !== '') ? sizeOf(node.outputs[0], shapes) : 0;
    }),
  );
}
