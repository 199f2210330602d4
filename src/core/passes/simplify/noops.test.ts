// Operators that pass their input on, limits, casts, pads and reshapes: when they go, and when they stay.
import { describe, expect, it } from 'vitest';
import {
  floatTensor,
  int,
  int64Tensor,
  ints,
  model,
  node,
  text,
  valueInfo,
  graph,
  boolTensor,
  float,
} from '../../onnx/build.ts';
import { check, sketch, weight } from './testing/harness.ts';

const image = { x: ['N', 4, 6, 6] };
const exact = { tolerance: 0 };

describe('pass-through operators', () => {
  it('Identity, Dropout, no-op Cast and arithmetic with neutral constants go', async () => {
    const nodes = [
      node('Identity', ['x'], ['a']),
      node('Dropout', ['a'], ['b']),
      node('Cast', ['b'], ['c'], { attrs: { to: int(1) } }),
      node('Add', ['c', 'zero'], ['d']),
      node('Mul', ['one', 'd'], ['e']),
      node('Div', ['e', 'one'], ['f']),
      node('Sub', ['f', 'zero'], ['g']),
      node('Pow', ['g', 'one'], ['h']),
      node('Tanh', ['h'], ['y']),
    ];
    const initializers = [floatTensor('zero', [], [0]), floatTensor('one', [], [1])];
    expect((await check(sketch({ nodes, initializers, inputs: image, outputs: ['y'] }), exact)).ops).toEqual([
      'Tanh',
    ]);
  });

  it('an Identity in front of a graph output hands its name to the producer', async () => {
    const nodes = [node('Tanh', ['x'], ['a'], { name: 'kept' }), node('Identity', ['a'], ['y'])];
    const done = await check(sketch({ nodes, inputs: image, outputs: ['y'] }), exact);
    expect(done.ops).toEqual(['Tanh']);
    expect(done.model.graph.nodes[0]?.name).toBe('kept');
  });

  it('an Identity between an input and an output, or two outputs, stays', async () => {
    const nodes = [
      node('Identity', ['x'], ['y']),
      node('Tanh', ['x'], ['z']),
      node('Identity', ['z'], ['w']),
    ];
    const done = await check(sketch({ nodes, inputs: image, outputs: ['y', 'z', 'w'] }), exact);
    expect(done.ops).toEqual(['Identity', 'Tanh', 'Identity']);
  });

  it('Dropout stays when its mask is used', async () => {
    const nodes = [
      node('Dropout', ['x'], ['a', 'mask'], { name: 'drop' }),
      node('Cast', ['mask'], ['m'], { attrs: { to: int(1) } }),
      node('Add', ['a', 'm'], ['y']),
    ];
    const done = await check(sketch({ nodes, inputs: image, outputs: ['y'] }), exact);
    expect(done.ops).toContain('Dropout');
    expect(done.skipped.drop).toBe('its mask output is used');
  });

  it('Dropout goes with training_mode false and stays when the mode is an input', async () => {
    const nodes = [node('Dropout', ['x', '', 'mode'], ['a'], { name: 'drop' }), node('Tanh', ['a'], ['y'])];
    const off = sketch({
      nodes,
      initializers: [boolTensor('mode', [], [false])],
      inputs: image,
      outputs: ['y'],
    });
    expect((await check(off, exact)).ops).toEqual(['Tanh']);
    const open = sketch({ nodes, inputs: image, outputs: ['y'] });
    const main = { ...open.graph, inputs: [...open.graph.inputs, valueInfo('mode', 'bool', [])] };
    const { simplify } = await import('./pass.ts');
    const outcome = await simplify(
      { ...open, graph: main },
      { runner: undefined, checkpoint: () => Promise.resolve() },
    );
    expect(outcome.skipped).toContainEqual({ layer: 'drop', reason: 'it may be in training mode' });
  });

  it('a lossless cast before another goes, a lossy one stays', async () => {
    const casts = (middle: number) => [
      node('Relu', ['x'], ['r']),
      node('Cast', ['r'], ['a'], { attrs: { to: int(middle) } }),
      node('Cast', ['a'], ['b'], { attrs: { to: int(1) } }),
      node('Tanh', ['b'], ['y']),
    ];
    // float64 holds every float32; int64 and float16 do not.
    expect((await check(sketch({ nodes: casts(11), inputs: image, outputs: ['y'] }), exact)).ops).toEqual([
      'Relu',
      'Tanh',
    ]);
    expect((await check(sketch({ nodes: casts(7), inputs: image, outputs: ['y'] }), exact)).ops).toHaveLength(
      4,
    );
  });
});

