/** Outlines of graphs that can be checked by hand, of the bundled sample, and of many thousand nodes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../bytes/spans.ts';
import { floatTensor, graph, graphValue, model, node, valueInfo } from '../onnx/build.ts';
import type { Model, Node, Tensor } from '../onnx/ir.ts';
import { readModel } from '../onnx/read.ts';
import { projectDir } from '../testing/shared.ts';
import { outlineOf } from './outline.ts';

const F = 'float32' as const;
const zeros = (name: string, ...dims: number[]): Tensor =>
  floatTensor(name, dims, new Float32Array(dims.reduce((a, b) => a * b, 1)));

function made(nodes: readonly Node[], initializers: readonly Tensor[], more = {}): Model {
  return model(
    graph({
      nodes: [...nodes],
      initializers: [...initializers],
      inputs: [valueInfo('x', F, ['N', 16])],
      outputs: [valueInfo('y', F)],
      ...more,
    }),
  );
}

describe('outlineOf', () => {
  it('shows operators in topological order with their layers and bytes, and leaves constants out', () => {
    const outline = outlineOf(
      made(
        [
          node('Relu', ['h'], ['r'], { name: 'relu' }),
          node('MatMul', ['x', 'w'], ['h'], { name: 'first' }),
          node('Transpose', ['v'], ['vt']),
          node('MatMul', ['r', 'vt'], ['m'], { name: 'second' }),
          node('Add', ['m', 'h'], ['y'], { name: 'sum' }),
        ],
        [zeros('w', 16, 8), zeros('v', 8, 8)],
      ),
    );
    expect(outline.nodes).toEqual([
      { id: 0, name: 'first', opType: 'MatMul', layers: ['w'], weightBytes: 16 * 8 * 4 },
      { id: 1, name: 'relu', opType: 'Relu', layers: [], weightBytes: 0 },
      { id: 2, name: 'second', opType: 'MatMul', layers: ['v'], weightBytes: 8 * 8 * 4 },
      { id: 3, name: 'sum', opType: 'Add', layers: [], weightBytes: 0 },
    ]);
    expect(outline.edges).toEqual([
      { from: -1, to: 0, value: 'x' },
      { from: 0, to: 1, value: 'h' },
      { from: 1, to: 2, value: 'r' },
      { from: 2, to: 3, value: 'm' },
      { from: 0, to: 3, value: 'h' },
      { from: 3, to: -1, value: 'y' },
    ]);
    expect(outline).toMatchObject({ inputs: ['x'], outputs: ['y'] });
  });

  it('hides the chain that decodes a weight, whatever its operators', () => {
    const outline = outlineOf(
      made(
        [
          node('Cast', ['codes'], ['c']),
          node('Mul', ['c', 'scale'], ['w']),
          node('MatMul', ['x', 'w'], ['y'], { name: 'only' }),
        ],
        [zeros('codes', 16, 8), zeros('scale', 1)],
      ),
    );
    expect(outline.nodes.map(({ name }) => name)).toEqual(['only']);
    expect(outline.edges.map(({ value }) => value)).toEqual(['x', 'y']);
  });

  it('gives a layer inside a subgraph to the operator around it, and a captured value its edge', () => {
    const branch = (weight: string) =>
      graphValue(
        graph({
          nodes: [node('MatMul', ['x', weight], [`${weight}out`])],
          initializers: [zeros(weight, 16, 8)],
          outputs: [valueInfo(`${weight}out`, F)],
        }),
      );
    const outline = outlineOf(
      made(
        [
          node('ReduceMax', ['x'], ['m']),
          node('Cast', ['m'], ['c']),
          node('If', ['c'], ['y'], {
            name: 'either',
            attrs: { then_branch: branch('a'), else_branch: branch('b') },
          }),
        ],
        [],
      ),
    );
    expect(outline.nodes[2]).toEqual({
      id: 2,
      name: 'either',
      opType: 'If',
      layers: ['either/then_branch/a', 'either/else_branch/b'],
      weightBytes: 2 * 16 * 8 * 4,
    });
    expect(outline.edges).toContainEqual({ from: -1, to: 2, value: 'x' });
  });

  it('does not list formal initializer inputs, and names operators of other domains in full', () => {
    const outline = outlineOf(
      made(
        [node('Gelu', ['x'], ['h'], { domain: 'com.microsoft' }), node('MatMul', ['h', 'w'], ['y'])],
        [zeros('w', 16, 8)],
        { inputs: [valueInfo('x', F, ['N', 16]), valueInfo('w', F, [16, 8])] },
      ),
    );
    expect(outline.inputs).toEqual(['x']);
    expect(outline.nodes.map(({ opType }) => opType)).toEqual(['com.microsoft.Gelu', 'MatMul']);
  });

  it('has every layer of the sample exactly once', () => {
    const path = join(projectDir(), 'public/samples/digits/digits.onnx');
    const sample = readModel(new MemorySource(new Uint8Array(readFileSync(path))));
    const outline = outlineOf(sample);
    const layers = outline.nodes.flatMap((n) => n.layers);
    expect(new Set(layers).size).toBe(layers.length);
    expect(layers.length).toBeGreaterThan(10);
    for (const { from, to } of outline.edges) if (to >= 0) expect(from).toBeLessThan(to);
  });

  it('copes with a long chain and with hidden nodes that gather ever more weights', () => {
    const count = 20_000;
    const chain = Array.from({ length: count }, (_, i) =>
      node('Relu', [i === 0 ? 'x' : `h${i}`], [i === count - 1 ? 'y' : `h${i + 1}`]),
    );
    expect(outlineOf(made(chain, [])).edges).toHaveLength(count + 1);
    const weights = Array.from({ length: 400 }, (_, i) => zeros(`w${i}`, 8, 8));
    const gather = weights.map((_, i) => node('Concat', [`c${i}`, `w${i}`], [`c${i + 1}`]));
    const outline = outlineOf(
      made([node('Identity', ['w0'], ['c0']), ...gather, node('MatMul', ['x', 'c400'], ['y'])], weights),
    );
    expect(outline.nodes).toHaveLength(1);
  });
});
