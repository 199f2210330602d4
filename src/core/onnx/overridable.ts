/**
 * Which initializers a user may replace when the model runs. An initializer whose name is also a graph input is a
 * default value; before IR 4 every initializer had to be listed that way, and some exporters still do so out of
 * habit. This file holds the one rule that tells the habit from the intention. It must not know passes.
 *
 * Rule: when every initializer that some node reads is listed, one of them sits where an operator keeps its weights,
 * and an input without a default remains, listing is a formality and nothing is overridable. Otherwise every listed
 * initializer is overridable and must be left alone.
 * Source: onnx/docs/IR.md, "Graphs" (initializers and inputs of the same name) and the IR 4 release note.
 */
import type { Graph, Node } from './ir.ts';

/** First input that holds trained values, by operator of the ONNX domain. */
const WEIGHT_SLOT: Readonly<Record<string, number>> = {
  Conv: 1,
  ConvTranspose: 1,
  ConvInteger: 1,
  QLinearConv: 3,
  DeformConv: 1,
  Gemm: 1,
  MatMul: 0,
  MatMulInteger: 0,
  QLinearMatMul: 3,
  LSTM: 1,
  GRU: 1,
  RNN: 1,
  BatchNormalization: 1,
  InstanceNormalization: 1,
  LayerNormalization: 1,
  GroupNormalization: 1,
  RMSNormalization: 1,
  PRelu: 1,
  Gather: 0,
  Einsum: 0,
};

/**
 * Names of the initializers of `graph` that callers may override by feeding the input of that name.
 * Empty when no initializer is listed, or when listing them is only an exporter's habit.
 */
export function overridableInitializers(graph: Graph): ReadonlySet<string> {
  const inputs = new Set(graph.inputs.map((input) => input.name));
  const names = initializerNames(graph);
  const listed = names.filter((name) => inputs.has(name));
  if (listed.length === 0) return new Set();
  return listingIsHabit(graph, names, inputs) ? new Set() : new Set(listed);
}

/** One sentence for a report's *skipped* column. */
export function overridableReason(name: string): string {
  return `weight \`${name}\` is also a graph input`;
}

function initializerNames(graph: Graph): string[] {
  return [
    ...graph.initializers.map((tensor) => tensor.name),
    ...graph.sparseInitializers.map((sparse) => sparse.values.name),
  ];
}

function listingIsHabit(graph: Graph, names: readonly string[], inputs: ReadonlySet<string>): boolean {
  const known = new Set(names);
  if (![...inputs].some((input) => !known.has(input))) return false;
  const reads = new Set<string>();
  const weights = new Set<string>();
  collectReads(graph, reads, weights);
  return (
    names.every((name) => inputs.has(name) || !reads.has(name)) && names.some((name) => weights.has(name))
  );
}

/** Iterative, so that deep nesting in a hostile file cannot exhaust the stack. Shadowed names err on the safe side. */
function collectReads(root: Graph, reads: Set<string>, weights: Set<string>): void {
  const pending: Graph[] = [root];
  for (let graph = pending.pop(); graph !== undefined; graph = pending.pop()) {
    for (const node of graph.nodes) {
      const slot = node.domain === '' || node.domain === 'ai.onnx' ? WEIGHT_SLOT[node.opType] : undefined;
      node.inputs.forEach((name, index) => {
        reads.add(name);
        if (slot !== undefined && index >= slot) weights.add(name);
      });
      pending.push(...subgraphs(node));
    }
  }
}

function subgraphs(node: Node): Graph[] {
  const found: Graph[] = [];
  for (const attribute of node.attributes) {
    if (attribute.kind === 'graph') found.push(attribute.value);
    else if (attribute.kind === 'graphs') found.push(...attribute.value);
  }
  return found;
}
