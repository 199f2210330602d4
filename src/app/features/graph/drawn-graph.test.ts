/** What is written on nodes, which lines there are, where keys and the viewport lead. */
import { describe, expect, it } from 'vitest';
import type { GraphOutline, LayerSummary } from '../../../worker/api.ts';
import { drawnGraph, shortened } from './drawn-graph.ts';
import type { Layout } from './layout-types.ts';
import { neighboursOf, nextNode } from './navigate.ts';
import { spatialIndex } from './spatial.ts';
import { fitted, kept, opening, revealing, visibleBox, zoomed } from './viewport.ts';

const layer = (id: string, op: string): LayerSummary => ({
  id,
  label: `${id}.label`,
  op,
  dims: [4, 4],
  dataType: 'float32',
  elements: 16,
  weightBytes: 64,
});

const outline: GraphOutline = {
  nodes: [
    { id: 0, name: 'conv', opType: 'Conv', layers: ['w'], weightBytes: 64 },
    { id: 1, name: 'square', opType: 'Mul', layers: [], weightBytes: 0 },
    { id: 2, name: 'lstm', opType: 'LSTM', layers: ['w', 'r'], weightBytes: 128 },
  ],
  edges: [
    { from: -1, to: 0, value: 'x' },
    { from: 0, to: 1, value: 'a' },
    { from: 0, to: 1, value: 'b' },
    { from: 1, to: 2, value: 'c' },
    { from: 2, to: -1, value: 'y' },
    // An input that goes straight out.
    { from: -1, to: -1, value: 'z' },
  ],
  inputs: ['x', 'z'],
  outputs: ['y', 'z'],
};

