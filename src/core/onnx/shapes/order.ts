/** Topological order of nodes. It must not know what they compute. */
import type { Graph, Node } from '../ir.ts';

/** Graphs in a node's attributes, in order. */
export function subgraphsOf(node: Node): Graph[] {
  return node.attributes.flatMap((attribute) => {
    if (attribute.kind === 'graph') return [attribute.value];
    return attribute.kind === 'graphs' ? [...attribute.value] : [];
  });
}

/** Every value a node needs from the graph it stands in: its inputs and what its subgraphs capture. */
export function readsOf(node: Node): ReadonlySet<string> {
  const reads = new Set(node.inputs);
  const pending = subgraphsOf(node);
  for (let graph = pending.pop(); graph !== undefined; graph = pending.pop()) {
    for (const output of graph.outputs) reads.add(output.name);
    for (const inner of graph.nodes) {
      for (const input of inner.inputs) reads.add(input);
      pending.push(...subgraphsOf(inner));
    }
  }
  reads.delete('');
  return reads;
}

/**
 * Nodes so that producers stand before readers, stable for what is already in order. Nodes on a cycle come last, in
 * their old order. Iterative: a hostile graph cannot exhaust the stack.
 */
export function topologicalOrder(nodes: readonly Node[]): readonly Node[] {
  const producer = new Map<string, number>();
  nodes.forEach((node, i) => node.outputs.forEach((output) => output !== '' && producer.set(output, i)));
  const needs = nodes.map((node, i) => {
    const from = new Set<number>();
    for (const read of readsOf(node)) {
      const at = producer.get(read);
      if (at !== undefined && at !== i) from.add(at);
    }
    return from;
  });
  if (needs.every((from, i) => [...from].every((at) => at < i))) return nodes;
  const done = new Set<number>();
  const onPath = new Set<number>();
  const order: number[] = [];
  nodes.forEach((_, root) => {
    const stack = [root];
    while (stack.length > 0) {
      const top = stack.at(-1) ?? 0;
      onPath.add(top);
      const next = [...(needs[top] ?? [])].find((at) => !done.has(at) && !onPath.has(at));
      if (next !== undefined && !done.has(top)) {
        stack.push(next);
        continue;
      }
      stack.pop();
      onPath.delete(top);
      if (!done.has(top)) {
        done.add(top);
        order.push(top);
      }
    }
  });
  return order.flatMap((i) => nodes[i] ?? []);
}
