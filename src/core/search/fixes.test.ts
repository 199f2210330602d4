import { describe, expect, it } from 'vitest';
import { floatTensor, graph, ints, model, node, valueInfo } from '../onnx/build.ts';
import { calibrationOn, floatFeed, givenSamples } from '../testing/node-calibration.ts';
import { noise } from '../testing/weight-models.ts';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { measureSensitivity } from './sensitivity.ts';
import { searchContext } from './testing/planted.ts';

const SIDE = 12;
const PADS = { attrs: { pads: ints([1, 1, 1, 1]) } };
/** The first output channel of w1 is 30 times the others: to equalize takes the weights' part of the damage away. */
const uneven = model(
  graph({
    inputs: [valueInfo('x', 'float32', [1, 8, SIDE, SIDE])],
    outputs: [valueInfo('y', 'float32', [1, 16, SIDE, SIDE])],
    initializers: [
      floatTensor(
        'w1',
        [16, 8, 3, 3],
        noise(16 * 72, 1).map((v, i) => (i < 72 ? 30 * v : v)),
      ),
      floatTensor('b1', [16], noise(16, 9)),
      floatTensor('w2', [16, 16, 3, 3], noise(16 * 144, 2)),
    ],
    nodes: [
      node('Conv', ['x', 'w1', 'b1'], ['a'], PADS),
      node('Relu', ['a'], ['r']),
      node('Conv', ['r', 'w2'], ['y'], PADS),
    ],
  }),
);

describe('fixes of weights, where values between layers are rounded too', () => {
  it('promise no more than what the weights do', async () => {
    const runner = createNodeRunner();
    const feeds = Array.from({ length: 4 }, (_, i) => {
      const values = noise(8 * SIDE * SIDE, i + 1).map((v) => 10 * v);
      return new Map([['x', floatFeed([1, 8, SIDE, SIDE], values)]]);
    });
    const { report } = await measureSensitivity(
      uneven,
      {
        options: ['int8', 'int8-activations'],
        samples: 4,
        metric: 'nsr',
        target: 'ort-wasm',
        asked: 'int8-activations',
      },
      { ...searchContext(), runner, calibration: calibrationOn(givenSamples(feeds), runner) },
    );
    const w2 = report.layers.find(({ layer }) => layer === 'w2')!;
    const [weights, both] = w2.damages.map(({ damage }) => damage);
    expect(both).toBeGreaterThan(5 * weights);
    const ofWeights = w2.fixes.filter(({ changes }) => changes[0].pass === 'equalize');
    expect(ofWeights.length).toBe(1);
    for (const { predictedGain } of ofWeights) expect(predictedGain).toBeLessThanOrEqual(weights);
    // What rounding the values does goes only with computing in floats.
    const floats = w2.fixes.find(({ label }) => label === 'Compute this layer in floats');
    expect(floats?.predictedGain).toBeCloseTo(both - weights, 12);
  });
});
