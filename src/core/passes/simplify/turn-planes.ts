/**
 * Depthwise convolutions take one row of the output at a time, and each row costs them something however short it is:
 * a plane of 25 rows of 5 takes three times as long as one of 5 rows of 25, one of 128 × 4 seven times. Where the
 * planes of a stretch of the network are taller than wide, rows and columns are swapped, kernels and all: one Transpose
 * where the stretch begins, one where it ends, none behind a global pool. Outputs are the same up to the order of sums.
 *
 * Measured on onnxruntime-web's CPU kernels (docs/benchmarks.md). It must not know how an operator is turned.
 */
import { intAttribute } from '../../onnx/attributes.ts';
import { attributes, ints } from '../../onnx/build.ts';
import type { GraphEditor } from '../../onnx/draft.ts';
import type { Node } from '../../onnx/ir.ts';
import {
  endsPlanes,
  isPoint,
  planeOf,
  turnedAttributes,
  turnedKernel,
  turnOf,
  type Turn,
} from './turn-ops.ts';
import { onnxOp, withChange, type Work } from './work.ts';

/** What a row of one output channel costs a convolution with groups, nanoseconds for each element of the kernel: 2.8 to 4.2 measured. */
const ROW_NANOS = 3;
/** The same of a pool, whatever its size: 10 to 14 measured. */
const POOL_ROW_NANOS = 10;
/** A Transpose: being called, and each element. */
const CALL_NANOS = 3000;
const ELEMENT_NANOS = 1.5;
/** The gain has to be this many times the cost: constants are of one machine. */
const MARGIN = 2;
/** Rows and columns swapped. */
const SWAP = [0, 1, 3, 2];

interface Stretch {
  readonly nodes: Map<Node, Turn>;
  /** Planes that come from outside, in the order in which they are met. */
  readonly entering: Set<string>;
  /** Planes of the stretch that are read outside too. */
  readonly leaving: Set<string>;
}

/** @returns names of the weights that were turned, over all stretches that gain; empty = nothing was changed */
export function turnPlanes(work: Work): readonly string[] {
  const turned: string[] = [];
  for (const graph of work.draft.graphs()) {
    if (graph.kind === 'function') continue;
    const seen = new Set<Node>();
    for (const node of [...graph.nodes]) {
      if (seen.has(node) || !isTallDepthwise(node, graph, work)) continue;
      const stretch = stretchFrom(node, graph, work);
      for (const member of stretch.nodes.keys()) seen.add(member);
      if (gain(stretch, graph, work) <= 0) continue;
      turned.push(...turn(stretch, graph));
    }
  }
  return turned;
}

const groupsOf = (node: Node): number => intAttribute(node, 'group', 1);

function isTallDepthwise(node: Node, graph: GraphEditor, work: Work): boolean {
  if (onnxOp(node) !== 'Conv' || groupsOf(node) === 1) return false;
  const plane = planeOf(node.outputs[0] ?? '', graph, work);
  return plane !== undefined && plane.rows > plane.columns && turnOf(node, graph, work) !== undefined;
}

/** All that hangs together with `seed` over planes, through operators that can be turned. */
function stretchFrom(seed: Node, graph: GraphEditor, work: Work): Stretch {
  const nodes = new Map<Node, Turn>();
  const pending = [seed];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (nodes.has(node)) continue;
    const turn = turnOf(node, graph, work);
    if (turn === undefined) continue;
    nodes.set(node, turn);
    for (const value of [...planesInto(node, turn), ...planesOutOf(node)]) {
      if (!isMoved(value, graph, work)) continue;
      const producer = graph.producer(value);
      if (producer !== undefined && !endsPlanes(producer)) pending.push(producer);
      for (const { scope, node: reader } of graph.uses(value)) if (scope === graph) pending.push(reader);
    }
  }
  return { nodes, ...bordersOf(nodes, graph, work) };
}

const planesInto = (node: Node, { planes }: Turn): string[] => planes.map((i) => node.inputs[i] ?? '');
const planesOutOf = (node: Node): string[] => (endsPlanes(node) ? [] : node.outputs.slice(0, 1));

