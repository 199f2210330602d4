/**
 * Names that lowering makes: an underscore prefix, the weight's number, a letter ('_12a'). Short, because they repeat in
 * every node; the prefix grows until no name of the model begins like it. It must not know what the names are for.
 */
import type { Graph, Model, Node } from '../../onnx/ir.ts';
import { subgraphsOf } from '../../onnx/walk.ts';

/** The shortest run of underscores that no value's name begins with when a digit follows. */
export function namePrefix(model: Model): string {
  const runs = new Set<number>();
  const see = (name: string): void => {
    const run = /^(_+)\d/.exec(name);
    if (run !== null) runs.add(run[1].length);
  };
  const pending: Graph[] = [model.graph];
  const seeNodes = (nodes: readonly Node[]): void => {
    for (const node of nodes) {
      node.inputs.forEach(see);
      node.outputs.forEach(see);
      for (const { graph } of subgraphsOf(node)) pending.push(graph);
    }
  };
  for (const f of model.functions) {
    f.inputs.forEach(see);
    seeNodes(f.nodes);
  }
  for (let g = pending.pop(); g !== undefined; g = pending.pop()) {
    for (const named of [...g.inputs, ...g.outputs, ...g.valueInfos, ...g.initializers]) see(named.name);
    for (const sparse of g.sparseInitializers) see(sparse.values.name);
    seeNodes(g.nodes);
  }
  let length = 1;
  while (runs.has(length)) length++;
  return '_'.repeat(length);
}

/** @param index number of the weight, from 1; 0 for constants that weights share. */
export function sitePrefix(prefix: string, index: number): string {
  return `${prefix}${index}`;
}

/** Domain of the functions that lowering makes: one that the model does not use, so that its own functions stay apart. */
export function freeDomain(model: Model): string {
  const used = new Set([...model.functions, ...model.opsets].map(({ domain }) => domain));
  let domain = 'pare';
  for (let i = 2; used.has(domain); i++) domain = `pare${i}`;
  return domain;
}
