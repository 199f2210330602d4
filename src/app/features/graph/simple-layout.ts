/**
 * A layered layout without refinement, for parts that are too large for the thorough one: rows from top to bottom, in
 * each row the order of what is above, straight lines. Linear but for one sort a row. It must not know libraries.
 */
import { layeringOf } from './layering.ts';
import type { Layout, LayoutGraph } from './layout-types.ts';

export const ROW_GAP = 34;
export const NODE_GAP = 26;

export function simpleLayout(graph: LayoutGraph): Omit<Layout, 'simpleNodes'> {
  const { sizes, edges } = graph;
  const { row, rows } = layeringOf(graph);
  const byRow: number[][] = Array.from({ length: rows }, () => []);
  row.forEach((r, node) => byRow[r].push(node));
  const above: number[][] = sizes.map(() => []);
  for (const [from, to] of edges) if (row[from] < row[to]) above[to].push(from);
  const x = new Array<number>(sizes.length).fill(0);
  const y = new Array<number>(sizes.length).fill(0);
  let top = 0;
  for (const nodes of byRow) {
    const wish = new Map(nodes.map((node) => [node, middleOf(above[node], x, sizes)]));
    nodes.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || a - b);
    placeRow(nodes, wish, x, sizes);
    const height = nodes.reduce((most, node) => Math.max(most, sizes[node].height), 0);
    for (const node of nodes) y[node] = top + (height - sizes[node].height) / 2;
    top += height + ROW_GAP;
  }
  const left = x.reduce((least, value) => Math.min(least, value), Infinity);
  let width = 0;
  x.forEach((value, node) => {
    x[node] = value - left;
    width = Math.max(width, x[node] + sizes[node].width);
  });
  const routes = edges.map(([from, to]) => [
    x[from] + sizes[from].width / 2,
    y[from] + sizes[from].height,
    x[to] + sizes[to].width / 2,
    y[to],
  ]);
  return { x, y, routes, width, height: Math.max(0, top - ROW_GAP) };
}

/** Mean of the middles of the nodes above; 0 without any. */
function middleOf(above: readonly number[], x: readonly number[], sizes: LayoutGraph['sizes']): number {
  if (above.length === 0) return 0;
  return above.reduce((sum, node) => sum + x[node] + sizes[node].width / 2, 0) / above.length;
}

/** Side by side in order, the row's middle where its nodes wish it on average. */
function placeRow(
  nodes: readonly number[],
  wish: ReadonlyMap<number, number>,
  x: number[],
  sizes: LayoutGraph['sizes'],
): void {
  const width = nodes.reduce((sum, node) => sum + sizes[node].width + NODE_GAP, -NODE_GAP);
  const middle = nodes.reduce((sum, node) => sum + (wish.get(node) ?? 0), 0) / Math.max(1, nodes.length);
  let left = middle - width / 2;
  for (const node of nodes) {
    x[node] = left;
    left += sizes[node].width + NODE_GAP;
  }
}
