/** The layout with the real library: nothing overlaps, lines start and end at their nodes, deep and wide graphs are placed. */
import ELK from 'elkjs';
import { describe, expect, it } from 'vitest';
import { elkPlacer } from './elk-place.ts';
import { layeringOf, partsOf } from './layering.ts';
import { layOut, MOST_NODES_A_PART } from './layout.ts';
import type { Layout, LayoutGraph, PlacePart } from './layout-types.ts';
import { simpleLayout } from './simple-layout.ts';

type Edge = readonly [number, number];
const graph = (count: number, edges: readonly Edge[]): LayoutGraph => ({
  sizes: Array.from({ length: count }, (_, i) => ({
    width: 96 + 24 * (i % 3),
    height: i % 2 === 0 ? 40 : 24,
  })),
  edges,
});

/** `blocks` residual blocks of three operators and their sum. */
function residual(blocks: number): LayoutGraph {
  const edges: Edge[] = [];
  let last = 0;
  for (let b = 0; b < blocks; b++) {
    const [one, two, sum] = [last + 1, last + 2, last + 3];
    edges.push([last, one], [one, two], [two, sum], [last, sum]);
    last = sum;
  }
  return graph(last + 1, edges);
}

const real = elkPlacer(new ELK());
const counted = (place: PlacePart) => {
  const calls: LayoutGraph[] = [];
  const counting: PlacePart = (part) => {
    calls.push(part);
    return place(part);
  };
  return { calls, place: counting };
};

function overlaps({ sizes }: LayoutGraph, { x, y }: Layout): string[] {
  const order = sizes.map((_, i) => i).sort((a, b) => y[a] - y[b]);
  const found: string[] = [];
  order.forEach((a, i) => {
    for (const b of order.slice(i + 1)) {
      if (y[b] >= y[a] + sizes[a].height) break;
      if (x[a] < x[b] + sizes[b].width && x[b] < x[a] + sizes[a].width) found.push(`${a} and ${b}`);
    }
  });
  return found;
}

function looseEnds({ sizes, edges }: LayoutGraph, { x, y, routes }: Layout): number[] {
  const touches = (node: number, px: number, py: number): boolean =>
    px >= x[node] - 0.5 &&
    px <= x[node] + sizes[node].width + 0.5 &&
    py >= y[node] - 0.5 &&
    py <= y[node] + sizes[node].height + 0.5;
  return edges.flatMap(([from, to], i) => {
    const r = routes[i];
    const fine = touches(from, r[0], r[1]) && touches(to, r[r.length - 2], r[r.length - 1]);
    return fine ? [] : [i];
  });
}

describe('layering', () => {
  it('cuts at rows of one node that no line passes', () => {
    // 0 → 1 → 3, 0 → 2 → 3, 3 → 4: rows {0}, {1, 2}, {3}, {4}.
    const g = graph(5, [
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 3],
      [3, 4],
    ]);
    const layering = layeringOf(g);
    expect([...layering.row]).toEqual([0, 1, 1, 2, 3]);
    expect(partsOf(g, layering)).toEqual([
      { nodes: [0, 1, 2, 3], edges: [0, 1, 2, 3], top: null, bottom: 3 },
      { nodes: [3, 4], edges: [4], top: 3, bottom: null },
    ]);
  });

  it('puts a second input right above its reader, and leads far and backward edges elsewhere', () => {
    const chain: Edge[] = Array.from({ length: 30 }, (_, i) => [i, i + 1]);
    // 31 is read by the end only; 0 is also read by the end; the end leads back to 5.
    const g = graph(33, [...chain, [31, 32], [30, 32], [0, 32], [32, 5]]);
    const { row, far } = layeringOf(g);
    expect(row[31]).toBe(row[32] - 1);
    expect([...far.keys()].filter((i) => far[i] === 1)).toEqual([32, 33]);
  });
});

describe('layOut', () => {
  it('places equal blocks once, keeps what they share on one line, and touches every end', async () => {
    const g = residual(40);
    const { calls, place } = counted(real);
    const layout = await layOut(g, place);
    // Widths repeat every three nodes and heights every two, a block has three: two kinds of block.
    expect(calls.length).toBe(2);
    expect(overlaps(g, layout)).toEqual([]);
    expect(looseEnds(g, layout)).toEqual([]);
    const middles = Array.from({ length: 39 }, (_, b) => 3 * (b + 1)).map(
      (n) => layout.x[n] + g.sizes[n].width / 2,
    );
    expect(Math.max(...middles) - Math.min(...middles)).toBeLessThan(1e-6);
    for (const [from, to] of g.edges) expect(layout.y[from]).toBeLessThan(layout.y[to]);
    expect(layout.simpleNodes).toBe(0);
  });

  it('lays out 5,000 nodes in a row, which the library alone cannot', async () => {
    const g = residual(1667);
    const layout = await layOut(g, real);
    expect(g.sizes.length).toBeGreaterThan(5000);
    expect(overlaps(g, layout)).toEqual([]);
    expect(looseEnds(g, layout)).toEqual([]);
    expect(layout.simpleNodes).toBe(0);
  });

  it('falls back to the simple method for a part that is too large or that the library refuses', async () => {
    const width = MOST_NODES_A_PART + 5;
    const fan: Edge[] = Array.from({ length: width }, (_, i): Edge[] => [
      [0, i + 1],
      [i + 1, width + 1],
    ]).flat();
    const wide = graph(width + 2, fan);
    const layout = await layOut(wide, real);
    expect(layout.simpleNodes).toBe(width + 2);
    expect(overlaps(wide, layout)).toEqual([]);
    expect(looseEnds(wide, layout)).toEqual([]);

    const refused = residual(2);
    const simple = await layOut(refused, () =>
      Promise.reject(new RangeError('Maximum call stack size exceeded')),
    );
    // Two blocks of four that share one node.
    expect(simple.simpleNodes).toBe(8);
    expect(overlaps(refused, simple)).toEqual([]);
    expect(looseEnds(refused, simple)).toEqual([]);
  });

  it('draws a mask that every block reads beside the graph, and copes with nothing and with lone nodes', async () => {
    const base = residual(30);
    const mask = base.sizes.length;
    const g = graph(mask + 1, [
      ...base.edges.map(([a, b]): Edge => [a + 1, b + 1]),
      ...Array.from({ length: 30 }, (_, b): Edge => [0, 3 * b + 2]),
    ]);
    const layout = await layOut(g, real);
    expect(looseEnds(g, layout)).toEqual([]);
    expect(overlaps(g, layout)).toEqual([]);
    expect(await layOut(graph(0, []), real)).toMatchObject({ width: 0, height: 0 });
    const lone = graph(3, []);
    expect(overlaps(lone, await layOut(lone, real))).toEqual([]);
  });

  it('places simply without overlaps and with every edge downwards', () => {
    const g = residual(50);
    const layout = { ...simpleLayout(g), simpleNodes: 0 };
    expect(overlaps(g, layout)).toEqual([]);
    expect(looseEnds(g, layout)).toEqual([]);
    for (const [from, to] of g.edges) expect(layout.y[from]).toBeLessThan(layout.y[to]);
  });
});
