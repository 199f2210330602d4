/**
 * What one run of a model costs, counted from the graph: multiply-accumulates, parameters, bytes of activations, and
 * the most that are alive at once. Nodes that depend on constants alone are left out: a runtime folds them when it
 * loads the model. It must not know a particular runtime.
 */
import type { GraphRunner } from '../onnx/graph-runner.ts';
import type { Dimension, Graph, Model, Node } from '../onnx/ir.ts';
import { overridableInitializers } from '../onnx/overridable.ts';
import { inferByRule, inferShapes } from '../onnx/shapes.ts';
import type { Fact } from '../onnx/shapes/fact.ts';
import { normalDomain } from '../onnx/shapes/infer.ts';
import type { ShapeTable } from '../onnx/shapes/infer.ts';
import { readsOf, subgraphsOf, topologicalOrder } from '../onnx/shapes/order.ts';
import { listWeights } from '../onnx/weights.ts';
import type { WeightLayer } from '../onnx/weights.ts';
import { byteLengthOf } from '../tensor/dtype.ts';
import { macsOf } from './macs.ts';
import type { Shape } from './macs.ts';
import { countParameters } from './parameters.ts';
import { peakBytes } from './liveness.ts';
import type { CostSummary, LayerCost } from './types.ts';

/** Sizes of free dimensions by symbolic name, or 'input:axis' where there is none. */
export type Dimensions = Readonly<Record<string, number>>;

/**
 * Counted by shape rules alone.
 * @param dimensions a free dimension that is missing counts as 1; the result says which sizes were used
 */
export function countCosts(model: Model, dimensions: Dimensions): CostSummary {
  const bound = bindInputs(model, dimensions);
  return count(bound, inferByRule(bound.model, { believeDeclared: true, freeDims: bound.sizes }));
}

/**
 * As countCosts, and what no rule knows (operators of other domains) is found by running the model once on zeros.
 * @throws PareError `runtime-crashed`, `out-of-memory` from the runner; a refused run leaves shapes unknown.
 */
export async function countCostsByRunning(
  model: Model,
  dimensions: Dimensions,
  runner: GraphRunner,
): Promise<CostSummary> {
  const bound = bindInputs(model, dimensions);
  return count(
    bound,
    await inferShapes(bound.model, runner, { believeDeclared: true, freeDims: bound.sizes }),
  );
}

interface BoundModel {
  /** As given, with inputs of fixed sizes. */
  readonly model: Model;
  readonly given: Model;
  readonly sizes: Dimensions;
}

function bindInputs(model: Model, dimensions: Dimensions): BoundModel {
  const defaults = new Set(model.graph.initializers.map(({ name }) => name));
  const sizes: Record<string, number> = {};
  const inputs = model.graph.inputs.map((input) => {
    const { type } = input;
    if (type?.shape === undefined || defaults.has(input.name)) return input;
    const shape = type.shape.map((dim, axis): Dimension => {
      if (typeof dim === 'number' && dim >= 0) return dim;
      const key = typeof dim === 'string' && dim !== '' ? dim : `${input.name}:${axis}`;
      const size = dimensions[key];
      return (sizes[key] = Number.isSafeInteger(size) && size > 0 ? size : 1);
    });
    const { verbatim: _, shapeVerbatim: __, ...rest } = type;
    return { name: input.name, docString: input.docString, type: { ...rest, shape } };
  });
  return { model: { ...model, graph: { ...model.graph, inputs } }, given: model, sizes };
}

/** Sums while graphs are walked. */
class Tally {
  macs = 0;
  activationBytes = 0;
  readonly uncounted: Record<string, number> = {};
  /** By node object, which the given model and the bound one share. */
  readonly byNode = new Map<Node, { readonly macs: number; readonly bytes: number }>();

  readonly notes = new Set<string>();

  add(other: Tally): void {
    this.macs += other.macs;
    this.activationBytes += other.activationBytes;
    for (const [op, n] of Object.entries(other.uncounted)) this.uncounted[op] = (this.uncounted[op] ?? 0) + n;
    for (const [node, cost] of other.byNode) this.byNode.set(node, cost);
    for (const note of other.notes) this.notes.add(note);
  }

  miss(node: Node): void {
    const domain = normalDomain(node.domain);
    const op = domain === '' ? node.opType : `${domain}.${node.opType}`;
    this.uncounted[op] = (this.uncounted[op] ?? 0) + 1;
  }
}

function count({ model, given, sizes }: BoundModel, shapes: ShapeTable): CostSummary {
  const tally = new Tally();
  const constants = new Set(
    [
      ...model.graph.initializers.map(({ name }) => name),
      ...model.graph.sparseInitializers.map(({ values }) => values.name),
    ].filter((name) => !overridableInitializers(model.graph).has(name)),
  );
  const peak = walkGraph(model.graph, constants, { tally, shapes, sizes }, []);
  const weights = listWeights(given);
  return {
    source: 'counted',
    macs: tally.macs,
    parameters: countParameters(given, weights),
    weightBytes: weights.reduce((sum, { weightBytes }) => sum + weightBytes, 0),
    activationBytes: tally.activationBytes,
    peakActivationBytes: peak,
    layers: layerCosts(weights, tally),
    uncounted: tally.uncounted,
    dimensions: sizes,
    ...(tally.notes.size === 0 ? {} : { notes: [...tally.notes] }),
  };
}

interface Walk {
  readonly tally: Tally;
  readonly shapes: ShapeTable;
  readonly sizes: Dimensions;
}

