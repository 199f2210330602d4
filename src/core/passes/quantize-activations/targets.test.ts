/** What each target gets, by its own rules, and which layers compute in integers there. */
import { describe, expect, it } from 'vitest';
import { PareError } from '../../errors.ts';
import { int, ints, graph, model, node, valueInfo } from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { writeModel } from '../../onnx/write.ts';
import { TARGETS } from '../../targets/registry.ts';
import { checkTarget } from '../../targets/rules/check.ts';
import { createReferenceKernels } from '../../../kernels/reference-backend.ts';
import { calibrationOn, givenSamples } from '../../testing/node-calibration.ts';
import { reread, weight } from '../../testing/weight-models.ts';
import { applyRecipe } from '../manager.ts';
import { executed, inputsOf, quantize, runner, signalToNoise } from './testing/harness.ts';

const same = { pads: ints([1, 1, 1, 1]) };

/** A small residual network: stem, pooling, block with a depthwise layer, averages, classifier. */
function network(): Model {
  return reread(
    model(
      graph({
        nodes: [
          node('Conv', ['x', 'stem', 'b'], ['a'], { name: 'stem', attrs: same }),
          node('Relu', ['a'], ['ar']),
          node('MaxPool', ['ar'], ['p'], { attrs: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) } }),
          node('Conv', ['p', 'wide', 'b'], ['c'], { name: 'wide', attrs: same }),
          node('Relu', ['c'], ['cr']),
          node('Conv', ['cr', 'dw'], ['d'], { name: 'dw', attrs: { ...same, group: int(32) } }),
          node('Relu', ['d'], ['dr']),
          node('Conv', ['dr', 'point', 'b'], ['e'], { name: 'point' }),
          node('Add', ['e', 'p'], ['s']),
          node('Relu', ['s'], ['sr']),
          node('Conv', ['sr', 'last', 'b'], ['f'], { name: 'last', attrs: same }),
          node('GlobalAveragePool', ['f'], ['g']),
          node('Flatten', ['g'], ['h']),
          node('Gemm', ['h', 'fc', 'fb'], ['y'], { name: 'fc', attrs: { transB: int(1) } }),
        ],
        initializers: [
          weight('stem', [32, 3, 3, 3], 1),
          weight('wide', [32, 32, 3, 3], 2),
          weight('dw', [32, 1, 3, 3], 3),
          weight('point', [32, 32, 1, 1], 4),
          weight('last', [32, 32, 3, 3], 5),
          weight('fc', [10, 32], 6),
          weight('b', [32], 7),
          weight('fb', [10], 8),
        ],
        inputs: [valueInfo('x', 'float32', [1, 3, 16, 16])],
        outputs: [valueInfo('y', 'float32', [1, 10])],
      }),
      { opset: 13 },
    ),
  );
}

const ALL = ['stem', 'wide', 'dw', 'point', 'last', 'fc'];

async function simulated(made: Model, inputs: ReturnType<typeof inputsOf>): Promise<Float32Array> {
  const { model: bytes } = writeModel(made, { externalize: 'never' });
  const values = await runner.run(bytes, inputs, ['y']);
  return new Float32Array(values.get('y')?.bytes.slice().buffer ?? new ArrayBuffer(0));
}

describe.each(TARGETS.map((target) => [target.id, target] as const))('%s', (id, target) => {
  it('gets a file that keeps its rules and computes what the original does', async () => {
    const made = network();
    const { step, model: variant } = await quantize(made, { target: id });
    if (target.activations === null) {
      expect(step.changed).toEqual([]);
      expect(step.skipped.map(({ layer }) => layer)).toEqual(ALL);
      return;
    }
    expect(step.changed.map(({ layer }) => layer).toSorted()).toEqual(ALL.toSorted());
    expect(checkTarget(variant, target)).toEqual([]);
    const inputs = inputsOf(made, 99);
    const noise = signalToNoise([await simulated(made, inputs)], [await simulated(variant, inputs)]);
    // 13 roundings of at least 40.9 dB each (patterns.test.ts), 6 dB for less spread; a bit less in signed or reduced codes.
    const bitsLost = (target.activations.symmetric ? 1 : 0) + (target.weights.reducedRange ? 1 : 0);
    expect(noise).toBeGreaterThan(40.9 - 10 * Math.log10(13) - 6 - 6.02 * bitsLost);
  });

  it('automatic says of every layer what becomes of it', async () => {
    const { step } = await quantize(network(), { target: id, params: {} });
    const told = [...step.changed, ...step.skipped].map(({ layer }) => layer);
    expect(told.toSorted()).toEqual(ALL.toSorted());
    for (const { reason } of step.skipped) expect(reason.length).toBeGreaterThan(20);
  });
});

