/**
 * What every rewrite of the simplify pass works with: one open draft, what is known of its values, and the ledger of
 * what was done and what was left alone. It must not know any particular rewrite.
 */
import { openDraft, type GraphEditor, type ModelDraft, type NodeInit } from '../../onnx/draft.ts';
import type { Graph, Model, Node, Tensor } from '../../onnx/ir.ts';
import type { Fact } from '../../onnx/shapes/fact.ts';
import { factOfTensor, inferByRule } from '../../onnx/shapes/infer.ts';
import { subgraphsOf } from '../../onnx/shapes/order.ts';
import { denseBytes, floatValues, isFloatType } from '../../onnx/shapes/values.ts';
import { hasValues, packedSpan } from '../../onnx/tensor-data.ts';
import { messageLength } from '../../onnx/write.ts';
import { byteLengthOf, elementCount } from '../../tensor/dtype.ts';

/** Counts and refusals of a whole run; outlives the drafts of its rounds. */
export interface Ledger {
  readonly counts: Map<string, number>;
  /** Layer → reason. Refusals of the last round stand: a later round may succeed where an earlier one could not. */
  readonly skipped: Map<string, string>;
  /** Weight → what was folded into it. */
  readonly folded: Map<string, Set<string>>;
}

export interface Work {
  readonly draft: ModelDraft;
  readonly opset: number;
  readonly ledger: Ledger;
  /** What is known of a value, as seen from `graph`. */
  fact(graph: GraphEditor, value: string): Fact | undefined;
}

/** A rewrite of one node: true when it changed the graph. */
export type Rewrite = (node: Node, graph: GraphEditor, work: Work) => boolean;

const isOnnx = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

/** Operator of the ONNX domain, or undefined for others. */
export function onnxOp(node: Node | undefined): string | undefined {
  return node !== undefined && isOnnx(node.domain) ? node.opType : undefined;
}

export function openWork(model: Model, ledger: Ledger): Work {
  const draft = openDraft(model);
  const table = inferByRule(model, { distinctSymbols: true });
  const facts = new Map<GraphEditor, ReadonlyMap<string, Fact>>();
  // Editors come in the same order as a walk of the untouched model; function bodies follow and have no facts.
  const graphs = preorder(model.graph);
  draft.graphs().forEach((editor, i) => {
    const graph = graphs[i];
    if (graph !== undefined) facts.set(editor, table.of(graph));
  });
  return {
    draft,
    ledger,
    opset: model.opsets.find((set) => isOnnx(set.domain))?.version ?? 0,
    fact: (graph, value) => {
      for (let at: GraphEditor | undefined = graph; at !== undefined; at = at.parent) {
        const known = facts.get(at)?.get(value);
        if (known !== undefined) return known;
        const own = at.initializers.get(value);
        if (own !== undefined) return at.constant(value) === undefined ? undefined : factOfTensor(own);
      }
      return undefined;
    },
  };
}

function preorder(graph: Graph): Graph[] {
  return [graph, ...graph.nodes.flatMap((node) => subgraphsOf(node).flatMap(preorder))];
}

export function count(work: Work, what: string, by = 1): void {
  work.ledger.counts.set(what, (work.ledger.counts.get(what) ?? 0) + by);
}

export function nodeLabel(node: Node): string {
  return node.name === '' ? (node.outputs[0] ?? node.opType) : node.name;
}

/** Notes why a candidate was left alone; always false, for `return skip(…)`. */
export function skip(work: Work, node: Node, reason: string): false {
  work.ledger.skipped.set(nodeLabel(node), reason);
  return false;
}

/** Exactly one node reads `value`, in this very graph, and nothing gives it out. */
export function readOnce(graph: GraphEditor, value: string): boolean {
  const uses = graph.uses(value);
  return uses.length === 1 && uses[0]?.scope === graph && !graph.isGraphOutput(value);
}

/** The only reader of `value`, under the conditions of `readOnce`. */
export function onlyReader(graph: GraphEditor, value: string): { node: Node; input: number } | undefined {
  return readOnce(graph, value) ? graph.uses(value)[0] : undefined;
}

export function isUsed(graph: GraphEditor, value: string): boolean {
  return value !== '' && (graph.isGraphOutput(value) || graph.uses(value).length > 0);
}

