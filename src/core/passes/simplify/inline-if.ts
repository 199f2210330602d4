/**
 * An If whose condition is constant is replaced by the branch that it takes. Inner values get names that no other
 * value has. It must not decide conditions: they are constants, or known from shapes.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../../onnx/ir.ts';
import { attribute } from '../../onnx/attributes.ts';
import { integerValues } from '../../onnx/shapes/values.ts';
import { count, onnxOp, skip, withChange, type Work } from './work.ts';

type Names = ReadonlyMap<string, string>;

/**
 * Inlines the decided Ifs of `graph`; the draft must be fresh (no edits inside the branches yet). Nested ones follow in
 * the next round.
 */
export function inlineIfs(graph: GraphEditor, work: Work): boolean {
  if (graph.kind === 'function') return false;
  let changed = false;
  for (const node of graph.nodes) {
    if (onnxOp(node) !== 'If') continue;
    const taken = conditionOf(node, graph, work);
    if (taken === undefined) continue;
    const branch = attribute(node, taken ? 'then_branch' : 'else_branch');
    if (branch?.kind !== 'graph') continue;
    if (branch.value.sparseInitializers.length > 0) {
      skip(work, node, 'the branch it takes holds sparse initializers');
      continue;
    }
    inline(node, branch.value, graph);
    count(work, 'branches inlined');
    changed = true;
  }
  return changed;
}

function conditionOf(node: Node, graph: GraphEditor, work: Work): boolean | undefined {
  const name = node.inputs[0] ?? '';
  const tensor = graph.constant(name);
  const known = tensor === undefined ? work.fact(graph, name)?.values?.[0] : integerValues(tensor, 1)?.[0];
  return typeof known === 'number' || typeof known === 'bigint' ? Number(known) !== 0 : undefined;
}

function inline(node: Node, branch: Graph, graph: GraphEditor): void {
  const names = new Map<string, string>();
  const fresh = (name: string): void => {
    if (name !== '' && !names.has(name)) names.set(name, graph.freshName(name));
  };
  for (const tensor of branch.initializers) fresh(tensor.name);
  const outputs = new Map<string, string>();
  branch.outputs.forEach((info, i) => {
    const outer = node.outputs[i] ?? '';
    if (outer !== '' && !outputs.has(info.name)) outputs.set(info.name, outer);
  });
  const produced = new Set(branch.nodes.flatMap((inner) => inner.outputs));
  // What the branch computes and gives out takes the name that the If gave out.
  for (const [inner, outer] of outputs) if (produced.has(inner)) names.set(inner, outer);
  for (const inner of branch.nodes) inner.outputs.forEach(fresh);
  const copies = branch.nodes.map((inner) => renameNode(inner, names));
  const given = branch.outputs.map((info) => names.get(info.name) ?? info.name);
  graph.removeNode(node);
  for (const tensor of branch.initializers) {
    const { verbatim: _, ...rest } = tensor;
    graph.setInitializer({ ...rest, name: names.get(tensor.name) ?? tensor.name });
  }
  // At the end of the list; the pass restores topological order before it finishes a round.
  const taken = new Set(graph.nodes.map((other) => other.name));
  for (const copy of copies) {
    // Runtimes refuse two nodes of one name in a graph.
    graph.addNode(withChange(copy, taken.has(copy.name) ? { name: '' } : {}));
    taken.add(copy.name);
  }
  // Captured values, initializers, and a value given out twice need a node that passes them on.
  given.forEach((inner, i) => {
    const outer = node.outputs[i] ?? '';
    if (outer !== '' && inner !== outer)
      graph.addNode({ opType: 'Identity', inputs: [inner], outputs: [outer] });
  });
}

const renamed = (name: string, names: Names): string => names.get(name) ?? name;

function renameNode(node: Node, names: Names): Node {
  const { verbatim: _, ...rest } = node;
  return {
    ...rest,
    inputs: node.inputs.map((name) => renamed(name, names)),
    outputs: node.outputs.map((name) => renamed(name, names)),
    attributes: node.attributes.map((attr) => renameAttribute(attr, names)),
  };
}

function renameAttribute(attr: Attribute, names: Names): Attribute {
  if (attr.kind === 'graph') {
    const { verbatim: _, ...rest } = attr;
    return { ...rest, value: renameCaptures(attr.value, names) };
  }
  if (attr.kind === 'graphs') {
    const { verbatim: _, ...rest } = attr;
    return { ...rest, value: attr.value.map((graph) => renameCaptures(graph, names)) };
  }
  return attr;
}

/** Inside a nested graph only captured names change; names that it defines itself hide them. */
function renameCaptures(graph: Graph, names: Names): Graph {
  const own = new Set([
    ...graph.inputs.map((info) => info.name),
    ...graph.initializers.map((tensor) => tensor.name),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const visible = new Map([...names].filter(([name]) => !own.has(name)));
  const { verbatim: _, ...rest } = graph;
  return {
    ...rest,
    nodes: graph.nodes.map((node) => renameNode(node, visible)),
    outputs: graph.outputs.map((info): ValueInfo => {
      const name = renamed(info.name, visible);
      if (name === info.name) return info;
      const { verbatim: __, ...plain } = info;
      return { ...plain, name };
    }),
  };
}
