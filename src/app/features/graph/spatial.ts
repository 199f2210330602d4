/** Finds what of a layout lies in a box without looking at all of it: bands of equal height. It must not know drawing. */
import type { Layout, LayoutGraph } from './layout-types.ts';
import type { Box } from './viewport.ts';

const BAND = 400;
/** A line over more bands than this is looked at each time. */
const MOST_BANDS = 12;

export interface SpatialIndex {
  /** Indices of nodes that may be in the box, ascending; none that is in it is missing. */
  nodesIn(box: Box): readonly number[];
  edgesIn(box: Box): readonly number[];
  /** The node at a place; undefined between nodes. */
  nodeAt(x: number, y: number): number | undefined;
}

export function spatialIndex({ sizes }: LayoutGraph, layout: Layout): SpatialIndex {
  const bands = Math.max(1, Math.ceil((layout.height + 1) / BAND));
  const nodes: number[][] = Array.from({ length: bands }, () => []);
  const edges: number[][] = Array.from({ length: bands }, () => []);
  const long: number[] = [];
  const band = (y: number): number => Math.min(bands - 1, Math.max(0, Math.floor(y / BAND)));
  sizes.forEach(({ height }, node) => {
    for (let b = band(layout.y[node]); b <= band(layout.y[node] + height); b++) nodes[b].push(node);
  });
  layout.routes.forEach((route, edge) => {
    let low = Infinity;
    let high = -Infinity;
    for (let i = 1; i < route.length; i += 2) {
      low = Math.min(low, route[i]);
      high = Math.max(high, route[i]);
    }
    if (low > high) return;
    if (band(high) - band(low) >= MOST_BANDS) long.push(edge);
    else for (let b = band(low); b <= band(high); b++) edges[b].push(edge);
  });
  const collect = (lists: readonly (readonly number[])[], { y, height }: Box): number[] => {
    const found = new Set<number>();
    for (let b = band(y); b <= band(y + height); b++) for (const item of lists[b]) found.add(item);
    return [...found];
  };
  const holds = (node: number, x: number, y: number): boolean =>
    x >= layout.x[node] &&
    x <= layout.x[node] + sizes[node].width &&
    y >= layout.y[node] &&
    y <= layout.y[node] + sizes[node].height;
  return {
    nodesIn: (box) =>
      collect(nodes, box)
        .filter((node) => layout.x[node] <= box.x + box.width && layout.x[node] + sizes[node].width >= box.x)
        .sort((a, b) => a - b),
    edgesIn: (box) => [...collect(edges, box), ...long],
    nodeAt: (x, y) => nodes[band(y)].find((node) => holds(node, x, y)),
  };
}
