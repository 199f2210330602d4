// Stretches of tall planes are swapped where that pays: outputs agree in the runtime, and what cannot be swapped stays.
import { describe, expect, it } from 'vitest';
import { graph, graphValue, int, int64Tensor, ints, node, valueInfo } from '../../onnx/build.ts';
import type { Node, Tensor } from '../../onnx/ir.ts';
import { simplify } from './pass.ts';
import { check, positive, sketch, weight, type Sketch } from './testing/harness.ts';

const C = 32;
const TALL = [1, C, 256, 4];

/** Something that simplify removes, so that a Transpose does not make the file larger. */
const ballast = node('Identity', ['x'], ['x0'], { name: 'ballast'.repeat(60) });
const depthwise = (from: string, to: string, attrs: Parameters<typeof node>[3] = {}): Node =>
  node('Conv', [from, `w_${to}`], [to], {
    attrs: { group: int(C), kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]), ...attrs.attrs },
  });
/** Each its own values: equal ones would be shared. */
const kernel = (to: string, dims: readonly number[] = [C, 1, 3, 3]): Tensor =>
  weight(`w_${to}`, dims, to.charCodeAt(0));

function net(nodes: readonly Node[], initializers: readonly Tensor[], more: Partial<Sketch> = {}) {
  return sketch({ nodes: [ballast, ...nodes], initializers, inputs: { x: TALL }, outputs: ['y'], ...more });
}
const turnedCount = (facts: Readonly<Record<string, unknown>>): unknown =>
  facts['kernels turned to longer rows'];

describe('planes that are taller than wide', () => {
  it('are swapped once where they come in, and not back behind a global pool', async () => {
    const before = net(
      [
        depthwise('x0', 'a'),
        node('Relu', ['a'], ['b']),
        node('Conv', ['b', 'w_c'], ['c'], { attrs: { kernel_shape: ints([1, 1]) } }),
        depthwise('c', 'd'),
        node('GlobalAveragePool', ['d'], ['y']),
      ],
      [kernel('a'), kernel('c', [C, C, 1, 1]), kernel('d')],
    );
    const { ops, outcome, model } = await check(before);
    expect(ops).toEqual(['Transpose', 'Conv', 'Relu', 'Conv', 'Conv', 'GlobalAveragePool']);
    expect(turnedCount(outcome.facts)).toBe(2);
    expect(outcome.changed).toContainEqual({ layer: 'w_a', note: 'rows and columns swapped' });
    // Once more changes nothing: the planes are wide now.
    expect((await check(model)).ops).toEqual(ops);
  });

  it('with kernels, strides, pads and dilations that differ between rows and columns', async () => {
    const attrs = {
      kernel_shape: ints([5, 2]),
      strides: ints([2, 1]),
      pads: ints([3, 1, 0, 2]),
      dilations: ints([2, 1]),
    };
    const before = net(
      [
        depthwise('x0', 'a', { attrs }),
        depthwise('a', 'b'),
        node('MaxPool', ['b'], ['c'], {
          attrs: { kernel_shape: ints([3, 2]), strides: ints([2, 1]), pads: ints([1, 0, 0, 1]) },
        }),
        depthwise('c', 'd'),
        node('ReduceMean', ['d'], ['y'], { attrs: { axes: ints([-1, 2]), keepdims: int(0) } }),
      ],
      [kernel('a', [C, 1, 5, 2]), kernel('b'), kernel('d')],
    );
    const { ops, outcome } = await check(before);
    expect(turnedCount(outcome.facts)).toBe(3);
    expect(ops).toEqual(['Transpose', 'Conv', 'Conv', 'MaxPool', 'Conv', 'ReduceMean']);
  });

  it('without the declared shape of a kernel, which is another one then', async () => {
    const before = net(
      [
        depthwise('x0', 'a', { attrs: { kernel_shape: ints([5, 2]), pads: ints([2, 0, 2, 1]) } }),
        node('GlobalAveragePool', ['a'], ['y']),
      ],
      [kernel('a', [C, 1, 5, 2])],
    );
    const declared = [valueInfo('w_a', 'float32', [C, 1, 5, 2])];
    const { model, outcome } = await check({ ...before, graph: { ...before.graph, valueInfos: declared } });
    expect(turnedCount(outcome.facts)).toBe(1);
    expect(model.graph.initializers.map(({ dims }) => dims)).toEqual([[C, 1, 2, 5]]);
    expect(model.graph.valueInfos).toEqual([]);
  });

  it('through residuals, branches, scales of a channel and a squeeze-and-excite block', async () => {
    const before = net(
      [
        depthwise('x0', 'a'),
        node('BatchNormalization', ['x0', 's', 'm', 'm', 'v'], ['n']),
        node('Add', ['a', 'n'], ['b']),
        node('GlobalAveragePool', ['b'], ['g']),
        node('Sigmoid', ['g'], ['e']),
        node('Mul', ['b', 'e'], ['f']),
        depthwise('f', 'h'),
        depthwise('f', 'i'),
        node('PRelu', ['i', 'slope'], ['j']),
        node('Concat', ['h', 'j'], ['k'], { attrs: { axis: int(-3) } }),
        node('GlobalMaxPool', ['k'], ['y']),
      ],
      [
        kernel('a'),
        kernel('h'),
        kernel('i'),
        positive('s', [C]),
        weight('m', [C]),
        positive('v', [C]),
        weight('slope', [C, 1, 1]),
      ],
    );
    const { ops, outcome } = await check(before);
    expect(turnedCount(outcome.facts)).toBe(3);
    expect(ops.filter((op) => op === 'Transpose')).toHaveLength(1);
  });

  it('are swapped back for a reader that needs the order, in a subgraph too', async () => {
    const branch = (name: string, from: string) =>
      graph({
        name,
        nodes: [node('Neg', [from], [`${name}_y`])],
        outputs: [valueInfo(`${name}_y`, 'float32')],
      });
    const before = net(
      [
        depthwise('x0', 'a'),
        depthwise('a', 'b'),
        depthwise('b', 'c'),
        node('ReduceMax', ['x'], ['most'], { attrs: { keepdims: int(0) } }),
        node('Greater', ['most', 'most'], ['no']),
        node('If', ['no'], ['d'], {
          attrs: { then_branch: graphValue(branch('t', 'b')), else_branch: graphValue(branch('e', 'c')) },
        }),
        node('Reshape', ['d', 'flat'], ['y']),
      ],
      [kernel('a'), kernel('b'), kernel('c'), int64Tensor('flat', [2], [1, -1])],
    );
    const { ops, outcome } = await check(before);
    expect(turnedCount(outcome.facts)).toBe(3);
    expect(ops.filter((op) => op === 'Transpose')).toHaveLength(3);
  });

  it('keep the names of outputs, and meet a Transpose that is there already', async () => {
    const before = net(
      [
        node('Transpose', ['x0'], ['t'], { attrs: { perm: ints([0, 3, 1, 2]) } }),
        depthwise('t', 'a'),
        depthwise('a', 'y'),
      ],
      [kernel('a'), kernel('y')],
      { inputs: { x: [1, 256, 4, C] } },
    );
    const { ops, outcome } = await check(before);
    expect(turnedCount(outcome.facts)).toBe(2);
    expect(ops).toEqual(['Transpose', 'Conv', 'Conv', 'Transpose']);
  });
});

