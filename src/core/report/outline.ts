/**
 * The main graph as a drawing needs it: operators that depend on an input, what flows between them, and which weight
 * layers they read. Constants and everything that only prepares them (chains that decode weights) are left out: a
 * runtime folds them when it loads the model. It must not know how a graph is laid out or drawn.
 */
import { functionPath } from '../onnx/graph-names.ts';
import type { Graph, Model, Node, Tensor } from '../onnx/ir.ts';
import { overridableInitializers } from '../onnx/overridable.ts';
import { normalDomain } from '../onnx/shapes/infer.ts';
import { readsOf, subgraphsOf, topologicalOrder } from '../onnx/shapes/order.ts';
import { listWeights } from '../onnx/weights.ts';
import type { WeightLayer } from '../onnx/weights.ts';

interface OutlineNode {
  /** Place in the list. Every edge leads to a larger id, unless the graph has a cycle. */
  readonly id: number;
  readonly name: string;
  readonly opType: string;
  /** Ids of the weight layers that it reads, also inside its subgraphs and functions. */
  readonly layers: readonly string[];
  /** In bytes, of those weights as they are stored now. */
  readonly weightBytes: number;
}

interface OutlineEdge {
  /** −1 = an input of the graph. */
  readonly from: number;
  /** −1 = an output of the graph. */
  readonly to: number;
  readonly value: string;
}

