// Constant folding by shape and by running, branches, housekeeping, and what must not be folded.
import { describe, expect, it } from 'vitest';
import type { GraphRunner } from '../../onnx/graph-runner.ts';
import {
  boolTensor,
  constantNode,
  floatTensor,
  graph,
  graphValue,
  int,
  int64Tensor,
  ints,
  model,
  node,
  tensorValue,
  text,
  uint8Tensor,
  valueInfo,
} from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { simplify } from './pass.ts';
import { check, runner, sketch, weight } from './testing/harness.ts';

const image = { x: ['N', 4, 6, 6] };
const exact = { tolerance: 0 };

/** A runner that counts its calls. */
function counting(): { runner: GraphRunner; calls: () => number } {
  let calls = 0;
  const counted: GraphRunner = {
    ...runner,
    run: (...args) => {
      calls++;
      return runner.run(...args);
    },
  };
  return { runner: counted, calls: () => calls };
}
const quietly = (model: Model, given: GraphRunner | undefined) =>
  simplify(model, { runner: given, checkpoint: () => Promise.resolve() });

describe('folding by shape', () => {
  const flattening = sketch({
    nodes: [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'first'], ['n']),
      node('Unsqueeze', ['n', 'axis'], ['nu']),
      node('Concat', ['nu', 'rest'], ['target'], { attrs: { axis: int(0) } }),
      node('Reshape', ['x', 'target'], ['r']),
      node('Tanh', ['r'], ['y']),
    ],
    initializers: [
      int64Tensor('first', [], [0]),
      int64Tensor('axis', [1], [0]),
      int64Tensor('rest', [1], [-1]),
    ],
    inputs: image,
    outputs: ['y'],
  });

  it('needs no runtime', async () => {
    const { runner: counted, calls } = counting();
    const outcome = await quietly(flattening, counted);
    expect(outcome.model.graph.nodes.map((n) => n.opType)).toEqual(['Reshape', 'Tanh']);
    expect(calls()).toBe(0);
    expect((await check(flattening, { ...exact, otherDims: 3 })).ops).toEqual(['Reshape', 'Tanh']);
  });

  it('knows one size where others are free', async () => {
    const nodes = [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'one'], ['c']),
      node('Cast', ['c'], ['f'], { attrs: { to: int(1) } }),
      node('Mul', ['x', 'f'], ['y']),
    ];
    const done = await check(
      sketch({ nodes, initializers: [int64Tensor('one', [], [1])], inputs: image, outputs: ['y'] }),
      exact,
    );
    expect(done.ops).toEqual(['Mul']);
  });

  it('leaves the product of free sizes alone', async () => {
    const nodes = [node('Shape', ['x'], ['s']), node('Cast', ['s'], ['y'], { attrs: { to: int(1) } })];
    const done = await check(sketch({ nodes, inputs: image, outputs: ['y'] }), { ...exact, otherDims: 3 });
    expect(done.ops).toEqual(['Shape', 'Cast']);
  });

  it('does not believe that equal names of free sizes are equal sizes', async () => {
    const nodes = [node('Shape', ['x'], ['s']), node('Reshape', ['z', 's'], ['y'])];
    const done = await check(sketch({ nodes, inputs: { x: ['N', 'M'], z: ['N', 'M'] }, outputs: ['y'] }), {
      ...exact,
      freeDims: { 'x#0': 2, 'x#1': 3, 'z#0': 3, 'z#1': 2 },
    });
    expect(done.ops).toEqual(['Shape', 'Reshape']);
  });
});