describe('planes stay as they are', () => {
  const plain = (shape: readonly number[], nodes: readonly Node[] = [], more: readonly Tensor[] = []) =>
    net(
      [
        depthwise('x0', 'a'),
        ...(nodes.length > 0 ? nodes : [node('Relu', ['a'], ['b'])]),
        node('GlobalAveragePool', ['b'], ['y']),
      ],
      [kernel('a'), ...more],
      { inputs: { x: shape } },
    );
  const turnedOps = async (before: ReturnType<typeof plain>) =>
    (await check(before)).ops.filter((op) => op === 'Transpose').length;

  it('where they are wide, square, of unknown size, or where little would be gained', async () => {
    expect(await turnedOps(plain([1, C, 64, 4]))).toBe(1);
    expect(await turnedOps(plain([1, C, 4, 64]))).toBe(0);
    expect(await turnedOps(plain([1, C, 16, 16]))).toBe(0);
    expect(await turnedOps(plain([1, C, 8, 4]))).toBe(0);
    const free = plain([1, C, 'H', 4] as never);
    expect((await check(free, { otherDims: 64 })).ops).not.toContain('Transpose');
  });

  it('where the batch is free they are swapped all the same', async () => {
    const free = plain(['N', C, 64, 4] as never);
    expect((await check(free, { otherDims: 2 })).ops).toContain('Transpose');
  });

  it('where a constant differs along a row', async () => {
    const before = plain([1, C, 64, 4], [node('Mul', ['a', 'ramp'], ['b'])], [weight('ramp', [4])]);
    // Swapping back right behind the convolution eats the gain.
    expect(await turnedOps(before)).toBe(0);
  });

  it('where a batch norm has figures for each element (operator sets before 9)', async () => {
    const each = [C, 64, 4];
    const before = net(
      [
        depthwise('x0', 'a'),
        node('BatchNormalization', ['a', 's', 'm', 'm', 'v'], ['b'], { attrs: { spatial: int(0) } }),
        node('GlobalAveragePool', ['b'], ['y']),
      ],
      [kernel('a'), positive('s', each), weight('m', each), positive('v', each)],
      { inputs: { x: [1, ...each] }, init: { opset: 8 } },
    );
    // onnxruntime has no kernel for it, so that only the graph can be looked at.
    const { model: after } = await simplify(before, {
      runner: undefined,
      checkpoint: () => Promise.resolve(),
    });
    expect(after.graph.nodes.map(({ opType }) => opType)).toEqual([
      'Conv',
      'BatchNormalization',
      'GlobalAveragePool',
    ]);
  });

  it('where a kernel is shared with another reader', async () => {
    const shared = net(
      [
        depthwise('x0', 'a'),
        node('Conv', ['a', 'w_a'], ['b'], {
          attrs: { group: int(C), kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) },
        }),
        node('GlobalAveragePool', ['b'], ['y']),
      ],
      [kernel('a')],
    );
    expect(await turnedOps(shared)).toBe(0);
  });

  it('where the file would grow', async () => {
    const before = sketch({
      nodes: [depthwise('x', 'a'), depthwise('a', 'b'), node('GlobalAveragePool', ['b'], ['y'])],
      initializers: [kernel('a'), kernel('b')],
      inputs: { x: TALL },
      outputs: ['y'],
    });
    expect((await check(before)).ops).toEqual(['Conv', 'Conv', 'GlobalAveragePool']);
  });
});
