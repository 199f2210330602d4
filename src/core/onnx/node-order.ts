/** Topological order of a graph's nodes, and what a node reads, captures of nested graphs included. It must not change anything. */
import { PareError } from '../errors.ts';
import type { Graph, Node } from './ir.ts';
import { subgraphsOf } from './walk.ts';

/** Names a node reads from its own graph or from graphs around it: inputs, and what its subgraphs capture. */
export function namesRead(node: Node): ReadonlySet<string> {
  const names = new Set<string>();
  for (const name of node.inputs) if (name !== '') names.add(name);
  for (const { graph } of subgraphsOf(node)) for (const name of captured(graph)) names.add(name);
  return names;
}

/** Names that a graph and its nested graphs take from around it. Nesting ends at the reader's depth cap. */
export function captured(graph: Graph): ReadonlySet<string> {
  const defined = new Set<string>();
  for (const v of graph.inputs) defined.add(v.name);
  for (const t of graph.initializers) defined.add(t.name);
  for (const s of graph.sparseInitializers) defined.add(s.values.name);
  for (const n of graph.nodes) for (const name of n.outputs) defined.add(name);
  const free = new Set<string>();
  for (const n of graph.nodes) for (const name of namesRead(n)) if (!defined.has(name)) free.add(name);
  for (const o of graph.outputs) if (!defined.has(o.name)) free.add(o.name);
  return free;
}

/**
 * Nodes so that each stands behind what it reads; those already in order keep their places among each other.
 * @throws PareError `invalid-graph` when nodes wait for each other in a circle.
 */
export function stableOrder(nodes: readonly Node[], path: string): readonly Node[] {
  const producer = new Map<string, number>();
  nodes.forEach((n, i) => n.outputs.forEach((name) => name !== '' && producer.set(name, i)));
  const needs = nodes.map((n) => {
    const wanted = new Set<number>();
    for (const name of namesRead(n)) {
      const i = producer.get(name);
      if (i !== undefined) wanted.add(i);
    }
    return [...wanted].sort((a, b) => a - b);
  });
  const order: Node[] = [];
  /** 0 = not seen, 1 = waiting for what it reads, 2 = placed. */
  const state = new Uint8Array(nodes.length);
  for (let root = 0; root < nodes.length; root++) {
    if (state[root] === 2) continue;
    const stack = [{ index: root, next: 0 }];
    state[root] = 1;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      if (top.next === needs[top.index].length) {
        state[top.index] = 2;
        order.push(nodes[top.index]);
        stack.pop();
        continue;
      }
      const need = needs[top.index][top.next++];
      if (state[need] === 1) throw circle(nodes[need], path);
      if (state[need] === 0) {
        state[need] = 1;
        stack.push({ index: need, next: 0 });
      }
    }
  }
  return order;
}

function circle(node: Node, path: string): PareError {
  const label = node.name === '' ? `${node.opType} (${node.outputs.join(', ')})` : node.name;
  const where = path === '' ? '' : ` of graph ${path}`;
  return new PareError(
    'invalid-graph',
    `Node "${label}"${where} needs its own result: the graph has a circle.`,
    {
      at: `node ${label}`,
      hint: 'Such a model can never run. Export it again.',
    },
  );
}