export interface GraphOutline {
  readonly nodes: readonly OutlineNode[];
  readonly edges: readonly OutlineEdge[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

const OUTSIDE = -1;
/** Without inputs, and yet another output at each run. */
const RANDOM_SOURCES: ReadonlySet<string> = new Set(['RandomNormal', 'RandomUniform']);
/** A constant computed from more weights than this is no weight any more; it bounds the work on hostile chains. */
const MOST_BEHIND_A_CONSTANT = 16;

/** Linear in nodes and reads. The drawing of a variant is best made from its logical model (weights not lowered). */
export function outlineOf(model: Model): GraphOutline {
  const { graph } = model;
  const inputs = runtimeInputs(graph);
  const ordered = topologicalOrder(graph.nodes);
  const reads = ordered.map(readsOf);
  const shown = shownNodes(ordered, reads, inputs);
  const layersOf = layerFinder(model, ordered, reads, shown);
  const nodes: OutlineNode[] = [];
  const visible: { readonly node: Node; readonly reads: ReadonlySet<string> }[] = [];
  ordered.forEach((node, i) => {
    if (!shown.has(node)) return;
    const layers = layersOf(node, reads[i]);
    nodes.push({
      id: nodes.length,
      name: node.name,
      opType: opTypeOf(node),
      layers: [...layers.keys()],
      weightBytes: [...layers.values()].reduce((sum, bytes) => sum + bytes, 0),
    });
    visible.push({ node, reads: reads[i] });
  });
  const outputs = graph.outputs.map(({ name }) => name);
  return { nodes, edges: edgesOf(visible, inputs, outputs), inputs, outputs };
}

function runtimeInputs(graph: Graph): readonly string[] {
  const initializers = new Set(graph.initializers.map(({ name }) => name));
  for (const { values } of graph.sparseInitializers) initializers.add(values.name);
  const overridable = overridableInitializers(graph);
  return graph.inputs
    .map(({ name }) => name)
    .filter((name) => !initializers.has(name) || overridable.has(name));
}

function opTypeOf({ opType, domain }: Node): string {
  const known = normalDomain(domain);
  return known === '' ? opType : `${known}.${opType}`;
}

/** Nodes that an input reaches, or that draw lots: the others give the same at every run. */
function shownNodes(
  ordered: readonly Node[],
  reads: readonly ReadonlySet<string>[],
  inputs: readonly string[],
): ReadonlySet<Node> {
  const alive = new Set(inputs);
  const shown = new Set<Node>();
  ordered.forEach((node, i) => {
    const moves = RANDOM_SOURCES.has(node.opType) || [...reads[i]].some((name) => alive.has(name));
    if (!moves) return;
    shown.add(node);
    for (const output of node.outputs) if (output !== '') alive.add(output);
  });
  return shown;
}

function edgesOf(
  visible: readonly { readonly node: Node; readonly reads: ReadonlySet<string> }[],
  inputs: readonly string[],
  outputs: readonly string[],
): OutlineEdge[] {
  const producer = new Map<string, number>(inputs.map((name) => [name, OUTSIDE]));
  visible.forEach(({ node }, id) => {
    for (const output of node.outputs) if (output !== '') producer.set(output, id);
  });
  const edges: OutlineEdge[] = [];
  visible.forEach(({ reads }, to) => {
    for (const value of reads) {
      const from = producer.get(value);
      if (from !== undefined && from !== to) edges.push({ from, to, value });
    }
  });
  for (const value of outputs) {
    const from = producer.get(value);
    if (from !== undefined) edges.push({ from, to: OUTSIDE, value });
  }
  return edges;
}

type LayerBytes = ReadonlyMap<string, number>;

/**
 * Gives the layers of a shown node: those behind what it reads (directly or through hidden nodes), those of its
 * subgraphs and those of the local functions that it calls.
 */
function layerFinder(
  model: Model,
  ordered: readonly Node[],
  reads: readonly ReadonlySet<string>[],
  shown: ReadonlySet<Node>,
): (node: Node, reads: ReadonlySet<string>) => LayerBytes {
  const weights = listWeights(model);
  const behind = layersBehindValues(weights, ordered, reads, shown);
  const inside = layersInside(weights);
  const calls = model.functions.length > 0;
  return (node, read) => {
    const found = new Map<string, number>();
    const add = (layers: readonly WeightLayer[] | undefined): void => {
      for (const layer of layers ?? []) found.set(layer.id, storedBytes(layer));
    };
    for (const value of read) add(behind.get(value));
    for (const inner of withNested(node)) {
      if (inner !== node) add(inside.byNode.get(inner));
      if (calls) add(inside.byFunction.get(functionPath({ ...inner, name: inner.opType })));
    }
    return found;
  };
}

/** By value of the main graph: the weight itself, and what hidden nodes make of it. */
function layersBehindValues(
  weights: readonly WeightLayer[],
  ordered: readonly Node[],
  reads: readonly ReadonlySet<string>[],
  shown: ReadonlySet<Node>,
): ReadonlyMap<string, readonly WeightLayer[]> {
  const behind = new Map<string, readonly WeightLayer[]>();
  for (const layer of weights) if (layer.graph === '') behind.set(layer.value, [layer]);
  ordered.forEach((node, i) => {
    if (shown.has(node) || reads[i].size === 0) return;
    const all = new Set([...reads[i]].flatMap((value) => behind.get(value) ?? []));
    if (all.size === 0 || all.size > MOST_BEHIND_A_CONSTANT) return;
    for (const output of node.outputs) if (output !== '') behind.set(output, [...all]);
  });
  return behind;
}

/** Of nested graphs by the operator that reads them, of functions by their path. */
function layersInside(weights: readonly WeightLayer[]): {
  readonly byNode: ReadonlyMap<Node, readonly WeightLayer[]>;
  readonly byFunction: ReadonlyMap<string, readonly WeightLayer[]>;
} {
  const byNode = new Map<Node, WeightLayer[]>();
  const byFunction = new Map<string, WeightLayer[]>();
  const put = <K>(map: Map<K, WeightLayer[]>, key: K, layer: WeightLayer): void => {
    const known = map.get(key);
    if (known === undefined) map.set(key, [layer]);
    else known.push(layer);
  };
  for (const layer of weights) {
    for (const { graph, node } of layer.consumers) {
      if (graph.startsWith('fn:')) put(byFunction, graph.split('/', 1)[0], layer);
      else if (graph !== '') put(byNode, node, layer);
    }
  }
  return { byNode, byFunction };
}

/** The node and every node in its subgraphs. */
function withNested(node: Node): readonly Node[] {
  const all = [node];
  // The list grows while it is walked: a deep graph takes no stack.
  for (const each of all) for (const graph of subgraphsOf(each)) all.push(...graph.nodes);
  return all;
}

/** Of the values themselves: codes, scales, zero points and mask of a compressed weight, without the operators around them. */
function storedBytes({ tensor, weightBytes, elements }: WeightLayer): number {
  return tensor.data.kind === 'encoded' ? encodedBytes(tensor, elements) : weightBytes;
}

function encodedBytes({ data }: Tensor, elements: number): number {
  if (data.kind !== 'encoded') return 0;
  const { precision, kept, masked, scales, scaleType, zeroPoints } = data.encoding;
  const codes = Math.ceil(((masked ? kept : elements) * bitsOf(precision)) / 8);
  const mask = masked ? Math.ceil(elements / 8) : 0;
  const scaleBytes = (scales?.length ?? 0) * (scaleType === 'float16' ? 2 : 4);
  return codes + mask + scaleBytes + (zeroPoints?.length ?? 0);
}

/** 'int4' → 4, 'fp16' → 16, 'palette64' → 6. */
function bitsOf(precision: string): number {
  const [, kind, number] = /^(\D*)(\d+)$/.exec(precision) ?? [];
  const n = number === undefined ? 32 : Number(number);
  return kind === 'palette' ? Math.ceil(Math.log2(n)) : n;
}
