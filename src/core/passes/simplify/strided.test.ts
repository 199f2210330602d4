// Picking an index behind reshapes and transposes becomes a strided slice where it is one, and stays where it is not.
import { describe, expect, it } from 'vitest';
import { int, int64Tensor, ints, node } from '../../onnx/build.ts';
import { check, sketch } from './testing/harness.ts';

/** Channel shuffle in two groups, then one half: the split of ShuffleNet. */
function shuffle(index: number, perm: number[], opset = 17) {
  const nodes = [
    node('Tanh', ['x'], ['t']),
    node('Reshape', ['t', 'apart'], ['a']),
    node('Transpose', ['a'], ['b'], { attrs: { perm: ints(perm) } }),
    node('Reshape', ['b', 'together'], ['c']),
    node('Gather', ['c', 'index'], ['g'], { attrs: { axis: int(0) } }),
    node('Relu', ['g'], ['y']),
  ];
  const initializers = [
    int64Tensor('apart', [3], [4, 2, 30]),
    int64Tensor('together', [5], [2, 1, 4, 5, 6]),
    int64Tensor('index', [], [index]),
  ];
  return sketch({ nodes, initializers, inputs: { x: [1, 8, 5, 6] }, outputs: ['y'], init: { opset } });
}
const exact = { tolerance: 0 };

describe('strided slices', () => {
  it.each([0, 1, -1])('half %i of a channel shuffle is every second channel', async (index) => {
    expect((await check(shuffle(index, [1, 0, 2]), exact)).ops).toEqual(['Tanh', 'Slice', 'Relu']);
  });
  it('not in an operator set whose Slice has no steps', async () => {
    expect((await check(shuffle(0, [1, 0, 2], 9), exact)).ops).toContain('Gather');
  });
  it('not when elements change their order', async () => {
    // Rows of 4 × 2 read as 2 × 4 after turning the planes: no single axis of x holds them.
    const before = shuffle(0, [1, 2, 0]);
    expect((await check(before, exact)).ops).toContain('Gather');
  });
  it('not with a free batch', async () => {
    const before = shuffle(0, [1, 0, 2]);
    const [x] = before.graph.inputs;
    const type = { ...x.type!, shape: ['N', 8, 5, 6] };
    const open = { ...before, graph: { ...before.graph, inputs: [{ ...x, type }] } };
    expect((await check(open, exact)).ops).toContain('Gather');
  });
  it('a Gather of one channel keeps its axis only when the shape says so', async () => {
    const nodes = [
      node('Gather', ['x', 'index'], ['g'], { attrs: { axis: int(1) } }),
      node('Relu', ['g'], ['y']),
    ];
    const before = sketch({
      nodes,
      initializers: [int64Tensor('index', [], [2])],
      inputs: { x: [1, 8, 5] },
      outputs: ['y'],
    });
    expect((await check(before, exact)).ops).toEqual(['Gather', 'Relu']);
  });
});
