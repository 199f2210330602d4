import { describe, expect, it } from 'vitest';
import { createKernels } from '../../../kernels/dispatch.ts';
import { createNodeRunner } from '../../../runtime/node-runner.ts';
import { outputError } from '../../calibration/output-error.ts';
import { graph, int, ints, model, node, valueInfo } from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { calibrationOn, floatFeed, givenSamples, nodeCalibration } from '../../testing/node-calibration.ts';
import { sharedDir } from '../../testing/shared.ts';
import { noise, weight } from '../../testing/weight-models.ts';
import { targetOf } from '../../targets/registry.ts';
import { quantizeWeights } from '../quantize-weights/pass.ts';
import { seededRandom } from '../random.ts';
import { simplifyPass } from '../simplify/pass.ts';
import type { Pass, PassContext, PassOutcome } from '../types.ts';
import { correctBiasPass } from './pass.ts';

const runner = createNodeRunner();

function contextWith(calibration: PassContext['calibration']): PassContext {
  return {
    kernels: createKernels(),
    runner,
    random: seededRandom(1),
    target: targetOf(),
    calibration,
    checkpoint: () => Promise.resolve(),
  };
}

const run = (
  pass: Pass,
  base: Model,
  params: Record<string, string | boolean>,
  context: PassContext,
): Promise<PassOutcome> => pass.run(base, params, {}, context);

/** Inputs far from zero on average, as after a ReLU: rounding then shifts means. */
function shiftedSamples(batches: number) {
  return calibrationOn(
    givenSamples(
      Array.from({ length: batches }, (_, i) => {
        const x = noise(4 * 3 * 8 * 8, i + 1).map((v) => v + 0.5);
        return new Map([['x', floatFeed([4, 3, 8, 8], x)]]);
      }),
    ),
  );
}

const net = model(
  graph({
    nodes: [
      node('Conv', ['x', 'w1'], ['a'], { attrs: { pads: ints([1, 1, 1, 1]) } }),
      node('Relu', ['a'], ['r']),
      node('Conv', ['r', 'wd', 'bd'], ['d'], { attrs: { group: int(16) } }),
      node('Relu', ['d'], ['e']),
      node('GlobalAveragePool', ['e'], ['p']),
      node('Flatten', ['p'], ['f']),
      node('MatMul', ['f', 'w2'], ['m']),
      node('Add', ['m', 'b2'], ['y']),
    ],
    initializers: [
      weight('w1', [16, 3, 3, 3]),
      weight('wd', [16, 1, 3, 3], 2),
      weight('bd', [16], 3),
      weight('w2', [16, 10], 4),
      weight('b2', [10], 5),
    ],
    inputs: [valueInfo('x', 'float32', ['N', 3, 8, 8])],
    outputs: [valueInfo('y', 'float32', ['N', 10])],
  }),
);

describe('correct-bias', () => {
  it('brings the channels’ means back, and the outputs nearer', async () => {
    const context = contextWith(shiftedSamples(8));
    const encoded = (await run(quantizeWeights, net, { precision: 'int4', granularity: 'tensor' }, context))
      .model;
    const { model: made, changed, facts } = await run(correctBiasPass, encoded, {}, context);
    expect(changed.map(({ layer }) => layer).sort()).toEqual(['w1', 'w2', 'wd']);
    expect(String(facts['noise to signal of the outputs'])).toContain('on 32 samples');
    const channels = ['a', 'd', 'y'].map((value) => ({ value, axis: value === 'y' ? -1 : 1 }));
    const wait = (): Promise<void> => Promise.resolve();
    const { calibration } = context;
    const floats = await calibration!.statistics(net, { of: 'floats', channels }, wait);
    const before = await calibration!.statistics(encoded, { of: 'encoded', channels }, wait);
    const after = await calibration!.statistics(made, { of: 'encoded', channels }, wait);
    for (const { value } of channels) {
      const off = (of: typeof before): number =>
        Math.max(
          ...of.channels.get(value)!.mean.map((m, c) => Math.abs(m - floats.channels.get(value)!.mean[c])),
        );
      // A group is corrected by what it shows after all groups before it: only float32 sums are left, of some 10³ terms.
      const size = Math.max(...floats.channels.get(value)!.absmax);
      expect(off(after)).toBeLessThan(1e3 * 2 ** -24 * size);
      expect(off(before)).toBeGreaterThan(off(after));
    }
    const { samples } = calibration!;
    expect(await outputError(runner, samples, net, made, wait)).toBeLessThan(
      await outputError(runner, samples, net, encoded, wait),
    );
  });

  it('leaves floats alone, and never gives back a model that is further away', async () => {
    const context = contextWith(shiftedSamples(2));
    const still = await run(correctBiasPass, net, {}, context);
    expect(still.model).toBe(net);
    expect(still.facts['note']).toBe('no encoded weight with a bias behind it');
    const { samples } = context.calibration!;
    const wait = (): Promise<void> => Promise.resolve();
    for (const precision of ['fp16', 'int8', 'int4']) {
      for (const spread of [false, true]) {
        const { model: encoded } = await run(quantizeWeights, net, { precision }, context);
        const { model: made } = await run(correctBiasPass, encoded, { spread }, context);
        const before = await outputError(runner, samples, net, encoded, wait);
        expect(await outputError(runner, samples, net, made, wait)).toBeLessThanOrEqual(before);
      }
    }
  });

  it('says so where nothing can be measured', async () => {
    const { model: made, facts } = await run(correctBiasPass, net, {}, contextWith(undefined));
    expect(made).toBe(net);
    expect(facts['note']).toBe('no runtime to measure with');
  });

  const folder = sharedDir();
  if (folder === undefined)
    console.log('correct-bias on real models: skipped, the folder with models is absent');
  it.skipIf(folder === undefined).each(['dscnn', 'resnet8', 'mobilenet'] as const)(
    'lowers the output error of %s at 4 bits a channel',
    async (id) => {
      const opened = await nodeCalibration(folder!, id, { samples: 64 });
      const { model: base, calibration } = opened;
      const context = contextWith(calibration);
      const { model: simple } = await run(simplifyPass, base, {}, context);
      const { model: encoded } = await run(
        quantizeWeights,
        simple,
        { precision: 'int4', granularity: 'channel', method: 'nearest' },
        context,
      );
      const { facts, changed } = await run(correctBiasPass, encoded, {}, context);
      console.log(id, facts);
      expect(changed.length).toBeGreaterThan(0);
      opened.dispose();
    },
    120_000,
  );
});