/** Swapping its rows and columns moves something. */
function isMoved(value: string, graph: GraphEditor, work: Work): boolean {
  const plane = planeOf(value, graph, work);
  return plane !== undefined && !isPoint(plane);
}

function bordersOf(
  nodes: ReadonlyMap<Node, Turn>,
  graph: GraphEditor,
  work: Work,
): Pick<Stretch, 'entering' | 'leaving'> {
  const inside = new Set([...nodes.keys()].flatMap(planesOutOf));
  const entering = new Set<string>();
  for (const [node, turn] of nodes) {
    for (const value of planesInto(node, turn))
      if (!inside.has(value) && isMoved(value, graph, work)) entering.add(value);
  }
  const leaving = [...inside].filter((value) => {
    if (!isMoved(value, graph, work)) return false;
    if (graph.isGraphOutput(value)) return true;
    return graph.uses(value).some(({ scope, node, input }) => {
      const turn = scope === graph ? nodes.get(node) : undefined;
      return !(turn?.planes.includes(input) ?? false);
    });
  });
  return { entering, leaving: new Set(leaving) };
}

/** Nanoseconds a run, less the margin; above 0 = worth it. */
function gain({ nodes, entering, leaving }: Stretch, graph: GraphEditor, work: Work): number {
  let saved = 0;
  for (const node of nodes.keys()) {
    const plane = planeOf(node.outputs[0] ?? '', graph, work);
    if (plane === undefined || isPoint(plane)) continue;
    saved +=
      rowNanos(node, graph) * (plane.elements / (plane.rows * plane.columns)) * (plane.rows - plane.columns);
  }
  let cost = 0;
  for (const value of [...entering, ...leaving])
    cost += CALL_NANOS + ELEMENT_NANOS * (planeOf(value, graph, work)?.elements ?? 0);
  return saved - MARGIN * cost;
}

/** Of one channel. */
function rowNanos(node: Node, graph: GraphEditor): number {
  const op = onnxOp(node);
  if (op === 'MaxPool' || op === 'AveragePool') return POOL_ROW_NANOS;
  if (op !== 'Conv' || groupsOf(node) === 1) return 0;
  const [, , height = 1, width = 1] = graph.constant(node.inputs[1] ?? '')?.dims ?? [];
  return ROW_NANOS * height * width;
}

function turn({ nodes, entering, leaving }: Stretch, graph: GraphEditor): string[] {
  const renamed = new Map<string, string>();
  for (const value of [...entering, ...leaving]) renamed.set(value, graph.freshName(`${value}_turned`));
  const weights: string[] = [];
  for (const [node, how] of nodes) {
    const weight = how.kernel === undefined ? undefined : node.inputs[how.kernel];
    const kernel = weight === undefined ? undefined : graph.constant(weight);
    const swapped = kernel === undefined ? undefined : turnedKernel(kernel);
    if (swapped !== undefined) {
      graph.setInitializer(swapped);
      // Where the kernel's shape is declared too, strict readers refuse the old one.
      graph.removeValueInfo(swapped.name);
      weights.push(swapped.name);
    }
    for (const value of planesOutOf(node)) graph.removeValueInfo(value);
    graph.replaceNode(
      node,
      withChange(node, {
        inputs: node.inputs.map((name, i) => (how.planes.includes(i) ? (renamed.get(name) ?? name) : name)),
        outputs: node.outputs.map((name) => (leaving.has(name) ? (renamed.get(name) ?? name) : name)),
        attributes: turnedAttributes(node),
      }),
    );
  }
  const swap = (from: string, to: string): void => {
    graph.addNode({
      opType: 'Transpose',
      inputs: [from],
      outputs: [to],
      attributes: attributes({ perm: ints(SWAP) }),
    });
  };
  for (const value of entering) swap(value, renamed.get(value) ?? value);
  for (const value of leaving) swap(renamed.get(value) ?? value, value);
  return weights;
}
