/**
 * Which row each node stands in, and where a graph can be cut: networks are chains of blocks, and a row that holds one
 * node, with no line passing it, divides what is above from what is below. Parts can then be laid out one by one, and
 * equal parts once. It must not know how a part is laid out.
 */
import type { LayoutGraph } from './layout-types.ts';

/**
 * A line over more rows than this is drawn beside the graph (an attention mask that every block reads, the outer
 * connections of a deep U-net): it would keep apart what belongs together, and join all parts into one.
 */
const FAR_ROWS = 24;

export interface Layering {
  /** By node, 0 = top. */
  readonly row: Int32Array;
  readonly rows: number;
  /** By edge: drawn beside the graph, because it leads far or back. */
  readonly far: Uint8Array;
}

export interface GraphPart {
  /** Ascending row; the first and the last are shared with the neighbouring parts where those exist. */
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  /** The single node of the first and of the last row; null at the ends of the graph. */
  readonly top: number | null;
  readonly bottom: number | null;
}

/** Longest path from above; nodes that nothing leads to stand right above their first reader. */
export function layeringOf({ sizes, edges }: LayoutGraph): Layering {
  const count = sizes.length;
  const row = new Int32Array(count);
  const far = new Uint8Array(edges.length);
  const entering = groupBy(edges, count, 1);
  const leaving = groupBy(edges, count, 0);
  // Indices are topological; an edge against them is part of a cycle.
  for (let node = 0; node < count; node++) {
    for (const edge of entering(node)) {
      const [from] = edges[edge];
      if (from >= node) far[edge] = 1;
      else row[node] = Math.max(row[node], row[from] + 1);
    }
  }
  for (let node = count - 1; node >= 0; node--) {
    if (entering(node).some((edge) => far[edge] === 0)) continue;
    let first = Infinity;
    for (const edge of leaving(node)) if (far[edge] === 0) first = Math.min(first, row[edges[edge][1]] - 1);
    if (first !== Infinity) row[node] = Math.max(row[node], first);
  }
  let rows = 0;
  for (const r of row) rows = Math.max(rows, r + 1);
  edges.forEach(([from, to], edge) => {
    if (row[to] - row[from] > FAR_ROWS) far[edge] = 1;
  });
  return { row, rows, far };
}

/** Parts from top to bottom. Every node is in one of them, cut nodes in two; far edges are in none. */
export function partsOf(graph: LayoutGraph, { row, rows, far }: Layering): readonly GraphPart[] {
  const byRow: number[][] = Array.from({ length: rows }, () => []);
  row.forEach((r, node) => byRow[r].push(node));
  const cuts = cutRows(graph, byRow, row, far);
  const starts = [0, ...cuts.filter((r) => r > 0 && r < rows - 1)];
  const parts = starts.map((start, i) => ({ start, end: starts[i + 1] ?? rows - 1 }));
  const partOfRow = new Int32Array(rows);
  parts.forEach(({ start, end }, i) => partOfRow.fill(i, start, end + 1));
  const edges: number[][] = parts.map(() => []);
  graph.edges.forEach(([from], edge) => {
    // The last row of one part is the first of the next, to which its leaving edges belong.
    if (far[edge] === 0) edges[partOfRow[row[from]]].push(edge);
  });
  return parts.map(({ start, end }, i) => ({
    nodes: byRow.slice(start, end + 1).flat(),
    edges: edges[i],
    top: i === 0 ? null : byRow[start][0],
    bottom: i === parts.length - 1 ? null : byRow[end][0],
  }));
}

/** Rows with one node that no near edge passes. */
function cutRows(
  { edges }: LayoutGraph,
  byRow: readonly (readonly number[])[],
  row: Int32Array,
  far: Uint8Array,
): readonly number[] {
  const change = new Int32Array(byRow.length + 1);
  edges.forEach(([from, to], edge) => {
    if (far[edge] === 1) return;
    change[row[from] + 1] += 1;
    change[row[to]] -= 1;
  });
  const cuts: number[] = [];
  let passing = 0;
  byRow.forEach((nodes, r) => {
    passing += change[r];
    if (passing === 0 && nodes.length === 1) cuts.push(r);
  });
  return cuts;
}

/** Indices of the edges by their end 0 or 1, without a list for each node that has none. */
function groupBy(
  edges: LayoutGraph['edges'],
  count: number,
  end: 0 | 1,
): (node: number) => readonly number[] {
  const groups = new Map<number, number[]>();
  edges.forEach((edge, i) => {
    const node = edge[end];
    if (node < 0 || node >= count) return;
    const known = groups.get(node);
    if (known === undefined) groups.set(node, [i]);
    else known.push(i);
  });
  return (node) => groups.get(node) ?? NONE;
}

const NONE: readonly number[] = [];
