/**
 * Housekeeping of every graph: Constant nodes become initializers, equal initializers and equal nodes become one, what
 * nobody reads goes. It must not change any value.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Attribute, Node, Tensor } from '../../onnx/ir.ts';
import { constantTensor } from '../../onnx/shapes/infer.ts';
import { readsOf, subgraphsOf } from '../../onnx/shapes/order.ts';
import { denseBytes } from '../../onnx/shapes/values.ts';
import { count, isUsed, onnxOp, sameTensor, tensorFileBytes, type Work } from './work.ts';

/** Draws that differ every time: two of them are never the same value. */
export const RANDOM_OPERATORS: ReadonlySet<string> = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
  // At inference it is removed anyway; in training mode two of them drop different elements.
  'Dropout',
]);

/** Moves the tensors of Constant nodes into the initializers. A graph output must keep a producer. */
export function constantsToInitializers(graph: GraphEditor, work: Work): boolean {
  if (graph.kind === 'function') return false;
  let changed = false;
  for (const node of graph.nodes) {
    const output = node.outputs[0] ?? '';
    if (onnxOp(node) !== 'Constant' || node.outputs.length !== 1 || graph.isGraphOutput(output)) continue;
    const tensor = constantTensor(node);
    if (tensor === undefined) continue;
    graph.removeNode(node);
    graph.setInitializer(tensor);
    count(work, 'constant nodes made initializers');
    changed = true;
  }
  return changed;
}

/** Removes nodes and initializers that nobody reads; what only they read goes with them. */
export function removeDead(graph: GraphEditor, work: Work): boolean {
  let changed = false;
  const pending = [...graph.nodes];
  for (let listed = pending.pop(); listed !== undefined; listed = pending.pop()) {
    const node = graph.current(listed);
    if (node === undefined || node.outputs.some((output) => isUsed(graph, output))) continue;
    graph.removeNode(node);
    for (const input of readsOf(node)) {
      const producer = graph.producer(input);
      if (producer !== undefined) pending.push(producer);
    }
    count(work, 'dead nodes removed');
    changed = true;
  }
  for (const name of [...graph.initializers.keys()]) {
    if (graph.isGraphInput(name) || isUsed(graph, name)) continue;
    graph.removeInitializer(name);
    count(work, 'unused initializers removed');
    changed = true;
  }
  return changed;
}

/** Type, dims and length first: contents are compared only where those agree. */
function bucket(tensor: Tensor): string {
  return `${tensor.dataType}[${tensor.dims.join(',')}]`;
}

interface Holding {
  readonly graph: GraphEditor;
  readonly name: string;
  readonly tensor: Tensor;
}

/** FNV-1a over the bytes, sampled beyond 64 kB: it only decides which pairs are compared in full. */
function contentHash(bytes: Uint8Array): number {
  const step = Math.max(1, Math.floor(bytes.length / 65536));
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i += step) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return hash >>> 0;
}

/**
 * Equal initializers become one. Across graphs the one in the nearest common enclosing graph serves; where there is
 * none, it is moved there. Local functions have no initializers.
 */
export function shareInitializers(work: Work): boolean {
  const groups = new Map<string, Holding[]>();
  for (const graph of work.draft.graphs()) {
    for (const [name, tensor] of graph.initializers) {
      if (graph.constant(name) === undefined || graph.isGraphOutput(name) || graph.isGraphInput(name))
        continue;
      const key = bucket(tensor);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [{ graph, name, tensor }]);
      else group.push({ graph, name, tensor });
    }
  }
  let changed = false;
  for (const group of groups.values()) {
    if (group.length > 1 && shareGroup(group, work)) changed = true;
  }
  return changed;
}

function shareGroup(group: readonly Holding[], work: Work): boolean {
  const byHash = new Map<number, Holding[]>();
  for (const holding of group) {
    const bytes = denseBytes(holding.tensor);
    if (bytes === undefined) continue;
    const hash = contentHash(bytes);
    byHash.set(hash, [...(byHash.get(hash) ?? []), holding]);
  }
  let changed = false;
  for (const holdings of byHash.values()) {
    const kept: Holding[] = [];
    for (const holding of holdings) {
      const at = kept.findIndex((other) => sameTensor(other.tensor, holding.tensor));
      const twin = kept[at];
      const home = twin === undefined ? undefined : commonGraph(twin.graph, holding.graph);
      if (twin === undefined || home === undefined || !worthSharing(twin, holding, home)) {
        kept.push(holding);
        continue;
      }
      kept[at] = share(twin, holding, home);
      count(work, 'duplicate initializers shared');
      changed = true;
    }
  }
  return changed;
}

