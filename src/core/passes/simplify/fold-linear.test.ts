// Batch norms, scales and shifts folded into the operators around them, and what must be left alone.
import { describe, expect, it } from 'vitest';
import { floatTensor, halfTensor, int, int64Tensor, float, ints, node, valueInfo } from '../../onnx/build.ts';
import type { Node, Tensor } from '../../onnx/ir.ts';
import { floatToHalf } from '../../tensor/float16.ts';
import { check, positive, random, sketch, weight } from './testing/harness.ts';

const norm = (x: string, y: string, prefix = 'bn'): Node =>
  node('BatchNormalization', [x, `${prefix}.g`, `${prefix}.b`, `${prefix}.m`, `${prefix}.v`], [y], {
    name: prefix,
  });
const stats = (channels: number, prefix = 'bn'): Tensor[] => [
  weight(`${prefix}.g`, [channels], 11),
  weight(`${prefix}.b`, [channels], 12),
  weight(`${prefix}.m`, [channels], 13),
  positive(`${prefix}.v`, [channels]),
];
const image = { x: ['N', 4, 6, 6] };

describe('batch normalization', () => {
  it('folds into the Conv before it, which keeps its name and its weight name', async () => {
    const conv = node('Conv', ['x', 'w'], ['c'], { name: 'first', attrs: { pads: ints([1, 1, 1, 1]) } });
    const done = await check(
      sketch({
        nodes: [conv, norm('c', 'y')],
        initializers: [weight('w', [8, 4, 3, 3]), ...stats(8)],
        inputs: image,
        outputs: ['y'],
      }),
    );
    expect(done.ops).toEqual(['Conv']);
    expect(done.model.graph.nodes[0]?.name).toBe('first');
    expect(done.model.graph.nodes[0]?.inputs.slice(0, 2)).toEqual(['x', 'w']);
    expect(done.outcome.facts['batch norms folded']).toBe(1);
  });

  it('folds into a grouped Conv with a bias', async () => {
    const conv = node('Conv', ['x', 'w', 'b'], ['c'], { attrs: { group: int(2) } });
    const initializers = [weight('w', [6, 2, 3, 3]), weight('b', [6], 2), ...stats(6)];
    const done = await check(
      sketch({ nodes: [conv, norm('c', 'y')], initializers, inputs: image, outputs: ['y'] }),
    );
    expect(done.ops).toEqual(['Conv']);
    expect(done.model.graph.nodes[0]?.inputs).toEqual(['x', 'w', 'b']);
  });

  it.each([1, 2])('folds into a ConvTranspose of %i groups', async (group) => {
    const conv = node('ConvTranspose', ['x', 'w'], ['c'], {
      attrs: { group: int(group), strides: ints([2, 2]) },
    });
    const channels = 3 * group;
    const initializers = [weight('w', [4, 3, 2, 2]), ...stats(channels)];
    const done = await check(
      sketch({ nodes: [conv, norm('c', 'y')], initializers, inputs: image, outputs: ['y'] }),
    );
    expect(done.ops).toEqual(['ConvTranspose']);
  });

  it.each([0, 1])('folds into a Gemm with transB = %i, alpha and beta', async (transB) => {
    const gemm = node('Gemm', ['x', 'w', 'b'], ['c'], {
      attrs: { transB: int(transB), alpha: float(0.5), beta: float(2) },
    });
    const initializers = [weight('w', transB === 1 ? [5, 4] : [4, 5]), weight('b', [5], 2), ...stats(5)];
    const done = await check(
      sketch({ nodes: [gemm, norm('c', 'y')], initializers, inputs: { x: ['N', 4] }, outputs: ['y'] }),
    );
    expect(done.ops).toEqual(['Gemm']);
  });

  it('turns a MatMul of matrices into a Gemm', async () => {
    const nodes = [node('MatMul', ['x', 'w'], ['c']), norm('c', 'y')];
    const done = await check(
      sketch({
        nodes,
        initializers: [weight('w', [4, 5]), ...stats(5)],
        inputs: { x: ['N', 4] },
        outputs: ['y'],
      }),
    );
    expect(done.ops).toEqual(['Gemm']);
  });

  it('folds into the Conv after it only without padding', async () => {
    const model = (pads: number[]) =>
      sketch({
        nodes: [norm('x', 'n'), node('Conv', ['n', 'w'], ['y'], { attrs: { pads: ints(pads) } })],
        initializers: [weight('w', [8, 4, 3, 3]), ...stats(4)],
        inputs: image,
        outputs: ['y'],
      });
    expect((await check(model([0, 0, 0, 0]))).ops).toEqual(['Conv']);
    const padded = await check(model([1, 1, 1, 1]), { tolerance: 0 });
    expect(padded.ops).toEqual(['BatchNormalization', 'Conv']);
    expect(padded.skipped.bn).toContain('padding');
  });

  it('stays when its input is a graph output or is read elsewhere', async () => {
    const conv = node('Conv', ['x', 'w'], ['c']);
    const initializers = [weight('w', [8, 4, 3, 3]), ...stats(8)];
    const given = await check(
      sketch({ nodes: [conv, norm('c', 'y')], initializers, inputs: image, outputs: ['y', 'c'] }),
      { tolerance: 0 },
    );
    expect(given.ops).toEqual(['Conv', 'BatchNormalization']);
    expect(given.skipped.bn).toBe('the value before it is used elsewhere too');
    const nodes = [conv, norm('c', 'n'), node('Mul', ['c', 'n'], ['y'])];
    const read = await check(sketch({ nodes, initializers, inputs: image, outputs: ['y'] }), {
      tolerance: 0,
    });
    expect(read.ops).toEqual(['Conv', 'BatchNormalization', 'Mul']);
  });

  it('stays when the weight is shared with an operator that is not folded alike', async () => {
    const nodes = [
      node('Conv', ['x', 'w'], ['c']),
      norm('c', 'n'),
      node('Conv', ['x', 'w'], ['d'], { attrs: { dilations: ints([2, 2]), pads: ints([1, 1, 1, 1]) } }),
      node('Add', ['n', 'd'], ['y']),
    ];
    const done = await check(
      sketch({
        nodes,
        initializers: [weight('w', [8, 4, 3, 3]), ...stats(8)],
        inputs: image,
        outputs: ['y'],
      }),
      { tolerance: 0 },
    );
    expect(done.ops).toContain('BatchNormalization');
    expect(done.skipped.bn).toBe('weight `w` is shared with other operators');
  });

  it('folds a shared weight when all of its readers are folded alike', async () => {
    const nodes = [
      node('Conv', ['x', 'w'], ['c']),
      norm('c', 'n'),
      node('Conv', ['z', 'w'], ['d']),
      { ...norm('d', 'm'), name: 'other' },
      node('Add', ['n', 'm'], ['y']),
    ];
    const inputs = { ...image, z: image.x };
    const done = await check(
      sketch({ nodes, initializers: [weight('w', [8, 4, 3, 3]), ...stats(8)], inputs, outputs: ['y'] }),
    );
    expect(done.ops).toEqual(['Conv', 'Conv', 'Add']);
    expect(done.model.graph.initializers.map((tensor) => tensor.name)).toHaveLength(2);
  });

  it('stays in training mode', async () => {
    const bn = node('BatchNormalization', ['c', 'bn.g', 'bn.b', 'bn.m', 'bn.v'], ['y', 'rm', 'rv'], {
      name: 'bn',
      attrs: { training_mode: int(1) },
    });
    const nodes = [node('Conv', ['x', 'w'], ['c']), bn];
    const done = await check(
      sketch({
        nodes,
        initializers: [weight('w', [8, 4, 3, 3]), ...stats(8)],
        inputs: image,
        outputs: ['y', 'rm', 'rv'],
      }),
      { tolerance: 0 },
    );
    expect(done.ops).toEqual(['Conv', 'BatchNormalization']);
    expect(done.skipped.bn).toBe('it is in training mode');
  });

  it('stays when a weight may be overridden by the caller', async () => {
    const before = sketch({
      nodes: [node('Conv', ['x', 'w'], ['c']), norm('c', 'y')],
      initializers: [weight('w', [8, 4, 3, 3]), ...stats(8)],
      inputs: image,
      outputs: ['y'],
    });
    const listed = {
      ...before,
      graph: { ...before.graph, inputs: [...before.graph.inputs, valueInfo('w', 'float32', [8, 4, 3, 3])] },
    };
    const done = await check(listed, { tolerance: 0 });
    expect(done.ops).toEqual(['Conv', 'BatchNormalization']);
    expect(done.skipped.w).toBe('weight `w` is also a graph input');
    expect(done.model.graph.inputs.map((input) => input.name)).toEqual(['x', 'w']);
  });

  it('folds and unlists when all initializers are listed out of habit', async () => {
    const initializers = [weight('w', [8, 4, 3, 3]), ...stats(8)];
    const before = sketch({
      nodes: [node('Conv', ['x', 'w'], ['c']), norm('c', 'y')],
      initializers,
      inputs: image,
      outputs: ['y'],
    });
    const listed = initializers.map((tensor) => valueInfo(tensor.name, 'float32', tensor.dims));
    const habit = {
      ...before,
      irVersion: 3,
      opsets: [{ domain: '', version: 8 }],
      graph: { ...before.graph, inputs: [...before.graph.inputs, ...listed] },
    };
    const done = await check(habit);
    expect(done.ops).toEqual(['Conv']);
    expect(done.model.irVersion).toBe(4);
    expect(done.model.graph.inputs.map((input) => input.name)).toEqual(['x']);
  });

  it('folds in float16 with one rounding of each weight', async () => {
    const half = (name: string, dims: number[], seed: number, low = -1): Tensor => {
      const next = random(seed);
      const size = dims.reduce((total, dim) => total * dim, 1);
      return halfTensor(
        name,
        dims,
        Uint16Array.from({ length: size }, () => floatToHalf(low + 2 * next())),
      );
    };
    const nodes = [
      node('Cast', ['x'], ['h'], { attrs: { to: int(10) } }),
      node('Conv', ['h', 'w'], ['c']),
      norm('c', 'n'),
      node('Cast', ['n'], ['y'], { attrs: { to: int(1) } }),
    ];
    const initializers = [
      half('w', [8, 4, 3, 3], 1),
      half('bn.g', [8], 2),
      half('bn.b', [8], 3),
      half('bn.m', [8], 4),
      half('bn.v', [8], 5, 0.5),
    ];
    // Weights of binary16 have 11 bits: 36 products with a relative error of 2⁻¹¹ each, adding up like √36, and the
    // activations themselves are rounded to binary16 by either model: 8 · 2⁻¹¹.
    const done = await check(sketch({ nodes, initializers, inputs: image, outputs: ['y'] }), {
      tolerance: 8 * 2 ** -11,
    });
    expect(done.ops).toEqual(['Cast', 'Conv', 'Cast']);
  });
});