type Facts = readonly ReadonlyMap<string, Fact>[];

/** @returns the most bytes that are alive at once, inner graphs included. */
function walkGraph(graph: Graph, outside: ReadonlySet<string>, walk: Walk, above: Facts): number {
  const facts: Facts = [walk.shapes.of(graph), ...above];
  const constants = new Set(outside);
  for (const { name } of graph.initializers) if (above.length > 0) constants.add(name);
  // A graph's own inputs hide constants of the same name outside.
  if (above.length > 0) for (const { name } of graph.inputs) constants.delete(name);
  const working: Node[] = [];
  for (const node of topologicalOrder(graph.nodes)) {
    if (folds(node, constants)) for (const output of node.outputs) constants.add(output);
    else working.push(node);
  }
  const bytes = new Map<string, number>();
  for (const { name } of graph.inputs)
    if (!constants.has(name)) bytes.set(name, bytesOf(name, facts, walk) ?? 0);
  const inner = new Map<Node, number>();
  for (const node of working) {
    const written = countNode(node, facts, walk);
    written.forEach((size, i) => bytes.set(node.outputs[i], size));
    if (subgraphsOf(node).length > 0) inner.set(node, walkBodies(node, constants, walk, facts));
  }
  const steps = working.map((node) => ({
    reads: readsOf(node),
    writes: node.outputs,
    inside: inner.get(node) ?? 0,
  }));
  return peakBytes(steps, bytes, {
    inputs: graph.inputs.map(({ name }) => name),
    outputs: graph.outputs.map(({ name }) => name),
  });
}

/** Of an If the branch with more work counts, of a loop one turn. @returns the peak inside. */
function walkBodies(node: Node, constants: ReadonlySet<string>, walk: Walk, facts: Facts): number {
  const bodies = subgraphsOf(node).map((body) => {
    const tally = new Tally();
    return { tally, peak: walkGraph(body, constants, { ...walk, tally }, facts) };
  });
  const heaviest = bodies.reduce((a, b) => (b.tally.macs > a.tally.macs ? b : a));
  walk.tally.add(heaviest.tally);
  walk.tally.notes.add(
    node.opType === 'If'
      ? 'Of each If the branch with more work is counted.'
      : `The body of each ${node.opType} is counted once: how often it runs depends on the data.`,
  );
  return Math.max(...bodies.map(({ peak }) => peak));
}

/** Operators that give something else each time. */
const RANDOM = /^(Random|Multinomial$|Bernoulli$)/;

/** Whether a runtime computes the node when it loads the model: it depends on constants alone. */
function folds(node: Node, constants: ReadonlySet<string>): boolean {
  if (RANDOM.test(node.opType)) return false;
  for (const read of readsOf(node)) if (!constants.has(read)) return false;
  return subgraphsOf(node).length === 0;
}

/** @returns bytes of each output, 0 where not known. */
function countNode(node: Node, facts: Facts, walk: Walk): number[] {
  const { tally } = walk;
  const shapes = {
    inputs: node.inputs.map((name) => shapeOf(name, facts, walk)),
    outputs: node.outputs.map((name) => shapeOf(name, facts, walk)),
  };
  const macs = macsOf(node, normalDomain(node.domain), shapes);
  const sizes = node.outputs.map((name) => (name === '' ? 0 : bytesOf(name, facts, walk)));
  if (macs === undefined || sizes.includes(undefined)) tally.miss(node);
  const bytes = sizes.map((size) => size ?? 0);
  const written = bytes.reduce((sum, size) => sum + size, 0);
  tally.macs += macs ?? 0;
  tally.activationBytes += written;
  tally.byNode.set(node, { macs: macs ?? 0, bytes: written });
  return bytes;
}

function factOf(name: string, facts: Facts): Fact | undefined {
  for (const table of facts) {
    const found = table.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Symbols that the file declares inside the graph get their sizes too. */
function shapeOf(name: string, facts: Facts, { sizes }: Walk): Shape | undefined {
  const shape = factOf(name, facts)?.shape?.map((dim) => (typeof dim === 'string' ? sizes[dim] : dim));
  return shape?.every((dim): dim is number => typeof dim === 'number' && dim >= 0) === true
    ? shape
    : undefined;
}

function bytesOf(name: string, facts: Facts, walk: Walk): number | undefined {
  const type = factOf(name, facts)?.type;
  const shape = shapeOf(name, facts, walk);
  if (type === undefined || shape === undefined) return undefined;
  const bytes = byteLengthOf(
    type,
    shape.reduce((total, size) => total * size, 1),
  );
  return Number.isFinite(bytes) ? bytes : undefined;
}

/** A node that reads several weights (a recurrent layer) is shared out by their sizes: each element works equally often. */
function layerCosts(weights: readonly WeightLayer[], tally: Tally): LayerCost[] {
  const elementsOf = new Map<Node, number>();
  for (const { consumers, elements } of weights) {
    for (const { node } of consumers) elementsOf.set(node, (elementsOf.get(node) ?? 0) + elements);
  }
  const written = new Set<Node>();
  return weights.map(({ id, consumers, elements }) => {
    let macs = 0;
    let activationBytes = 0;
    for (const { node } of consumers) {
      const cost = tally.byNode.get(node);
      if (cost === undefined) continue;
      macs += (cost.macs * elements) / (elementsOf.get(node) ?? elements);
      if (!written.has(node)) activationBytes += cost.bytes;
      written.add(node);
    }
    return { layerId: id, macs: Math.round(macs), parameters: elements, activationBytes };
  });
}
