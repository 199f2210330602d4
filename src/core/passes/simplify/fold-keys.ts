/** Names of nodes and values across graphs: sibling branches may use the same name. It must not know folding. */
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';

/** A node by what it writes: unique within its graph, stable across drafts. */
export const signature = (graph: GraphEditor, node: Node): string =>
  `${graph.path}|${node.opType}|${node.outputs.join(',')}`;

/** A value of one graph. */
export const valueKey = (graph: GraphEditor, name: string): string => `${graph.path}|${name}`;
