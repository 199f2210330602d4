/**
 * Every pattern runs in onnxruntime-web: the kernels are integer ones by the profile, and outputs stay near the floats.
 *
 * The bound. A value of range R on 255 steps is rounded with a noise of s²/12, s = R / 255. A signal of noise-like values
 * has a standard deviation of R / 8 at least (these inputs are sums of three uniforms, ±1.5 wide and 0.5 deviation: R / 6),
 * so one rounding leaves 10·log10(12 · (255 / 8)²) = 40.9 dB. An 8-bit weight of the same kind, 127 steps a side, leaves as
 * much. A chain of L layers has at most 2 L + 1 such independent sources, and a Relu halves signal and noise alike:
 * 40.9 − 10·log10(2 L + 1) dB. 6 dB are left for values that are less spread than assumed.
 */
import { describe, expect, it } from 'vitest';
import {
  float,
  floatTensor,
  graph,
  graphValue,
  int,
  ints,
  model,
  node,
  valueInfo,
} from '../../onnx/build.ts';
import type { Graph, Model, Node, Tensor } from '../../onnx/ir.ts';
import { reread, weight } from '../../testing/weight-models.ts';
import { executed, inputsOf, outputsOf, quantize, signalToNoise } from './testing/harness.ts';
import type { Quantized, QuantizeOptions } from './testing/harness.ts';

const bound = (layers: number): number => 40.9 - 10 * Math.log10(2 * layers + 1) - 6;

const PICTURE = valueInfo('x', 'float32', [1, 16, 12, 12]);

function net(
  nodes: readonly Node[],
  initializers: readonly Tensor[],
  more: { inputs?: Graph['inputs']; outputs?: readonly string[]; opset?: number } = {},
): Model {
  return reread(
    model(
      graph({
        nodes,
        initializers,
        inputs: more.inputs ?? [PICTURE],
        outputs: (more.outputs ?? ['y']).map((name) => valueInfo(name, 'float32')),
      }),
      { opset: more.opset ?? 17 },
    ),
  );
}

const conv = (input: string, w: string, output: string, attrs = {}, bias?: string): Node =>
  node('Conv', bias === undefined ? [input, w] : [input, w, bias], [output], {
    name: `conv_${w}`,
    attrs: { pads: ints([1, 1, 1, 1]), ...attrs },
  });

async function check(
  made: Model,
  kernels: Readonly<Record<string, string>>,
  options: QuantizeOptions = {},
): Promise<{ quantized: Quantized; ops: readonly string[]; decibels: number }> {
  const quantized = await quantize(made, options);
  const { layers, ops } = await executed(quantized);
  expect(Object.fromEntries([...layers].map(([layer, { kernel }]) => [layer, kernel]))).toEqual(kernels);
  const inputs = inputsOf(made, 99);
  const decibels = signalToNoise(await outputsOf(made, inputs), await outputsOf(quantized.model, inputs));
  expect(decibels).toBeGreaterThan(bound(Object.keys(kernels).length));
  return { quantized, ops, decibels };
}

const two = (between: readonly Node[], last: string, more: readonly Tensor[] = []): Model =>
  net(
    [conv('x', 'w1', 'a', {}, 'b1'), ...between, conv(last, 'w2', 'y')],
    [weight('w1', [16, 16, 3, 3], 1), weight('b1', [16], 2), weight('w2', [16, 16, 3, 3], 3), ...more],
  );