/** The graph in which `value` is an initializer, from `graph` outwards. */
export function ownerOf(graph: GraphEditor, value: string): GraphEditor | undefined {
  for (let at: GraphEditor | undefined = graph; at !== undefined; at = at.parent) {
    if (at.initializers.has(value)) return at;
    if (at.producer(value) !== undefined || at.isGraphInput(value)) return undefined;
  }
  return undefined;
}

/**
 * Makes readers of `output` read `source`, which holds the same, and removes the node. When `output` is what the graph
 * gives out, the producer of `source` takes over its name instead.
 */
export function bypass(graph: GraphEditor, node: Node, output: string, source: string): boolean {
  const others = node.outputs.some((name) => name !== output && isUsed(graph, name));
  if (!graph.isGraphOutput(output)) {
    graph.replaceUses(output, source);
    const current = graph.current(node);
    if (!others && current !== undefined) graph.removeNode(current);
    return true;
  }
  const producer = graph.producer(source);
  const own = graph.outputs.some((info) => info.name === output);
  if (others || !own || producer === undefined || producer === node || graph.isGraphOutput(source))
    return false;
  graph.removeNode(node);
  graph.replaceUses(source, output);
  const writer = graph.current(producer);
  if (writer === undefined) return false;
  graph.replaceNode(writer, {
    ...writer,
    outputs: writer.outputs.map((name) => (name === source ? output : name)),
  });
  return true;
}

/** A changed copy of a node. */
export function withChange(node: Node, change: Partial<Node>): NodeInit {
  const { verbatim: _, ...rest } = node;
  return { ...rest, ...change };
}

/** Bytes that a node takes in the file, about: its message with tag and length. */
export function nodeBytes(node: Node): number {
  return messageLength({ node }) + 4;
}

export function tensorFileBytes(tensor: Tensor): number {
  return messageLength({ tensor }) + 6;
}

export interface FloatConstant {
  readonly name: string;
  readonly tensor: Tensor;
  readonly type: 'float32' | 'float64' | 'float16';
  readonly dims: readonly number[];
  readonly size: number;
  /** Decoded when first asked for: most rewrites look at dims and turn away. */
  readonly values: Float64Array;
}

/** The float constant behind a value, when its contents are at hand; undefined for anything else. */
export function floatConstant(graph: GraphEditor, value: string): FloatConstant | undefined {
  if (value === '') return undefined;
  const tensor = graph.constant(value);
  if (tensor === undefined || !isFloatType(tensor.dataType) || !isReadable(tensor)) return undefined;
  const size = elementCount(tensor.dims);
  let decoded: Float64Array | undefined;
  return {
    name: value,
    tensor,
    type: tensor.dataType,
    dims: tensor.dims,
    size,
    get values() {
      decoded ??= floatValues(tensor) ?? new Float64Array(size).fill(NaN);
      return decoded;
    },
  };
}

/** Contents that can be had and fit the dims; packed ones are not read for that. */
export function isReadable(tensor: Tensor): boolean {
  if (tensor.data.kind === 'typed') return denseBytes(tensor) !== undefined;
  return (
    hasValues(tensor) &&
    packedSpan(tensor)?.length === byteLengthOf(tensor.dataType, elementCount(tensor.dims))
  );
}

/** Same type, dims and bytes. */
export function sameTensor(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  if (
    a.dataType !== b.dataType ||
    a.dims.length !== b.dims.length ||
    a.dims.some((dim, i) => dim !== b.dims[i])
  ) {
    return false;
  }
  const [left, right] = [denseBytes(a), denseBytes(b)];
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/**
 * Name of an initializer of `graph` with the content that `make` gives: one that is there already, else a new one.
 * For small tensors only: it compares with every initializer.
 */
export function keepConstant(graph: GraphEditor, hint: string, make: (name: string) => Tensor): string {
  const wanted = make('');
  for (const [name, tensor] of graph.initializers) {
    if (
      tensor.dataType === wanted.dataType &&
      graph.constant(name) !== undefined &&
      sameTensor(tensor, wanted)
    ) {
      return name;
    }
  }
  const name = graph.freshName(hint);
  graph.setInitializer(make(name));
  return name;
}