describe('folding by running', () => {
  it('runs all constant parts once and stores only what is read', async () => {
    const { runner: counted, calls } = counting();
    const nodes = [
      node('Transpose', ['w'], ['wt'], { attrs: { perm: ints([1, 0]) } }),
      node('Exp', ['wt'], ['we']),
      node('MatMul', ['x', 'we'], ['a']),
      node('Sqrt', ['v'], ['vs']),
      node('Add', ['a', 'vs'], ['b']),
      node('Tanh', ['b'], ['y']),
    ];
    const before = sketch({
      nodes,
      initializers: [weight('w', [5, 4]), floatTensor('v', [5], [1, 2, 3, 4, 5])],
      inputs: { x: ['N', 4] },
      outputs: ['y'],
    });
    const outcome = await quietly(before, counted);
    expect(calls()).toBe(1);
    expect(outcome.model.graph.nodes.map((n) => n.opType)).toEqual(['Gemm', 'Tanh']);
    expect(outcome.model.graph.initializers).toHaveLength(2);
    await check(before);
  });

  it('leaves alone what would grow the file: decoders, Expand, ConstantOfShape', async () => {
    const codes = uint8Tensor(
      'codes',
      [64, 64],
      Uint8Array.from({ length: 4096 }, (_, i) => i % 251),
    );
    const nodes = [
      node('Cast', ['codes'], ['f'], { attrs: { to: int(1) } }),
      node('Mul', ['f', 'scale'], ['w']),
      node('MatMul', ['x', 'w'], ['a']),
      node('ConstantOfShape', ['shape'], ['zeros'], {
        attrs: { value: tensorValue(floatTensor('', [1], [0.5])) },
      }),
      node('Add', ['a', 'zeros'], ['y']),
    ];
    const initializers = [
      codes,
      floatTensor(
        'scale',
        [1, 64],
        Array.from({ length: 64 }, (_, i) => 0.01 * (i + 1)),
      ),
      int64Tensor('shape', [2], [40, 64]),
    ];
    const done = await check(sketch({ nodes, initializers, inputs: { x: [40, 64] }, outputs: ['y'] }), exact);
    expect(done.ops).toEqual(['Cast', 'Mul', 'MatMul', 'ConstantOfShape', 'Add']);
  });

  it('does not compute a Range of many elements, whole or not', async () => {
    const ranged = (limit: number) =>
      sketch({
        nodes: [
          node('Range', ['start', 'limit', 'delta'], ['steps']),
          node('ReduceSum', ['steps'], ['sum'], { attrs: { keepdims: int(0) } }),
          node('Add', ['x', 'sum'], ['y']),
        ],
        initializers: [
          floatTensor('start', [], [0]),
          floatTensor('limit', [], [limit]),
          floatTensor('delta', [], [0.5]),
        ],
        inputs: image,
        outputs: ['y'],
      });
    const many = counting();
    const left = await quietly(ranged(1e9), many.runner);
    expect(many.calls()).toBe(0);
    expect(left.model.graph.nodes.map(({ opType }) => opType)).toEqual(['Range', 'ReduceSum', 'Add']);
    const few = await check(ranged(3));
    expect(few.ops).toEqual(['Add']);
  });

  it('says what it could not fold without a runtime', async () => {
    const nodes = [node('Exp', ['w'], ['e']), node('Mul', ['x', 'e'], ['y'])];
    const outcome = await quietly(
      sketch({ nodes, initializers: [weight('w', [6])], inputs: image, outputs: ['y'] }),
      undefined,
    );
    expect(outcome.facts['not folded']).toContain('1 constant node');
  });

  it('folds the rest when the runtime refuses one operator', async () => {
    // An index out of range is refused when it runs.
    const nodes = [
      node('Gather', ['w', 'far'], ['bad'], { name: 'bad' }),
      node('Exp', ['w'], ['e'], { name: 'an_exponential_with_a_name' }),
      node('Sqrt', ['e'], ['good'], { name: 'a_square_root_with_a_name' }),
      node('Add', ['good', 'bad'], ['sum']),
      node('Mul', ['x', 'good'], ['a']),
      node('Add', ['a', 'sum'], ['y']),
    ];
    const before = sketch({
      nodes,
      initializers: [weight('w', [6]), int64Tensor('far', [], [99])],
      inputs: image,
      outputs: ['y'],
    });
    const outcome = await quietly(before, runner);
    expect(outcome.model.graph.nodes.map((n) => n.opType)).not.toContain('Exp');
    expect(outcome.skipped.map(({ layer }) => layer)).toContain('bad');
  });

  it('never folds draws', async () => {
    const nodes = [
      node('RandomNormal', [], ['r'], { attrs: { shape: ints([6]) } }),
      node('RandomNormal', [], ['q'], { attrs: { shape: ints([6]) } }),
      node('Add', ['r', 'q'], ['s']),
      node('Mul', ['x', 's'], ['y']),
    ];
    const outcome = await quietly(sketch({ nodes, inputs: image, outputs: ['y'] }), runner);
    expect(outcome.model.graph.nodes.map((n) => n.opType)).toEqual([
      'RandomNormal',
      'RandomNormal',
      'Add',
      'Mul',
    ]);
  });
});

describe('branches', () => {
  const branch = (op: string, extra: string) =>
    graph({
      name: op,
      nodes: [
        node(op, ['a', extra], ['t'], { name: 'inner' }),
        node('Tanh', ['t'], ['out'], { name: 'last' }),
      ],
      initializers: [floatTensor(extra, [], [2])],
      outputs: [valueInfo('out', 'float32')],
    });
  const choosing = (condition: boolean | undefined) =>
    sketch({
      nodes: [
        node('Relu', ['x'], ['a'], { name: 'inner' }),
        node('If', ['c'], ['y'], {
          name: 'choice',
          attrs: { then_branch: graphValue(branch('Mul', 'k')), else_branch: graphValue(branch('Add', 'k')) },
        }),
      ],
      ...(condition === undefined ? {} : { initializers: [boolTensor('c', [], [condition])] }),
      inputs: image,
      outputs: ['y'],
    });
  it.each([true, false])('a constant condition (%s) inlines its branch', async (condition) => {
    const done = await check(choosing(condition), exact);
    expect(done.ops).toEqual(['Relu', condition ? 'Mul' : 'Add', 'Tanh']);
    expect(new Set(done.model.graph.nodes.map((n) => n.name)).size).toBe(3);
  });
  it('an open condition stays, equal constants of both branches are kept once each', async () => {
    const open = choosing(undefined);
    const main = { ...open.graph, inputs: [...open.graph.inputs, valueInfo('c', 'bool', [])] };
    const done = await check({ ...open, graph: main }, exact);
    expect(done.ops).toEqual(['Relu', 'If']);
  });
  it('a branch that gives out a captured value', async () => {
    const pass = graph({
      name: 'p',
      nodes: [node('Identity', ['a'], ['out'])],
      outputs: [valueInfo('out', 'float32')],
    });
    const nodes = [
      node('Tanh', ['x'], ['a']),
      node('If', ['c'], ['y'], { attrs: { then_branch: graphValue(pass), else_branch: graphValue(pass) } }),
    ];
    const done = await check(
      sketch({ nodes, initializers: [boolTensor('c', [], [true])], inputs: image, outputs: ['y'] }),
      exact,
    );
    expect(done.ops).toEqual(['Tanh']);
  });
});

