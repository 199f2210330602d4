/**
 * Constant subgraphs are run once, all together in one small model, and their results stored. What would make the file
 * larger is left as it is: decoders of compressed weights, Expand, ConstantOfShape, Tile, Range and the like.
 * It must not know which runtime runs them.
 */
import type { GraphEditor } from '../../onnx/draft.ts';
import { PareError } from '../../errors.ts';
import type { GraphRunner, HostTensor } from '../../onnx/graph-runner.ts';
import type { Model, Node, Tensor, ValueInfo } from '../../onnx/ir.ts';
import { isStatic } from '../../onnx/shapes/fact.ts';
import { subgraphsOf, topologicalOrder } from '../../onnx/shapes/order.ts';
import { rawTensor } from '../../onnx/build.ts';
import { denseBytes } from '../../onnx/shapes/values.ts';
import { tensorElements, tensorNumbers } from '../../onnx/tensor-data.ts';
import { writeModel } from '../../onnx/write.ts';
import { byteLengthOf, elementCount } from '../../tensor/dtype.ts';
import { chooseFrontier, type Candidate } from './fold-choice.ts';
import { signature, valueKey } from './fold-keys.ts';
import { RANDOM_OPERATORS } from './hygiene.ts';
import { count, isReadable, isUsed, nodeLabel, onnxOp, type Work } from './work.ts';

/** One result of a single operator may be larger than what it came from by this much before folding it is pointless. */
const SMALL_RESULT_BYTES = 1024;
/** Constants and results of one run, all together; beyond that the run itself could exhaust the runtime's memory. */
const MAX_RUN_BYTES = 1024 * 1024 * 1024;

/** Nodes of one graph that depend on constants only, in topological order. */
function foldableNodes(graph: GraphEditor, work: Work): Node[] {
  const folded = new Set<string>();
  const found: Node[] = [];
  for (const node of topologicalOrder(graph.nodes)) {
    if (!mayFold(node) || !node.outputs.some((output) => isUsed(graph, output))) continue;
    const inputs = node.inputs.filter((name) => name !== '');
    if (inputs.length === 0 || !inputs.every((name) => folded.has(name) || usable(graph, name))) continue;
    if (grows(node, graph, work)) continue;
    found.push(node);
    for (const output of node.outputs) folded.add(output);
  }
  return found;
}

function mayFold(node: Node): boolean {
  const op = onnxOp(node);
  return op !== undefined && op !== 'Constant' && !RANDOM_OPERATORS.has(op) && subgraphsOf(node).length === 0;
}

/** A constant whose bytes are at hand. */
function usable(graph: GraphEditor, name: string): boolean {
  const tensor = graph.constant(name);
  return tensor !== undefined && tensor.dataType !== 'string' && isReadable(tensor);
}

/** The result of this one operator is larger than its inputs. */
function grows(node: Node, graph: GraphEditor, work: Work): boolean {
  const sizeOf = (name: string): number | undefined => {
    const tensor = graph.constant(name);
    if (tensor !== undefined) return byteLengthOf(tensor.dataType, elementCount(tensor.dims));
    const fact = work.fact(graph, name);
    return fact?.type !== undefined && isStatic(fact.shape)
      ? byteLengthOf(fact.type, elementCount(fact.shape))
      : undefined;
  };
  const results = node.outputs.filter((output) => isUsed(graph, output)).map(sizeOf);
  // A file of a hundred bytes can ask for gigabytes this way, and for the minutes that it takes to fill them.
  if (onnxOp(node) === 'Range' && rangeElements(node, graph) > SMALL_RESULT_BYTES) return true;
  if (results.includes(undefined)) return false;
  const total = results.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const given = node.inputs.reduce((sum, name) => sum + (name === '' ? 0 : (sizeOf(name) ?? 0)), 0);
  return total > given && total > SMALL_RESULT_BYTES;
}

/** Of any type: shapes count whole numbers only. 0 where start, limit or delta is computed. */
function rangeElements(node: Node, graph: GraphEditor): number {
  const [start, limit, delta] = node.inputs.map((name) => {
    const tensor = graph.constant(name);
    return tensor === undefined || tensorElements(tensor) !== 1 ? NaN : (tensorNumbers(tensor)[0] ?? NaN);
  });
  const count = ((limit ?? NaN) - (start ?? NaN)) / (delta ?? NaN);
  return Number.isNaN(count) ? 0 : Math.max(0, Math.ceil(count));
}

/** Everything that could be folded, by graph. */
export function foldCandidates(work: Work): Candidate[] {
  return work.draft.graphs().flatMap((graph) => {
    if (graph.kind === 'function') return [];
    const nodes = foldableNodes(graph, work);
    return nodes.length === 0 ? [] : [{ graph, nodes }];
  });
}

/**
 * Folds what pays. Called when nothing else changes any more: loading a runtime takes seconds.
 * @returns true when the graph changed.
 */