describe('convolutions', () => {
  it('alone, and behind each other without floats between', async () => {
    const { ops } = await check(two([], 'a'), { w1: 'QLinearConv', w2: 'QLinearConv' });
    expect(ops.filter((op) => op === 'QuantizeLinear')).toHaveLength(1);
    expect(ops.filter((op) => op === 'DequantizeLinear')).toHaveLength(1);
  });

  it('take a Relu over', async () => {
    const { ops } = await check(two([node('Relu', ['a'], ['r'])], 'r'), {
      w1: 'QLinearConv',
      w2: 'QLinearConv',
    });
    expect(ops).not.toContain('Relu');
  });

  it.each([
    ['Clip to 0…6', 0, 6],
    ['Clip to 0…0.7, below what is seen', 0, 0.7],
    ['Clip to ±1', -1, 1],
  ])('take a %s over', async (_, min, max) => {
    const made = two([node('Clip', ['a', 'min', 'max'], ['r'])], 'r', [
      floatTensor('min', [], [min]),
      floatTensor('max', [], [max]),
    ]);
    const { ops } = await check(made, { w1: 'QLinearConv', w2: 'QLinearConv' });
    expect(ops).not.toContain('Clip');
  });

  it('take a Relu over in operator set 21 too', async () => {
    const made = net(
      [conv('x', 'w1', 'a'), node('Relu', ['a'], ['r']), conv('r', 'w2', 'y')],
      [weight('w1', [16, 16, 3, 3], 1), weight('w2', [16, 16, 3, 3], 3)],
      { opset: 21 },
    );
    await check(made, { w1: 'QLinearConv', w2: 'QLinearConv' });
  });

  it('between which something reads the value before its Relu keep the Relu', async () => {
    const made = net(
      [
        conv('x', 'w1', 'a'),
        node('Relu', ['a'], ['r']),
        conv('r', 'w2', 'c'),
        node('Add', ['c', 'a'], ['y']),
      ],
      [weight('w1', [16, 16, 3, 3], 1), weight('w2', [16, 16, 3, 3], 3)],
    );
    await check(made, { w1: 'QLinearConv', w2: 'QLinearConv' });
  });

  it('in a residual block add codes', async () => {
    const made = net(
      [
        conv('x', 'w1', 'a'),
        node('Relu', ['a'], ['r']),
        conv('r', 'w2', 'b'),
        node('Add', ['b', 'r'], ['s']),
        node('Relu', ['s'], ['t']),
        conv('t', 'w3', 'y'),
      ],
      ['w1', 'w2', 'w3'].map((name, i) => weight(name, [16, 16, 3, 3], i + 1)),
    );
    const { ops } = await check(made, { w1: 'QLinearConv', w2: 'QLinearConv', w3: 'QLinearConv' });
    expect(ops).toContain('QLinearAdd');
    expect(ops).not.toContain('Relu');
  });

  it('concatenate codes', async () => {
    const made = net(
      [
        conv('x', 'w1', 'a'),
        conv('x', 'w2', 'b'),
        node('Concat', ['a', 'b'], ['c'], { attrs: { axis: int(1) } }),
        conv('c', 'w3', 'y'),
      ],
      [weight('w1', [16, 16, 3, 3], 1), weight('w2', [16, 16, 3, 3], 2), weight('w3', [16, 32, 3, 3], 3)],
    );
    const { ops } = await check(made, { w1: 'QLinearConv', w2: 'QLinearConv', w3: 'QLinearConv' });
    expect(ops).toContain('QLinearConcat');
    // x is shared: quantized once.
    expect(ops.filter((op) => op === 'QuantizeLinear')).toHaveLength(1);
  });

  it('pool codes', async () => {
    const pool = node('MaxPool', ['a'], ['p'], {
      attrs: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) },
    });
    const { ops } = await check(two([pool], 'p'), { w1: 'QLinearConv', w2: 'QLinearConv' });
    expect(ops).toContain('NhwcMaxPool');
  });

  it('share a weight: each bias has the scale of its own input', async () => {
    const made = net(
      [
        conv('x', 'w', 'a', {}, 'b'),
        node('Relu', ['a'], ['r']),
        { ...conv('r', 'w', 'y', {}, 'b'), name: 'again' },
      ],
      [weight('w', [16, 16, 3, 3], 1), weight('b', [16], 2)],
    );
    const { quantized } = await check(made, { w: 'QLinearConv' });
    expect(quantized.model.graph.initializers.filter(({ dataType }) => dataType === 'int32')).toHaveLength(2);
  });

  it('that write an output of the model keep its name', async () => {
    const made = net(
      [conv('x', 'w1', 'a'), node('Relu', ['a'], ['mid']), conv('mid', 'w2', 'y')],
      [weight('w1', [16, 16, 3, 3], 1), weight('w2', [16, 16, 3, 3], 3)],
      { outputs: ['mid', 'y'] },
    );
    const { quantized } = await check(made, { w1: 'QLinearConv', w2: 'QLinearConv' });
    expect(quantized.model.graph.outputs.map(({ name }) => name)).toEqual(['mid', 'y']);
  });

  it('below operator set 13 raise it', async () => {
    const made = net([conv('x', 'w', 'y')], [weight('w', [16, 16, 3, 3], 1)], { opset: 11 });
    const { quantized } = await check(made, { w: 'QLinearConv' });
    expect(quantized.model.opsets[0].version).toBe(13);
    expect(quantized.step.facts['operator set']).toBe('11 → 13');
  });

  it('with a bias that does not fit 32 bits beside tiny weights get larger scales', async () => {
    const w = weight('w', [16, 16, 3, 3], 1);
    const values = new Float32Array(16 * 16 * 9);
    // One channel of zeros, one that is 1e-9 of the others, with biases of 1: 1 / (0.01 · 1e-11) is far beyond 2^31.
    values.forEach(
      (_, i) => (values[i] = i < 144 ? 0 : i < 288 ? 1e-9 * ((i % 7) - 3) : 0.01 * ((i % 11) - 5)),
    );
    const made = net(
      [conv('x', 'w', 'y', {}, 'b')],
      [floatTensor('w', w.dims, values), floatTensor('b', [16], new Float32Array(16).fill(1))],
    );
    const { quantized } = await check(made, { w: 'QLinearConv' });
    expect(quantized.step.changed[0].note).toContain('so that the bias fits 32 bits');
  });
});

