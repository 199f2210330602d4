/** Visits every tensor and graph of a model, wherever a file may keep one. It must not change or read anything. */
import type { Attribute, Graph, LocalFunction, Model, Node, SparseTensor, Tensor } from './ir.ts';

/** A message that has tensors inside. */
export type Holder = Graph | LocalFunction | Node | Attribute | SparseTensor;

export interface TensorPlace {
  /** Outermost first: graph, node, attribute, inner graph … */
  readonly holders: readonly Holder[];
  /** An entry of a graph's initializers (not a part of a sparse one). */
  readonly isInitializer: boolean;
}

/** Calls `visit` for each tensor in file order: initializers, Constant nodes and other attributes, sparse parts, subgraphs, functions. */
export function forEachTensor(model: Model, visit: (tensor: Tensor, place: TensorPlace) => void): void {
  visitGraph(model.graph, [], visit);
  for (const f of model.functions) visitNodes(f.nodes, [f], visit);
}

type Visit = (tensor: Tensor, place: TensorPlace) => void;

function visitGraph(graph: Graph, above: readonly Holder[], visit: Visit): void {
  const holders = [...above, graph];
  visitNodes(graph.nodes, holders, visit);
  for (const t of graph.initializers) visit(t, { holders, isInitializer: true });
  for (const s of graph.sparseInitializers) visitSparse(s, holders, visit);
}

function visitSparse(s: SparseTensor, above: readonly Holder[], visit: Visit): void {
  const place = { holders: [...above, s], isInitializer: false };
  visit(s.values, place);
  visit(s.indices, place);
}

function visitNodes(nodes: readonly Node[], above: readonly Holder[], visit: Visit): void {
  for (const node of nodes) {
    for (const a of node.attributes) {
      switch (a.kind) {
        case 'tensor':
          visit(a.value, { holders: [...above, node, a], isInitializer: false });
          break;
        case 'tensors':
          for (const t of a.value) visit(t, { holders: [...above, node, a], isInitializer: false });
          break;
        case 'sparse-tensor':
          visitSparse(a.value, [...above, node, a], visit);
          break;
        case 'sparse-tensors':
          for (const s of a.value) visitSparse(s, [...above, node, a], visit);
          break;
        case 'graph':
          visitGraph(a.value, [...above, node, a], visit);
          break;
        case 'graphs':
          for (const g of a.value) visitGraph(g, [...above, node, a], visit);
          break;
        case 'float':
        case 'int':
        case 'string':
        case 'type':
        case 'floats':
        case 'ints':
        case 'strings':
        case 'types':
        case 'reference':
        case 'undefined':
          break;
        default:
          a satisfies never;
      }
    }
  }
}

/** The graphs in a node's attributes, in order, with the name of their attribute. */
export function subgraphsOf(node: Node): { readonly attribute: string; readonly graph: Graph }[] {
  const found: { attribute: string; graph: Graph }[] = [];
  for (const a of node.attributes) {
    if (a.kind === 'graph') found.push({ attribute: a.name, graph: a.value });
    else if (a.kind === 'graphs') {
      a.value.forEach((graph, i) => found.push({ attribute: `${a.name}[${i}]`, graph }));
    }
  }
  return found;
}