describe('drawnGraph', () => {
  const graph = drawnGraph(outline, [layer('w', 'Conv 3×3'), layer('r', 'LSTM')]);
  it('names operators by their layer, or by how many they have', () => {
    expect(graph.nodes.map(({ title, subtitle }) => `${title}|${subtitle}`)).toEqual([
      'input|x',
      'input|z',
      'Conv 3×3|w.label',
      'Mul|',
      'LSTM|2 weights',
      'output|y',
      'output|z',
    ]);
    expect(graph.nodesOfLayer.get('w')).toEqual([2, 4]);
  });
  it('draws several values between two nodes as one line', () => {
    expect(graph.layout.edges).toEqual([
      [0, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [1, 6],
    ]);
    expect(graph.values[1]).toEqual(['a', 'b']);
  });
});

describe('shortened', () => {
  it('keeps both ends', () => {
    expect(shortened('block5.pointwise/conv', 11)).toBe('block…/conv');
    expect(shortened('short', 11)).toBe('short');
    expect(shortened('anything', 1)).toBe('…');
  });
});

/*
 *   0
 *  1 2
 *   3
 */
const sizes = Array.from({ length: 4 }, () => ({ width: 80, height: 20 }));
const diamond = {
  sizes,
  edges: [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
  ] as const,
};
const layout: Layout = {
  x: [60, 0, 120, 60],
  y: [0, 50, 50, 100],
  routes: diamond.edges.map(([a, b]) => [a * 10, 20, b * 10, 50]),
  width: 200,
  height: 120,
  simpleNodes: 0,
};

describe('nextNode', () => {
  const go = (node: number, direction: Parameters<typeof nextNode>[1]): number =>
    nextNode(node, direction, diamond, layout, neighboursOf(diamond));
  it('follows edges down and up, and stays at the ends', () => {
    expect(go(0, 'down')).toBe(1);
    expect(go(2, 'down')).toBe(3);
    expect(go(3, 'up')).toBe(1);
    expect(go(0, 'up')).toBe(0);
    expect(go(3, 'down')).toBe(3);
  });
  it('goes sideways among what stands at the same height', () => {
    expect(go(1, 'right')).toBe(2);
    expect(go(2, 'left')).toBe(1);
    expect(go(1, 'left')).toBe(1);
    expect(go(0, 'right')).toBe(0);
  });
  it('jumps to the first and the last', () => {
    expect(go(2, 'first')).toBe(0);
    expect(go(0, 'last')).toBe(3);
  });
});

describe('spatialIndex', () => {
  it('finds nodes and lines in a box and the node at a place', () => {
    const index = spatialIndex(diamond, layout);
    expect(index.nodesIn({ x: 0, y: 0, width: 50, height: 120 })).toEqual([1]);
    expect(index.nodesIn({ x: 0, y: 0, width: 200, height: 120 })).toEqual([0, 1, 2, 3]);
    expect(index.edgesIn({ x: 0, y: 0, width: 1, height: 1 })).toHaveLength(4);
    expect(index.nodeAt(130, 55)).toBe(2);
    expect(index.nodeAt(100, 55)).toBeUndefined();
    expect(index.nodeAt(-5, 1e9)).toBeUndefined();
  });
  it('does not look at what is far away', () => {
    const count = 5000;
    const tall = {
      sizes: Array.from({ length: count }, () => ({ width: 80, height: 20 })),
      edges: Array.from({ length: count - 1 }, (_, i) => [i, i + 1] as const),
    };
    const long: Layout = {
      x: new Array<number>(count).fill(0),
      y: Array.from({ length: count }, (_, i) => i * 60),
      routes: tall.edges.map(([i]) => [40, i * 60 + 20, 40, i * 60 + 60]),
      width: 80,
      height: count * 60,
      simpleNodes: 0,
    };
    const index = spatialIndex(tall, long);
    const box = { x: 0, y: 100_000, width: 500, height: 600 };
    // 600 px are ten rows; bands of 400 px add at most two bands' worth.
    expect(index.nodesIn(box).length).toBeLessThan(30);
    expect(index.edgesIn(box).length).toBeLessThan(30);
    expect(index.nodesIn(box)).toContain(Math.ceil(100_000 / 60));
  });
});

describe('viewport', () => {
  const screen = { width: 400, height: 300 };
  it('fits the whole drawing without enlarging it', () => {
    expect(fitted({ width: 100, height: 100 }, screen)).toEqual({ scale: 1, left: 150, top: 100 });
    const tall = fitted({ width: 100, height: 26_800 }, screen);
    // 300 px less 16 on either side.
    expect(tall.scale).toBeCloseTo(268 / 26_800, 12);
    expect(opening({ width: 100, height: 26_800 }, screen, 50)).toEqual({ scale: 1, left: 150, top: 16 });
  });
  it('keeps the place under the pointer when it zooms', () => {
    const before = { scale: 0.5, left: 20, top: 30 };
    const after = zoomed(before, 1.7, 120, 90);
    const at = (v: typeof before): readonly number[] => [(120 - v.left) / v.scale, (90 - v.top) / v.scale];
    at(after).forEach((value, i) => expect(value).toBeCloseTo(at(before)[i], 9));
  });
  it('does not let the drawing out of sight', () => {
    const far = kept({ scale: 1, left: -9999, top: 9999 }, { width: 100, height: 100 }, screen);
    expect(far).toEqual({ scale: 1, left: 40 - 100, top: 300 - 40 });
  });
  it('reveals by moving no more than it must, and makes it readable', () => {
    const view = { scale: 1, left: 0, top: 0 };
    const box = { x: 100, y: 100, width: 50, height: 20 };
    expect(revealing(view, box, screen)).toEqual(view);
    expect(revealing(view, { ...box, y: 900 }, screen).top).toBe(-(900 + 20 - (300 - 50)));
    const small = revealing({ scale: 0.01, left: 0, top: 0 }, { ...box, y: 9000 }, screen);
    expect(small.scale).toBeCloseTo(0.8, 12);
    const seen = visibleBox(small, screen);
    expect(seen.y).toBeLessThan(9000);
    expect(seen.y + seen.height).toBeGreaterThan(9020);
  });
});