describe('float layers between integer ones', () => {
  const sandwich = (bias: boolean): Model =>
    net(
      [
        conv('x', 'w1', 'a'),
        node('Relu', ['a'], ['r']),
        conv('r', 'dw', 'd', { group: int(16) }, bias ? 'b' : undefined),
        node('Relu', ['d'], ['t']),
        conv('t', 'w2', 'y'),
      ],
      [
        weight('w1', [16, 16, 3, 3], 1),
        // Channels that differ by a factor of 200: one scale for all of them rounds most to nothing.
        floatTensor(
          'dw',
          [16, 1, 3, 3],
          weightValues(16 * 9).map((x, i) => x * 1.42 ** -Math.floor(i / 9)),
        ),
        weight('b', [16], 5),
        weight('w2', [16, 16, 3, 3], 3),
      ],
    );

  it.each([true, false])('are not quantized by the runtime behind our back (bias: %s)', async (bias) => {
    const { quantized, ops } = await check(
      sandwich(bias),
      { w1: 'QLinearConv', dw: 'Conv', w2: 'QLinearConv' },
      { layers: { dw: { mode: 'float' } } },
    );
    expect(quantized.step.facts['float layers kept from being quantized by the runtime']).toBe(1);
    expect(ops.filter((op) => op === 'QLinearConv')).toHaveLength(2);
  });

  it('stay floats also when their weights were to be stored as DequantizeLinear', async () => {
    await check(
      sandwich(true),
      { w1: 'QLinearConv', dw: 'Conv', w2: 'QLinearConv' },
      {
        layers: { dw: { mode: 'float' } },
        weights: { pass: 'quantize-weights', params: { precision: 'int8', storage: 'dequantize-linear' } },
      },
    );
  });
});

const weightValues = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => 0.2 * Math.sin(1.7 * i + 0.3));

const ROWS = valueInfo('x', 'float32', [2, 8, 64]);