describe('scales and shifts', () => {
  it('fold into the Conv before, one after the other', async () => {
    const nodes = [
      node('Conv', ['x', 'w'], ['c']),
      node('Mul', ['s', 'c'], ['d']),
      node('Add', ['d', 't'], ['e']),
      node('Div', ['e', 'two'], ['f']),
      node('Sub', ['one', 'f'], ['g']),
      node('Neg', ['g'], ['y']),
    ];
    const initializers = [
      weight('w', [8, 4, 3, 3]),
      weight('s', [1, 8, 1, 1], 2),
      weight('t', [8, 1, 1], 3),
      floatTensor('two', [], [2.5]),
      floatTensor('one', [1], [0.75]),
    ];
    const done = await check(sketch({ nodes, initializers, inputs: image, outputs: ['y'] }));
    expect(done.ops).toEqual(['Conv']);
  });

  it('stay when they run along another axis', async () => {
    const nodes = [node('Conv', ['x', 'w'], ['c']), node('Mul', ['c', 's'], ['y'])];
    const done = await check(
      sketch({
        nodes,
        initializers: [weight('w', [4, 4, 3, 3]), weight('s', [4], 2)],
        inputs: image,
        outputs: ['y'],
      }),
      { tolerance: 0 },
    );
    expect(done.ops).toEqual(['Conv', 'Mul']);
  });

  it('stay when the constant widens the value', async () => {
    const nodes = [node('Conv', ['x', 'w'], ['c']), node('Mul', ['c', 's'], ['y'])];
    const done = await check(
      sketch({
        nodes,
        initializers: [weight('w', [1, 4, 3, 3]), weight('s', [1, 5, 1, 1], 2)],
        inputs: image,
        outputs: ['y'],
      }),
      { tolerance: 0 },
    );
    expect(done.ops).toEqual(['Conv', 'Mul']);
  });

  it('a scale passes into a padded Conv after it, a shift does not', async () => {
    const model = (op: string) =>
      sketch({
        nodes: [
          node('Relu', ['x'], ['r']),
          node(op, ['r', 's'], ['n']),
          node('Conv', ['n', 'w'], ['y'], { attrs: { pads: ints([1, 1, 1, 1]), group: int(2) } }),
        ],
        initializers: [weight('w', [8, 2, 3, 3]), weight('s', [4, 1, 1], 2)],
        inputs: image,
        outputs: ['y'],
      });
    expect((await check(model('Mul'))).ops).toEqual(['Relu', 'Conv']);
    expect((await check(model('Add'), { tolerance: 0 })).ops).toEqual(['Relu', 'Add', 'Conv']);
  });

  it('MatMul + Add is a Gemm for matrices only', async () => {
    const model = (shape: (number | string)[]) =>
      sketch({
        nodes: [node('MatMul', ['x', 'w'], ['c']), node('Add', ['c', 'b'], ['y'])],
        initializers: [weight('w', [4, 5]), weight('b', [5], 2)],
        inputs: { x: shape },
        outputs: ['y'],
      });
    expect((await check(model(['N', 4]))).ops).toEqual(['Gemm']);
    expect((await check(model(['N', 3, 4]), { tolerance: 0 })).ops).toEqual(['MatMul', 'Add']);
  });

  it('a scale folds into a MatMul of any rank', async () => {
    const done = await check(
      sketch({
        nodes: [node('MatMul', ['x', 'w'], ['c']), node('Mul', ['c', 's'], ['y'])],
        initializers: [weight('w', [4, 5]), weight('s', [5], 2)],
        inputs: { x: ['N', 3, 4] },
        outputs: ['y'],
      }),
    );
    expect(done.ops).toEqual(['MatMul']);
  });

  it('a fold that would overflow is refused', async () => {
    const done = await check(
      sketch({
        nodes: [
          node('Conv', ['x', 'w'], ['c'], { name: 'conv' }),
          node('Mul', ['c', 's'], ['m'], { name: 'scale' }),
          node('Tanh', ['m'], ['y']),
        ],
        initializers: [floatTensor('w', [1, 4, 1, 1], [1e30, 0, 0, 0]), floatTensor('s', [], [1e30])],
        inputs: image,
        outputs: ['y'],
      }),
    );
    expect(done.ops).toEqual(['Conv', 'Mul', 'Tanh']);
    expect(done.skipped.scale).toContain('overflow');
  });

  it('integers are left alone', async () => {
    const nodes = [
      node('Mul', ['x', 'ten'], ['large']),
      node('Cast', ['large'], ['i'], { attrs: { to: int(7) } }),
      node('Div', ['i', 'three'], ['a']),
      node('Mul', ['a', 'three'], ['y']),
    ];
    const initializers = [floatTensor('ten', [], [10]), int64Tensor('three', [], [3])];
    const before = sketch({ nodes, initializers, inputs: image, outputs: ['y'], outputType: 'int64' });
    expect((await check(before, { tolerance: 0 })).ops).toEqual(['Mul', 'Cast', 'Div', 'Mul']);
  });
});

describe('scales and shifts without a weight nearby', () => {
  const two = (a: string, b: string, first: number, second: number) =>
    sketch({
      nodes: [node('Relu', ['x'], ['r']), node(a, ['r', 'p'], ['m']), node(b, ['m', 'q'], ['y'])],
      initializers: [floatTensor('p', [1, 4, 1, 1], [first, 1, 2, 3]), floatTensor('q', [], [second])],
      inputs: image,
      outputs: ['y'],
    });
  it('merge: scales with scales, shifts with shifts', async () => {
    expect((await check(two('Mul', 'Div', 0.5, 3))).ops).toEqual(['Relu', 'Mul']);
    expect((await check(two('Add', 'Sub', 0.5, -3))).ops).toEqual(['Relu', 'Add']);
    expect((await check(two('Mul', 'Add', 0.5, 3), { tolerance: 0 })).ops).toEqual(['Relu', 'Mul', 'Add']);
  });
  it('do not merge when the sums cancel', async () => {
    expect((await check(two('Add', 'Sub', 65504, 65503), { tolerance: 0 })).ops).toEqual([
      'Relu',
      'Add',
      'Sub',
    ]);
  });
});
