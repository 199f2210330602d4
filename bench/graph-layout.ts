/**
 * The graph view's layout beside elkjs on the whole graph, in one run: residual blocks, blocks with four branches, and
 * blocks that all read one mask. Prints milliseconds, width and what failed. `npm run bench -- graph-layout`
 */
import ELK from 'elkjs';
import { elkPlacer } from '../src/app/features/graph/elk-place.ts';
import { layOut } from '../src/app/features/graph/layout.ts';
import type { LayoutGraph } from '../src/app/features/graph/layout-types.ts';
import { spatialIndex } from '../src/app/features/graph/spatial.ts';

type Edge = readonly [number, number];

const graphOf = (count: number, edges: readonly Edge[]): LayoutGraph => ({
  sizes: Array.from({ length: count }, (_, i) => ({ width: i % 2 === 0 ? 168 : 96, height: 42 })),
  edges,
});

/** Two operators and a sum. */
function residual(nodes: number): LayoutGraph {
  const edges: Edge[] = [];
  let last = 0;
  while (last + 3 < nodes) {
    edges.push([last, last + 1], [last + 1, last + 2], [last + 2, last + 3], [last, last + 3]);
    last += 3;
  }
  return graphOf(last + 1, edges);
}

/** Branches of one, two, three and four operators, joined. */
function branches(nodes: number): LayoutGraph {
  const edges: Edge[] = [];
  let last = 0;
  while (last + 11 < nodes) {
    const join = last + 11;
    let next = last + 1;
    for (const length of [1, 2, 3, 4]) {
      for (let k = 0; k < length; k++, next++) edges.push([k === 0 ? last : next - 1, next]);
      edges.push([next - 1, join]);
    }
    last = join;
  }
  return graphOf(last + 1, edges);
}

/** Residual blocks whose first operator also reads node 0. */
function masked(nodes: number): LayoutGraph {
  const { sizes, edges } = residual(nodes - 1);
  const moved = edges.map(([a, b]): Edge => [a + 1, b + 1]);
  for (let first = 2; first < sizes.length; first += 3) moved.push([0, first]);
  return graphOf(sizes.length + 1, moved);
}

const place = elkPlacer(new ELK());
// The library compiles itself on first use.
await layOut(branches(40), place);

const timed = async (work: () => Promise<{ readonly width: number }>): Promise<string> => {
  const start = performance.now();
  try {
    const { width } = await work();
    return `${(performance.now() - start).toFixed(0)} ms, ${width.toFixed(0)} px wide`;
  } catch (error) {
    return `failed after ${(performance.now() - start).toFixed(0)} ms: ${error instanceof Error ? error.message : String(error)}`;
  }
};

for (const [name, make] of Object.entries({ residual, branches, masked })) {
  for (const nodes of [300, 1000, 5000]) {
    const graph = make(nodes);
    const start = performance.now();
    const layout = await layOut(graph, place);
    const millis = performance.now() - start;
    const index = spatialIndex(graph, layout);
    const screen = { x: 0, y: layout.height / 2, width: 760, height: 440 };
    console.log(
      `${name}, ${graph.sizes.length} nodes: cut into parts ${millis.toFixed(0)} ms, ${layout.width.toFixed(0)} px wide, ` +
        `${layout.simpleNodes} placed simply, ${index.nodesIn(screen).length} nodes to draw on a screen`,
    );
    // One call cannot be stopped, and 1,000 masked nodes had not ended after the 100 seconds that one run gave them.
    const whole =
      name === 'masked' && nodes > 300
        ? 'not tried: one call cannot be stopped'
        : await timed(() => place(graph));
    console.log(`  elkjs on the whole: ${whole}`);
  }
}