describe('products', () => {
  it('MatMul gives floats at once', async () => {
    const made = net([node('MatMul', ['x', 'w'], ['y'], { name: 'm' })], [weight('w', [64, 32], 1)], {
      inputs: [ROWS],
    });
    await check(made, { w: 'MatMulIntegerToFloat' });
  });

  it('MatMul with a constant Add is not made a float Gemm', async () => {
    const made = net(
      [node('MatMul', ['x', 'w'], ['m'], { name: 'm' }), node('Add', ['m', 'b'], ['y'])],
      [weight('w', [64, 32], 1), weight('b', [32], 2)],
      { inputs: [ROWS] },
    );
    const { quantized } = await check(made, { w: 'MatMulIntegerToFloat' });
    expect(quantized.model.graph.initializers.map(({ name }) => name)).not.toContain('b');
  });

  it('MatMul behind MatMul: codes in, codes out', async () => {
    const made = net(
      [
        node('MatMul', ['x', 'w1'], ['m'], { name: 'm1' }),
        node('MatMul', ['m', 'w2'], ['y'], { name: 'm2' }),
      ],
      [weight('w1', [64, 32], 1), weight('w2', [32, 48], 2)],
      { inputs: [ROWS] },
    );
    await check(made, { w1: 'QLinearMatMul', w2: 'MatMulIntegerToFloat' });
  });

  it.each([0, 1])('Gemm, transB %i, alpha 0.5', async (transB) => {
    const made = net(
      [
        node('Gemm', ['x', 'w', 'b'], ['h'], {
          name: 'g',
          attrs: { transB: int(transB), alpha: float(0.5) },
        }),
        node('Relu', ['h'], ['y']),
      ],
      [weight('w', transB === 1 ? [32, 64] : [64, 32], 1), weight('b', [32], 2)],
      { inputs: [valueInfo('x', 'float32', [8, 64])] },
    );
    await check(made, { w: 'MatMulIntegerToFloat' });
  });

  it.each(['MatMul', 'Gemm'])('%s with ranges at run time', async (op) => {
    const gemm = op === 'Gemm';
    const made = net(
      gemm
        ? [node('Gemm', ['x', 'w', 'b'], ['y'], { name: 'g', attrs: { transB: int(1) } })]
        : [node('MatMul', ['x', 'w'], ['m'], { name: 'g' }), node('Add', ['m', 'b'], ['y'])],
      [weight('w', gemm ? [32, 64] : [64, 32], 1), weight('b', [32], 2)],
      { inputs: [valueInfo('x', 'float32', [8, 64])] },
    );
    await check(made, { w: 'DynamicQuantizeMatMul' }, { params: { mode: 'dynamic' }, calibrated: false });
  });

  it('whose weight is the left factor stay floats, with the reason', async () => {
    const made = net([node('MatMul', ['w', 'x'], ['y'], { name: 'm' })], [weight('w', [32, 64], 1)], {
      inputs: [valueInfo('x', 'float32', [64, 8])],
    });
    const { step } = await quantize(made);
    expect(step.skipped).toEqual([{ layer: 'w', reason: expect.stringContaining('left factor') as string }]);
  });
});

describe('subgraphs', () => {
  it('are left alone', async () => {
    const branch = (name: string, seed: number): Graph =>
      graph({
        name,
        nodes: [node('MatMul', ['h', `${name}_w`], [`${name}_y`])],
        initializers: [weight(`${name}_w`, [16, 24], seed)],
        outputs: [valueInfo(`${name}_y`, 'float32')],
      });
    const made = net(
      [
        conv('x', 'w', 'c'),
        node('GlobalAveragePool', ['c'], ['p']),
        node('Flatten', ['p'], ['h']),
        node('If', ['cond'], ['y'], {
          attrs: { then_branch: graphValue(branch('yes', 4)), else_branch: graphValue(branch('no', 5)) },
        }),
      ],
      [weight('w', [16, 16, 3, 3], 1)],
      { inputs: [PICTURE, valueInfo('cond', 'bool', [])] },
    );
    const { step, model: variant } = await quantize(made);
    expect(step.changed.map(({ layer }) => layer)).toEqual(['w']);
    expect(step.skipped.map(({ reason }) => reason)).toEqual([
      'it is read inside a subgraph or a function, where no values are calibrated',
      'it is read inside a subgraph or a function, where no values are calibrated',
    ]);
    const inputs = inputsOf(made, 99);
    const decibels = signalToNoise(await outputsOf(made, inputs), await outputsOf(variant, inputs));
    expect(decibels).toBeGreaterThan(bound(2));
  });
});