describe('housekeeping', () => {
  it('Constant nodes become initializers, equal ones one, unused ones go', async () => {
    const nodes = [
      constantNode(weight('w1', [6], 1)),
      constantNode(weight('w2', [6], 1)),
      node('Mul', ['x', 'w1'], ['a']),
      node('Tanh', ['a'], ['b']),
      node('Add', ['b', 'w2'], ['y']),
      node('Exp', ['b'], ['nobody']),
    ];
    const done = await check(
      sketch({ nodes, initializers: [weight('idle', [9])], inputs: image, outputs: ['y'] }),
      exact,
    );
    expect(done.ops).toEqual(['Mul', 'Tanh', 'Add']);
    expect(done.model.graph.initializers).toHaveLength(1);
  });

  it('equal nodes merge, unequal attributes and graph outputs do not', async () => {
    const soft = (y: string, axis: number) => node('Softmax', ['x'], [y], { attrs: { axis: int(axis) } });
    const nodes = [soft('a', 1), soft('b', 1), soft('c', 2), node('Sum', ['a', 'b', 'c'], ['y'])];
    expect((await check(sketch({ nodes, inputs: image, outputs: ['y'] }), exact)).ops).toEqual([
      'Softmax',
      'Softmax',
      'Sum',
    ]);
    const given = [soft('a', 1), soft('b', 1)];
    expect(
      (await check(sketch({ nodes: given, inputs: image, outputs: ['a', 'b'] }), exact)).ops,
    ).toHaveLength(2);
  });

  it('unsorted nodes come out sorted', async () => {
    const nodes = [node('Tanh', ['b'], ['y']), node('Relu', ['a'], ['b']), node('Identity', ['x'], ['a'])];
    const main = graph({
      nodes,
      inputs: [valueInfo('x', 'float32', [4])],
      outputs: [valueInfo('y', 'float32', [4])],
    });
    const outcome = await quietly(model(main), undefined);
    expect(outcome.model.graph.nodes.map((n) => n.opType)).toEqual(['Relu', 'Tanh']);
  });

  it('custom domains are left alone, and value_info of what is gone goes', async () => {
    const nodes = [
      node('Identity', ['x'], ['a']),
      node('Mystery', ['w'], ['b'], { domain: 'some.where' }),
      node('Add', ['a', 'b'], ['y']),
    ];
    const main = graph({
      nodes,
      initializers: [weight('w', [4])],
      inputs: [valueInfo('x', 'float32', [4])],
      outputs: [valueInfo('y', 'float32', [4])],
      valueInfos: [valueInfo('a', 'float32', [4]), valueInfo('b', 'float32', [4])],
    });
    const outcome = await quietly(model(main, { domains: { 'some.where': 1 } }), undefined);
    expect(outcome.model.graph.nodes.map((n) => n.opType)).toEqual(['Mystery', 'Add']);
    expect(outcome.model.graph.valueInfos.map((info) => info.name)).toEqual(['b']);
  });

  it('a model whose output is declared wrongly is left as it is, with the reason', async () => {
    const nodes = [node('Identity', ['x'], ['a']), node('Reshape', ['a', 's'], ['y'])];
    const main = graph({
      nodes,
      initializers: [int64Tensor('s', [2], [2, 2])],
      inputs: [valueInfo('x', 'float32', [4])],
      outputs: [valueInfo('y', 'float32', [4])],
    });
    const before = model(main);
    const outcome = await quietly(before, undefined);
    expect(outcome.model).toBe(before);
    expect(outcome.skipped).toContainEqual({
      layer: 'y',
      reason: 'the shape that this output declares is not the shape that it has',
    });
  });

  it('nothing to do: the very same model', async () => {
    const before = sketch({
      nodes: [node('Tanh', ['x'], ['y'], { attrs: { note: text('kept') } })],
      inputs: image,
      outputs: ['y'],
    });
    expect((await quietly(before, undefined)).model).toBe(before);
  });

  it('cancels', async () => {
    const stop = new Error('stop');
    await expect(
      simplify(sketch({ nodes: [node('Tanh', ['x'], ['y'])], inputs: image, outputs: ['y'] }), {
        runner: undefined,
        checkpoint: () => Promise.reject(stop),
      }),
    ).rejects.toBe(stop);
  });
});
