/**
 * Where the arrow keys lead: down and up along the edges, left and right among what stands at the same height. It must
 * not know keys or focus.
 */
import type { Layout, LayoutGraph } from './layout-types.ts';

export type Direction = 'down' | 'up' | 'left' | 'right' | 'first' | 'last';

export interface Neighbours {
  /** By node, each without repeats. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
}

export function neighboursOf({ sizes, edges }: LayoutGraph): Neighbours {
  const before: number[][] = sizes.map(() => []);
  const after: number[][] = sizes.map(() => []);
  for (const [from, to] of edges) {
    before[to].push(from);
    after[from].push(to);
  }
  return { before, after };
}

/** The node itself where the way ends. */
export function nextNode(
  node: number,
  direction: Direction,
  graph: LayoutGraph,
  layout: Layout,
  { before, after }: Neighbours,
): number {
  const middle = (n: number): number => layout.x[n] + graph.sizes[n].width / 2;
  const nearest = (nodes: readonly number[]): number =>
    nodes.reduce(
      (best, n) =>
        best < 0 || Math.abs(middle(n) - middle(node)) < Math.abs(middle(best) - middle(node)) ? n : best,
      -1,
    );
  switch (direction) {
    case 'down':
      return orStay(nearest(after[node]), node);
    case 'up':
      return orStay(nearest(before[node]), node);
    case 'left':
    case 'right': {
      const side = direction === 'left' ? -1 : 1;
      const beside = besideOf(node, graph, layout).filter((n) => side * (middle(n) - middle(node)) > 0);
      return orStay(nearest(beside), node);
    }
    case 'first':
    case 'last':
      return direction === 'first' ? 0 : graph.sizes.length - 1;
    default:
      return direction satisfies never;
  }
}

const orStay = (found: number, node: number): number => (found < 0 ? node : found);

/** Nodes whose height range meets this one's. */
function besideOf(node: number, { sizes }: LayoutGraph, { y }: Layout): number[] {
  const low = y[node];
  const high = low + sizes[node].height;
  const found: number[] = [];
  sizes.forEach(({ height }, n) => {
    if (n !== node && y[n] < high && y[n] + height > low) found.push(n);
  });
  return found;
}