describe('automatic on onnxruntime-web', () => {
  it('takes what pays', async () => {
    const quantized = await quantize(network(), { params: {} });
    const { step } = quantized;
    expect(step.changed.map(({ layer }) => layer)).toEqual(['wide', 'last']);
    // The pool before it stays in floats: on codes, without an integer layer before it, it would be 16 times slower.
    const { ops } = await executed(quantized);
    expect(ops.indexOf('MaxPool')).toBeLessThan(ops.indexOf('QuantizeLinear'));
    expect(ops.filter((op) => op === 'Relu')).toEqual([]);
    const reasons = Object.fromEntries(step.skipped.map(({ layer, reason }) => [layer, reason]));
    expect(reasons['stem']).toContain('a sum of 27 products');
    expect(reasons['dw']).toContain('depthwise convolution has no fast integer kernel');
    expect(reasons['point']).toContain('a sum of 32 products');
    expect(reasons['fc']).toContain('1 row a sample');
  });

  it('leaves the model as it is when nothing pays', async () => {
    const made = reread(
      model(
        graph({
          nodes: [node('Conv', ['x', 'w'], ['y'], { name: 'c' })],
          initializers: [weight('w', [16, 16, 1, 1], 1)],
          inputs: [valueInfo('x', 'float32', [1, 16, 8, 8])],
          outputs: [valueInfo('y', 'float32')],
        }),
        { opset: 11 },
      ),
    );
    const { step, logical } = await quantize(made, { params: {} });
    expect(step.changed).toEqual([]);
    expect(logical.opsets[0].version).toBe(11);
  });
});

describe('layers that cannot', () => {
  it.each([
    ['fp32', { precision: 'fp32' }, 'its weights are float32: integer kernels need 8-bit weights'],
    ['int4', { precision: 'int4' }, 'its weights are int4'],
    ['zero points', { precision: 'int8', symmetric: false }, 'its weights have zero points'],
    ['blocks', { precision: 'int8', granularity: 'block', blockSize: 32 }, 'one scale a block'],
  ])('%s: say why', async (_, params, reason) => {
    const { step } = await quantize(network(), { weights: { pass: 'quantize-weights', params } });
    expect(step.skipped.find(({ layer }) => layer === 'wide')?.reason).toContain(reason);
  });

  it('without a calibration: products find ranges at run time, the others say why not', async () => {
    const { step } = await quantize(network(), { calibrated: false });
    expect(step.changed).toEqual([]);
    expect(step.skipped.map(({ layer }) => layer).toSorted()).toEqual(ALL.toSorted());
    expect(step.skipped[0].reason).toContain('activation range not known: value `');
  });

  it('layers that are to stay floats are not reported', async () => {
    const { step } = await quantize(network(), { layers: { wide: { mode: 'float' } } });
    expect([...step.changed, ...step.skipped].map(({ layer }) => layer)).not.toContain('wide');
  });
});

it('stops when it is told to', async () => {
  const made = network();
  const calibration = calibrationOn(givenSamples([inputsOf(made, 1)]), runner);
  let calls = 0;
  const run = applyRecipe(
    made,
    {
      seed: 1,
      steps: [
        { pass: 'quantize-weights', params: { precision: 'int8' } },
        { pass: 'quantize-activations', params: { mode: 'static' } },
      ],
    },
    {
      kernels: createReferenceKernels(),
      runner,
      calibration,
      now: () => 0,
      checkpoint: (_, doing) =>
        doing === 'choosing ranges' && ++calls > 0
          ? Promise.reject(new PareError('cancelled', 'stopped'))
          : Promise.resolve(),
    },
  );
  await expect(run).rejects.toMatchObject({ code: 'cancelled' });
});

describe('a Concat on TFLite, of which one part has a prescribed grid', () => {
  const pool = (from: string, to: string) =>
    node('MaxPool', [from], [to], { attrs: { kernel_shape: ints([2, 2]) } });
  it.each(['Relu', 'Sigmoid'])(
    'behind a pool keeps the rules and the values of the other (%s)',
    async (op) => {
      const made = reread(
        model(
          graph({
            nodes: [
              node('Conv', ['x', 'wa'], ['a'], { attrs: same }),
              node(op, ['a'], ['s']),
              pool('s', 'sp'),
              node('Conv', ['x', 'wb'], ['b'], { attrs: same }),
              pool('b', 'bp'),
              node('Concat', ['sp', 'bp'], ['c'], { attrs: { axis: int(1) } }),
              node('Conv', ['c', 'wc'], ['y'], { attrs: same }),
            ],
            initializers: [
              weight('wa', [8, 8, 3, 3], 1),
              weight('wb', [8, 8, 3, 3], 2),
              weight('wc', [16, 16, 3, 3], 3),
            ],
            inputs: [valueInfo('x', 'float32', [1, 8, 8, 8])],
            outputs: [valueInfo('y', 'float32')],
          }),
          { opset: 13 },
        ),
      );
      const { model: variant, step } = await quantize(made, { target: 'tflite' });
      expect(step.changed).toHaveLength(3);
      const target = TARGETS.find(({ id }) => id === 'tflite')!;
      expect(checkTarget(variant, target)).toEqual([]);
      const inputs = inputsOf(made, 99);
      const noise = signalToNoise([await simulated(made, inputs)], [await simulated(variant, inputs)]);
      // Weights and values of three layers: 7 roundings of 40.9 dB each, 6 dB for less spread.
      expect(noise).toBeGreaterThan(40.9 - 10 * Math.log10(7) - 6);
    },
  );
});