/** Moving a tiny tensor outwards would only shuffle names. */
const MIN_MOVED_BYTES = 64;
function worthSharing(a: Holding, b: Holding, home: GraphEditor): boolean {
  return home === a.graph || home === b.graph || tensorFileBytes(a.tensor) >= MIN_MOVED_BYTES;
}

function commonGraph(a: GraphEditor, b: GraphEditor): GraphEditor | undefined {
  const above = new Set<GraphEditor>();
  for (let at: GraphEditor | undefined = a; at !== undefined; at = at.parent) above.add(at);
  for (let at: GraphEditor | undefined = b; at !== undefined; at = at.parent) if (above.has(at)) return at;
  return undefined;
}

/** Both holdings read one tensor in `home` afterwards. */
function share(a: Holding, b: Holding, home: GraphEditor): Holding {
  const [stays, goes] = home === b.graph && home !== a.graph ? [b, a] : [a, b];
  if (stays.graph === home) {
    goes.graph.replaceUses(goes.name, stays.name);
    goes.graph.removeInitializer(goes.name);
    return stays;
  }
  const name = home.freshName(stays.name);
  for (const holding of [stays, goes]) {
    holding.graph.replaceUses(holding.name, name);
    holding.graph.removeInitializer(holding.name);
  }
  const { verbatim: _, ...tensor } = stays.tensor;
  home.setInitializer({ ...tensor, name });
  return { ...stays, graph: home, name };
}

/** Nodes with the same operator, attributes and inputs give the same values: the first serves for all. */
export function mergeEqualNodes(graph: GraphEditor, work: Work): boolean {
  const seen = new Map<string, Node>();
  let changed = false;
  for (const listed of graph.nodes) {
    const node = graph.current(listed);
    const key = node === undefined ? undefined : nodeKey(node);
    if (node === undefined || key === undefined) continue;
    const known = seen.get(key);
    const twin = known === undefined ? undefined : graph.current(known);
    if (twin === undefined) {
      seen.set(key, node);
      continue;
    }
    if (
      !sameOutputs(twin, node) ||
      node.outputs.some((output) => output !== '' && graph.isGraphOutput(output))
    )
      continue;
    node.outputs.forEach((output, i) => output !== '' && graph.replaceUses(output, twin.outputs[i] ?? ''));
    const current = graph.current(node);
    if (current !== undefined) graph.removeNode(current);
    count(work, 'equal nodes merged');
    changed = true;
  }
  return changed;
}

const sameOutputs = (a: Node, b: Node): boolean =>
  a.outputs.length === b.outputs.length &&
  a.outputs.every((output, i) => (output === '') === (b.outputs[i] === ''));

/** Undefined for nodes that must not be merged: draws, nodes with graphs inside, Constant nodes with large contents. */
function nodeKey(node: Node): string | undefined {
  if (RANDOM_OPERATORS.has(node.opType) || subgraphsOf(node).length > 0 || onnxOp(node) === undefined)
    return undefined;
  const attributes = [...node.attributes].sort((a, b) => (a.name < b.name ? -1 : 1)).map(attributeKey);
  if (attributes.includes(undefined)) return undefined;
  return JSON.stringify([node.opType, node.inputs, node.outputs.length, attributes]);
}

function attributeKey(attr: Attribute): string | undefined {
  switch (attr.kind) {
    case 'int':
    case 'float':
      return `${attr.name}=${attr.kind}:${attr.value}`;
    case 'ints':
    case 'floats':
    case 'string':
      return `${attr.name}=${attr.kind}:${attr.value.join(',')}`;
    case 'tensor': {
      const bytes = attr.value.dims.length <= 1 ? denseBytes(attr.value) : undefined;
      if (bytes === undefined || bytes.length > 64) return undefined;
      return `${attr.name}=${bucket(attr.value)}:${bytes.join(',')}`;
    }
    default:
      return undefined;
  }
}
