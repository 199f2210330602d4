/**
 * Which computed constants to store: a count of bytes. Storing a value adds its bytes; nodes and initializers that
 * nothing else needs go. Values that lean on the same nodes or initializers are decided together. It must not run
 * or change anything.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { HostTensor } from '../../onnx/graph-runner.ts';
import type { Node, Tensor } from '../../onnx/ir.ts';
import { rawTensor } from '../../onnx/build.ts';

import { signature, valueKey } from './fold-keys.ts';
import { isUsed, nodeBytes, ownerOf, tensorFileBytes } from './work.ts';

/** Foldable nodes of one graph, in topological order. */
export interface Candidate {
  readonly graph: GraphEditor;
  readonly nodes: readonly Node[];
}

/** A value to store. */
export interface Stored {
  readonly graph: GraphEditor;
  readonly name: string;
  readonly tensor: Tensor;
}

/** A group may grow the file by this much: fewer nodes are worth a name and a few dims. */
const TOLERATED_GROWTH_BYTES = 64;

interface Item extends Stored {
  readonly node: Node;
  /** What goes when this is stored: nodes and initializers behind it, as keys. */
  readonly needs: ReadonlySet<string>;
}

/** The values to store, such that no group of them makes the file larger. */
export function chooseFrontier(
  candidates: readonly Candidate[],
  values: ReadonlyMap<string, HostTensor>,
): readonly Stored[] {
  const excluded = new Set<string>();
  for (;;) {
    const items = candidates.flatMap((candidate) => frontier(candidate, values, excluded));
    const worst = worstOfLosingGroups(items);
    if (worst.length === 0) return items;
    for (const item of worst) excluded.add(signature(item.graph, item.node));
  }
}

/** Values that are read by a node which stays, or given out. */
function frontier(
  candidate: Candidate,
  values: ReadonlyMap<string, HostTensor>,
  excluded: ReadonlySet<string>,
): Item[] {
  const { graph } = candidate;
  const folded = new Set<Node>();
  const made = new Set<string>();
  for (const node of candidate.nodes) {
    const ready = node.inputs.every(
      (name) => name === '' || made.has(name) || graph.constant(name) !== undefined,
    );
    const known = node.outputs.every(
      (output) => !isUsed(graph, output) || values.has(valueKey(graph, output)),
    );
    const given = node.outputs.some((output) => output !== '' && graph.isGraphOutput(output));
    if (!ready || !known || given || excluded.has(signature(graph, node))) continue;
    folded.add(node);
    for (const output of node.outputs) made.add(output);
  }
  const items: Item[] = [];
  for (const node of folded) {
    for (const name of node.outputs) {
      const outside = graph.uses(name).some((use) => !folded.has(use.node));
      const value = values.get(valueKey(graph, name));
      if (name === '' || !outside || value === undefined) continue;
      const tensor = rawTensor(name, value.dataType, value.dims, value.bytes);
      items.push({ graph, name, tensor, node, needs: behind(node, graph, folded) });
    }
  }
  return items;
}

/** Keys of the nodes and initializers that lead to `node`. */
function behind(node: Node, graph: GraphEditor, folded: ReadonlySet<Node>): Set<string> {
  const keys = new Set<string>();
  const pending = [node];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const key = `n:${signature(graph, at)}`;
    if (keys.has(key)) continue;
    keys.add(key);
    for (const name of at.inputs) {
      const producer = graph.producer(name);
      if (producer !== undefined && folded.has(producer)) pending.push(producer);
      else {
        const owner = ownerOf(graph, name);
        if (owner !== undefined) keys.add(`i:${valueKey(owner, name)}`);
      }
    }
  }
  return keys;
}

/** From each group that would grow the file: its largest value. */
function worstOfLosingGroups(items: readonly Item[]): Item[] {
  const worst: Item[] = [];
  for (const group of groupsOf(items)) {
    if (growth(group) <= TOLERATED_GROWTH_BYTES) continue;
    const largest = group.reduce((a, b) => (tensorFileBytes(b.tensor) > tensorFileBytes(a.tensor) ? b : a));
    worst.push(largest);
  }
  return worst;
}

/** Items that share a need, transitively. */
function groupsOf(items: readonly Item[]): Item[][] {
  const parent = items.map((_, i) => i);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) at = parent[at] ?? at;
    return at;
  };
  const owner = new Map<string, number>();
  items.forEach((item, i) => {
    for (const need of item.needs) {
      const known = owner.get(need);
      if (known === undefined) owner.set(need, i);
      else parent[root(i)] = root(known);
    }
  });
  const groups = new Map<number, Item[]>();
  items.forEach((item, i) => groups.set(root(i), [...(groups.get(root(i)) ?? []), item]));
  return [...groups.values()];
}

/** Bytes added minus bytes that go. Equal results are stored once: initializers are shared afterwards. */
function growth(group: readonly Item[]): number {
  const contents = new Map<string, number>();
  const gone = new Set<Node>();
  const constants = new Map<string, { graph: GraphEditor; name: string }>();
  for (const item of group) {
    contents.set(contentKey(item.tensor), tensorFileBytes(item.tensor));
    const pending = [item.node];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (gone.has(at)) continue;
      gone.add(at);
      for (const name of at.inputs) {
        const producer = item.graph.producer(name);
        if (producer !== undefined && item.needs.has(`n:${signature(item.graph, producer)}`))
          pending.push(producer);
        const owner = ownerOf(item.graph, name);
        if (owner !== undefined) constants.set(valueKey(owner, name), { graph: owner, name });
      }
    }
  }
  let saved = 0;
  for (const node of gone) saved += nodeBytes(node);
  for (const { graph, name } of constants.values()) {
    const dies =
      !graph.isGraphInput(name) &&
      !graph.isGraphOutput(name) &&
      graph.uses(name).every((use) => gone.has(use.node));
    const tensor = graph.initializers.get(name);
    if (dies && tensor !== undefined) saved += tensorFileBytes(tensor);
  }
  let added = 0;
  for (const bytes of contents.values()) added += bytes;
  return added - saved;
}

/** Type, dims and a digest of the bytes. Two equal digests of equal length are taken for equal: it only estimates. */
function contentKey(tensor: Tensor): string {
  const { data } = tensor;
  const bytes =
    data.kind === 'raw' ? data.bytes.source.read(data.bytes.start, data.bytes.length) : new Uint8Array(0);
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${tensor.dataType}[${tensor.dims.join(',')}]${hash >>> 0}`;
}