describe('limits', () => {
  const clip = (x: string, y: string, low: string, high: string) => node('Clip', [x, low, high], [y]);
  const bounds = [
    floatTensor('zero', [], [0]),
    floatTensor('six', [], [6]),
    floatTensor('half', [], [0.5]),
    floatTensor('minus', [], [-1]),
  ];
  const run = (nodes: ReturnType<typeof node>[]) =>
    check(sketch({ nodes, initializers: bounds, inputs: image, outputs: ['y'] }), exact);

  it('merge', async () => {
    expect((await run([node('Relu', ['x'], ['a']), node('Relu', ['a'], ['y'])])).ops).toEqual(['Relu']);
    expect((await run([node('Relu', ['x'], ['a']), clip('a', 'y', 'zero', 'six')])).ops).toEqual(['Clip']);
    expect((await run([clip('x', 'a', 'zero', 'six'), node('Relu', ['a'], ['y'])])).ops).toEqual(['Clip']);
    expect((await run([node('Relu', ['x'], ['a']), clip('a', 'y', 'minus', 'half')])).ops).toEqual(['Clip']);
  });
});

describe('pads', () => {
  const padded = (
    op: ReturnType<typeof node>,
    value: number,
    pads = [0, 0, 1, 2, 0, 0, 0, 1],
    mode = 'constant',
  ) =>
    sketch({
      nodes: [node('Pad', ['x', 'pads', 'value'], ['p'], { name: 'pad', attrs: { mode: text(mode) } }), op],
      initializers: [
        int64Tensor('pads', [8], pads),
        floatTensor('value', [], [value]),
        weight('w', [8, 4, 3, 3]),
      ],
      inputs: image,
      outputs: ['y'],
    });
  const conv = node('Conv', ['p', 'w'], ['y'], { attrs: { pads: ints([1, 0, 0, 1]) } });
  const average = (counts: number, pads: number[]) =>
    node('AveragePool', ['p'], ['y'], {
      attrs: { kernel_shape: ints([4, 4]), count_include_pad: int(counts), pads: ints(pads) },
    });
  const largest = node('MaxPool', ['p'], ['y'], { attrs: { kernel_shape: ints([4, 4]) } });

  it('of zeros fold into Conv, on top of its own', async () => {
    const done = await check(padded(conv, 0));
    expect(done.ops).toEqual(['Conv']);
  });
  it('of other values, other modes, and of channels stay', async () => {
    expect((await check(padded(conv, 1), exact)).skipped.pad).toContain('another value');
    expect((await check(padded(conv, 0, undefined, 'reflect'), exact)).ops).toEqual(['Pad', 'Conv']);
    const channels = {
      ...conv,
      inputs: ['p', 'w'],
      attributes: [{ name: 'group', kind: 'int' as const, value: 1n }],
    };
    const wide = padded(channels, 0, [0, 1, 0, 0, 0, 1, 0, 0]);
    const main = {
      ...wide.graph,
      initializers: [...wide.graph.initializers.slice(0, 2), weight('w', [8, 6, 3, 3])],
    };
    expect((await check({ ...wide, graph: main }, exact)).skipped.pad).toBe('it pads batch or channels');
  });
  it('fold into a mean that counts them, or has none of its own', async () => {
    expect((await check(padded(average(1, [1, 1, 1, 1]), 0))).ops).toEqual(['AveragePool']);
    expect((await check(padded(average(0, [0, 0, 0, 0]), 0))).ops).toEqual(['AveragePool']);
    expect((await check(padded(average(0, [1, 1, 1, 1]), 0), exact)).ops).toEqual(['Pad', 'AveragePool']);
  });
  it('of −∞ fold into a maximum, zeros do not', async () => {
    expect((await check(padded(largest, -Infinity), exact)).ops).toEqual(['MaxPool']);
    expect((await check(padded(largest, 0), exact)).ops).toEqual(['Pad', 'MaxPool']);
  });
});