export async function foldByRunning(
  model: Model,
  work: Work,
  runner: GraphRunner,
  refused: Map<string, string>,
): Promise<boolean> {
  const candidates = foldCandidates(work)
    .map(({ graph, nodes }) => ({
      graph,
      nodes: nodes.filter((node) => !refused.has(signature(graph, node))),
    }))
    .filter(({ nodes }) => nodes.length > 0);
  if (candidates.length === 0) return false;
  const values = await evaluate(model, candidates, runner, work, refused);
  const chosen = chooseFrontier(candidates, values);
  for (const { graph, name, tensor } of chosen) {
    const producer = graph.producer(name);
    if (producer === undefined) continue;
    // Outputs of the same node that are not stored stay unread: chooseFrontier stores all that are read outside.
    graph.removeNode(producer);
    graph.setInitializer(tensor);
  }
  // A producer with two stored outputs is already gone at the second one.
  for (const { graph, name, tensor } of chosen)
    if (!graph.initializers.has(name)) graph.setInitializer(tensor);
  count(work, 'constants folded', chosen.length);
  return chosen.length > 0;
}

async function evaluate(
  model: Model,
  candidates: readonly Candidate[],
  runner: GraphRunner,
  work: Work,
  refused: Map<string, string>,
): Promise<Map<string, HostTensor>> {
  const values = new Map<string, HostTensor>();
  const all = await tryRun(model, candidates, runner, values);
  if (all) return values;
  // The runtime refused something: node by node, so that one operator does not keep the others from being folded.
  for (const { graph, nodes } of candidates) {
    for (const node of nodes) {
      const reachable = node.inputs.every(
        (name) => name === '' || graph.constant(name) !== undefined || values.has(valueKey(graph, name)),
      );
      if (reachable && (await tryRun(model, [{ graph, nodes: [node] }], runner, values))) continue;
      refused.set(signature(graph, node), nodeLabel(node));
      work.ledger.skipped.set(nodeLabel(node), 'the runtime refuses to compute this constant');
    }
  }
  return values;
}

async function tryRun(
  model: Model,
  candidates: readonly Candidate[],
  runner: GraphRunner,
  values: Map<string, HostTensor>,
): Promise<boolean> {
  const program = programOf(model, candidates, values);
  if (program === undefined) return false;
  try {
    const results = await runner.run(writeModel(program.model, { externalize: 'never' }).model, new Map(), [
      ...program.names.keys(),
    ]);
    for (const [name, key] of program.names) {
      const value = results.get(name);
      if (value !== undefined) values.set(key, value);
    }
    return true;
  } catch (error) {
    if (error instanceof PareError && (error.code === 'runtime-refused' || error.code === 'unsupported'))
      return false;
    throw error;
  }
}

/** All candidate nodes in one model without inputs; every value under a name of its own. */
function programOf(
  model: Model,
  candidates: readonly Candidate[],
  values: ReadonlyMap<string, HostTensor>,
): { model: Model; names: Map<string, string> } | undefined {
  const names = new Map<string, string>();
  const initializers = new Map<Tensor, Tensor>();
  const nodes: Node[] = [];
  let bytes = 0;
  let next = 0;
  const constant = (tensor: Tensor): string => {
    const known = initializers.get(tensor);
    if (known !== undefined) return known.name;
    const data = denseBytes(tensor) ?? new Uint8Array(0);
    bytes += data.byteLength;
    const copy = rawTensor(`c${next++}`, tensor.dataType, tensor.dims, data);
    initializers.set(tensor, copy);
    return copy.name;
  };
  for (const { graph, nodes: listed } of candidates) {
    const local = new Map<string, string>();
    const read = (name: string): string => {
      if (name === '') return '';
      const known = local.get(name);
      if (known !== undefined) return known;
      const value = values.get(valueKey(graph, name));
      const tensor =
        graph.constant(name) ?? (value && rawTensor(name, value.dataType, value.dims, value.bytes));
      const made = tensor === undefined ? '' : constant(tensor);
      local.set(name, made);
      return made;
    };
    for (const node of listed) {
      const { verbatim: _, ...rest } = node;
      const inputs = node.inputs.map(read);
      const outputs = node.outputs.map((output) => {
        if (output === '') return '';
        const made = `v${next++}`;
        local.set(output, made);
        if (isUsed(graph, output)) names.set(made, valueKey(graph, output));
        return made;
      });
      // Names of nodes must differ within one graph; here they come from several.
      nodes.push({ ...rest, name: '', inputs, outputs });
    }
  }
  if (bytes > MAX_RUN_BYTES) return undefined;
  const outputs = [...names.keys()].map((name): ValueInfo => ({ name, docString: '' }));
  const { verbatim: _, ...rest } = model;
  const graph = {
    name: 'constants',
    nodes,
    initializers: [...initializers.values()],
    sparseInitializers: [],
    inputs: [],
    outputs,
    valueInfos: [],
    docString: '',
  };
  return { model: { ...rest, irVersion: Math.max(4, model.irVersion), functions: [], graph }, names };
}
