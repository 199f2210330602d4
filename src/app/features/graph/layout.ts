/**
 * Lays out a whole graph: cuts it into parts, has each different part placed once, stacks them with their shared nodes
 * on one line, and leads far edges beside it. It must not know workers or the library that places a part.
 */
import { layeringOf, partsOf } from './layering.ts';
import type { GraphPart } from './layering.ts';
import type { Layout, LayoutGraph, PlacePart } from './layout-types.ts';
import { ROW_GAP, simpleLayout } from './simple-layout.ts';

/**
 * A larger part is placed by the simple method: elkjs 0.12.1 takes 1.7 s for 1,000 nodes in one piece and ends in
 * "Maximum call stack size exceeded" for a piece of 5,000 rows.
 */
export const MOST_NODES_A_PART = 700;
/** Corners of the lines into a node that was moved onto the middle line. */
const JOG = 10;
const LANE = 7;
const MOST_LANES = 16;

interface Canvas {
  readonly x: number[];
  readonly y: number[];
  readonly routes: (readonly number[])[];
}

type Placed = Omit<Layout, 'simpleNodes'>;

export async function layOut(graph: LayoutGraph, place: PlacePart): Promise<Layout> {
  const layering = layeringOf(graph);
  const canvas: Canvas = {
    x: new Array<number>(graph.sizes.length).fill(0),
    y: new Array<number>(graph.sizes.length).fill(0),
    routes: new Array<readonly number[]>(graph.edges.length).fill([]),
  };
  const known = new Map<string, Promise<{ placed: Placed; simple: boolean }>>();
  let below = 0;
  let simpleNodes = 0;
  for (const part of partsOf(graph, layering)) {
    const local = localGraph(graph, part);
    const key = JSON.stringify([local.sizes.map((s) => [s.width, s.height]), local.edges]);
    let placing = known.get(key);
    if (placing === undefined) known.set(key, (placing = placeOr(local, place)));
    const { placed, simple } = await placing;
    if (simple) simpleNodes += part.nodes.length;
    below = stack(canvas, graph, part, placed, below);
  }
  const right = leadFar(canvas, graph, layering.far);
  return framed(canvas, graph, right, simpleNodes);
}

async function placeOr(local: LayoutGraph, place: PlacePart): Promise<{ placed: Placed; simple: boolean }> {
  if (local.sizes.length <= 2) return { placed: simpleLayout(local), simple: false };
  if (local.sizes.length > MOST_NODES_A_PART) return { placed: simpleLayout(local), simple: true };
  try {
    return { placed: await place(local), simple: false };
  } catch {
    // A part too deep for the library's recursion. The result says how many nodes were placed simply.
    return { placed: simpleLayout(local), simple: true };
  }
}

function localGraph({ sizes, edges }: LayoutGraph, part: GraphPart): LayoutGraph {
  // Ascending: rows do not decide the order of indices, topology does.
  const index = new Map(ascending(part.nodes).map((node, i) => [node, i]));
  return {
    sizes: ascending(part.nodes).map((node) => sizes[node]),
    edges: part.edges.map((edge) => {
      const [from, to] = edges[edge];
      return [index.get(from) ?? 0, index.get(to) ?? 0] as const;
    }),
  };
}

const ascending = (nodes: readonly number[]): readonly number[] => nodes.toSorted((a, b) => a - b);

/** Puts a part below what is there: its top node on the one that is placed already, its bottom node in the middle. Gives the new lower end. */
function stack(
  canvas: Canvas,
  { sizes }: LayoutGraph,
  part: GraphPart,
  placed: Placed,
  below: number,
): number {
  const nodes = ascending(part.nodes);
  const middle = (local: number): number => placed.x[local] + sizes[nodes[local]].width / 2;
  const top = part.top === null ? -1 : nodes.indexOf(part.top);
  const bottom = part.bottom === null ? -1 : nodes.indexOf(part.bottom);
  // The line through the shared nodes is x = 0. The first part has only its lower one to go by.
  const anchor = top >= 0 ? top : bottom;
  const dx = anchor >= 0 ? -middle(anchor) : -placed.width / 2;
  const dy = top >= 0 ? canvas.y[nodes[top]] - placed.y[top] : below;
  nodes.forEach((node, local) => {
    if (local === top) return;
    canvas.x[node] = placed.x[local] + dx;
    canvas.y[node] = placed.y[local] + dy;
  });
  const shift = bottom >= 0 ? -(middle(bottom) + dx) : 0;
  if (bottom >= 0) canvas.x[nodes[bottom]] += shift;
  part.edges.forEach((edge, i) => {
    const moved = placed.routes[i].map((value, at) => value + (at % 2 === 0 ? dx : dy));
    canvas.routes[edge] = endsAt(moved, canvas, nodes, bottom, shift);
  });
  return dy + placed.height + ROW_GAP;
}

/** Moves the end of a line with the bottom node, where it ends there. */
function endsAt(
  route: number[],
  { y }: Canvas,
  nodes: readonly number[],
  bottom: number,
  shift: number,
): readonly number[] {
  const end = route.length - 2;
  if (bottom < 0 || shift === 0 || end < 2 || Math.abs(route[end + 1] - y[nodes[bottom]]) > 0.5) return route;
  if (route.length >= 8) {
    // … horizontal, then down into the node: both ends of the last piece move, the horizontal one follows.
    route[end] += shift;
    route[end - 2] += shift;
    return route;
  }
  const [x, bend] = [route[end], route[end + 1] - JOG];
  return [...route.slice(0, end), x, bend, x + shift, bend, x + shift, route[end + 1]];
}

/** Far edges run in lanes to the right of everything. Gives the right end. */
function leadFar({ x, y, routes }: Canvas, { sizes, edges }: LayoutGraph, far: Uint8Array): number {
  let right = 0;
  sizes.forEach(({ width }, node) => (right = Math.max(right, x[node] + width)));
  for (const route of routes) for (let i = 0; i < route.length; i += 2) right = Math.max(right, route[i]);
  const lanes = new Map<number, number>();
  edges.forEach(([from, to], edge) => {
    if (far[edge] === 0) return;
    // All lines of one source share a lane.
    const lane = lanes.get(from) ?? lanes.size % MOST_LANES;
    lanes.set(from, lane);
    const at = right + 16 + lane * LANE;
    const start = y[from] + sizes[from].height / 2;
    const end = y[to] + sizes[to].height / 2;
    routes[edge] = [x[from] + sizes[from].width, start, at, start, at, end, x[to] + sizes[to].width, end];
  });
  return lanes.size === 0 ? right : right + 16 + Math.min(MOST_LANES, lanes.size) * LANE;
}

/** Everything moved so that left and top are 0. */
function framed(
  { x, y, routes }: Canvas,
  { sizes }: LayoutGraph,
  right: number,
  simpleNodes: number,
): Layout {
  let left = 0;
  let height = 0;
  x.forEach((value, node) => {
    left = Math.min(left, value);
    height = Math.max(height, y[node] + sizes[node].height);
  });
  for (const route of routes) for (let i = 0; i < route.length; i += 2) left = Math.min(left, route[i]);
  return {
    x: x.map((value) => value - left),
    y,
    routes: routes.map((route) => route.map((value, i) => (i % 2 === 0 ? value - left : value))),
    width: right - left,
    height,
    simpleNodes,
  };
}