describe('reshapes and transposes', () => {
  it('chains become one Reshape, with a free batch', async () => {
    const nodes = [
      node('Tanh', ['x'], ['t']),
      node('Reshape', ['t', 's1'], ['a']),
      node('Unsqueeze', ['a', 'ax'], ['b']),
      node('Transpose', ['b'], ['c'], { attrs: { perm: ints([1, 0, 2]) } }),
      node('Reshape', ['c', 's2'], ['d']),
      node('Relu', ['d'], ['y']),
    ];
    const initializers = [
      int64Tensor('s1', [2], [-1, 144]),
      int64Tensor('ax', [1], [0]),
      int64Tensor('s2', [4], [0, 1, 12, 12]),
    ];
    const done = await check(sketch({ nodes, initializers, inputs: image, outputs: ['y'] }), {
      ...exact,
      otherDims: 3,
    });
    expect(done.ops).toEqual(['Tanh', 'Reshape', 'Relu']);
  });

  it('a chain back to the old shape goes', async () => {
    const nodes = [
      node('Tanh', ['x'], ['t']),
      node('Unsqueeze', ['t', 'ax'], ['b']),
      node('Squeeze', ['b', 'ax'], ['c']),
      node('Relu', ['c'], ['y']),
    ];
    const before = sketch({
      nodes,
      initializers: [int64Tensor('ax', [1], [2])],
      inputs: { x: ['N', 'C', 'H'] },
      outputs: ['y'],
    });
    expect((await check(before, { ...exact, otherDims: 3 })).ops).toEqual(['Tanh', 'Relu']);
  });

  it('two free sizes cannot be said by one Reshape', async () => {
    const nodes = [
      node('Tanh', ['x'], ['t']),
      node('Unsqueeze', ['t', 'ax'], ['b']),
      node('Reshape', ['b', 's'], ['c']),
      node('Relu', ['c'], ['y']),
    ];
    const initializers = [int64Tensor('ax', [1], [0]), int64Tensor('s', [4], [0, 0, -1, 2])];
    const before = sketch({ nodes, initializers, inputs: { x: ['N', 'C', 4] }, outputs: ['y'] });
    expect((await check(before, { ...exact, otherDims: 3 })).ops).toHaveLength(4);
  });

  it('transposes merge, and cancel', async () => {
    const perm = (x: string, y: string, order: number[]) =>
      node('Transpose', [x], [y], { attrs: { perm: ints(order) } });
    const model = (second: number[]) =>
      sketch({
        nodes: [perm('x', 'a', [0, 2, 3, 1]), perm('a', 'b', second), node('Relu', ['b'], ['y'])],
        inputs: image,
        outputs: ['y'],
      });
    expect((await check(model([0, 3, 1, 2]), exact)).ops).toEqual(['Relu']);
    expect((await check(model([0, 2, 1, 3]), exact)).ops).toEqual(['Transpose', 'Relu']);
  });

  it('slices, splits, concats, tiles and expands of everything go', async () => {
    const nodes = [
      node('Slice', ['x', 'from', 'to', 'axes'], ['a']),
      node('Concat', ['a'], ['b'], { attrs: { axis: int(1) } }),
      node('Split', ['b'], ['c'], { attrs: { axis: int(1) } }),
      node('Tile', ['c', 'ones'], ['d']),
      node('Expand', ['d', 'ones'], ['e']),
      node('Pad', ['e', 'none'], ['f']),
      node('Relu', ['f'], ['y']),
    ];
    const initializers = [
      int64Tensor('from', [2], [0, 0]),
      int64Tensor('to', [2], [2 ** 40, 4]),
      int64Tensor('axes', [2], [0, 1]),
      int64Tensor('ones', [4], [1, 1, 1, 1]),
      int64Tensor('none', [8], [0, 0, 0, 0, 0, 0, 0, 0]),
    ];
    const done = await check(sketch({ nodes, initializers, inputs: image, outputs: ['y'] }), exact);
    expect(done.ops).toEqual(['Relu']);
  });

  it('a slice backwards and a pad that crops one side stay', async () => {
    const nodes = [
      node('Slice', ['x', 'from', 'to', 'axes', 'steps'], ['a']),
      node('Pad', ['a', 'shift'], ['b']),
      node('Relu', ['b'], ['y']),
    ];
    const initializers = [
      int64Tensor('from', [1], [-1]),
      int64Tensor('to', [1], [-100]),
      int64Tensor('axes', [1], [2]),
      int64Tensor('steps', [1], [-1]),
      int64Tensor('shift', [8], [0, 0, 1, 0, 0, 0, -1, 0]),
    ];
    expect((await check(sketch({ nodes, initializers, inputs: image, outputs: ['y'] }), exact)).ops).toEqual([
      'Slice',
      'Pad',
      'Relu',
    ]);
  });
});

describe('old operator sets', () => {
  it('attributes in place of inputs are understood', async () => {
    const nodes = [
      node('Clip', ['x'], ['a'], { attrs: { min: float(0), max: float(1) } }),
      node('Relu', ['a'], ['b']),
      node('Slice', ['b'], ['c'], { attrs: { starts: ints([0]), ends: ints([100]), axes: ints([1]) } }),
      node('Unsqueeze', ['c'], ['d'], { attrs: { axes: ints([0]) } }),
      node('Squeeze', ['d'], ['y'], { attrs: { axes: ints([0]) } }),
    ];
    const main = graph({
      nodes,
      inputs: [valueInfo('x', 'float32', ['N', 4])],
      outputs: [valueInfo('y', 'float32', ['N', 4])],
    });
    expect((await check(model(main, { opset: 9, irVersion: 4 }), exact)).ops).toEqual(['Clip']);
  });
});
