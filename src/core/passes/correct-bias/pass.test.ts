import { describe, expect, it } from 'vitest';
import { createKernels } from '../../../kernels/dispatch.ts';
import { createNodeRunner } from '../../../runtime/node-runner.ts';
import { modelKey } from '../../calibration/model-key.ts';
import { outputError } from '../../calibration/output-error.ts';
import { plainModel } from '../../calibration/plain-model.ts';
import type { GraphRunner } from '../../onnx/graph-runner.ts';
import { graph, int, ints, model, node, valueInfo } from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { writeModel } from '../../onnx/write.ts';
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

/** Two layers that read one bias, which stands in a file of before IR 4: initializers are inputs as well. */
const twins: Model = {
  ...model(
    graph({
      nodes: [
        node('Conv', ['x', 'w1', 'b'], ['a']),
        node('Conv', ['x', 'w2', 'b'], ['c']),
        node('Sub', ['a', 'c'], ['s']),
        node('GlobalAveragePool', ['s'], ['p']),
        node('Flatten', ['p'], ['y']),
      ],
      initializers: [weight('w1', [8, 3, 3, 3]), weight('w2', [8, 3, 3, 3], 2), weight('b', [8], 3)],
      inputs: [
        valueInfo('x', 'float32', ['N', 3, 8, 8]),
        valueInfo('w1', 'float32', [8, 3, 3, 3]),
        valueInfo('w2', 'float32', [8, 3, 3, 3]),
        valueInfo('b', 'float32', [8]),
      ],
      outputs: [valueInfo('y', 'float32', ['N', 8])],
    }),
  ),
  irVersion: 3,
};

/** More layers than are swept one by one. */
function deep(): Model {
  const layers = Array.from({ length: 14 }, (_, i) => i);
  return model(
    graph({
      nodes: [
        ...layers.flatMap((i) => [
          node('Conv', [i === 0 ? 'x' : `r${i}`, `w${i}`, ...(i % 2 === 0 ? [] : [`b${i}`])], [`a${i}`]),
          node('Relu', [`a${i}`], [`r${i + 1}`]),
        ]),
        node('GlobalAveragePool', ['r14'], ['p']),
        node('Flatten', ['p'], ['y']),
      ],
      initializers: layers.flatMap((i) => [
        weight(`w${i}`, [16, i === 0 ? 3 : 16, 1, 1], i + 1),
        ...(i % 2 === 0 ? [] : [weight(`b${i}`, [16], i + 20)]),
      ]),
      inputs: [valueInfo('x', 'float32', ['N', 3, 8, 8])],
      outputs: [valueInfo('y', 'float32', ['N', 16])],
    }),
  );
}

describe('correct-bias', () => {
  it('brings the channels’ means back, and the outputs nearer', async () => {
    const context = contextWith(shiftedSamples(8));
    const encoded = (await run(quantizeWeights, net, { precision: 'int4', granularity: 'tensor' }, context))
      .model;
    const { model: made, changed, facts } = await run(correctBiasPass, encoded, {}, context);
    expect(changed.map(({ layer }) => layer).sort()).toEqual(['w1', 'w2', 'wd']);
    expect(String(facts['noise to signal of the outputs'])).toContain('on 32 samples');
    expect(facts['means of channels']).toBe('of 32 of 32');
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

  it('leaves the floats as they were: same outputs, same statistics, and a second step is never worse', async () => {
    const context = contextWith(shiftedSamples(4));
    const { samples } = context.calibration!;
    const wait = (): Promise<void> => Promise.resolve();
    const feeds = (await samples.batch(0)).feeds;
    const outputs = async (of: Model): Promise<Uint8Array> => {
      const found = await runner.run(writeModel(of, { externalize: 'never' }).model, feeds, ['y']);
      return found.get('y')!.bytes;
    };
    for (const base of [net, twins, deep()]) {
      for (const spread of [false, true]) {
        const params = { precision: 'int2', granularity: 'channel', method: 'nearest' };
        const encoded = (await run(quantizeWeights, base, params, context)).model;
        const first = await run(correctBiasPass, encoded, { spread }, context);
        expect(first.changed.length).toBeGreaterThan(1);
        const second = await run(correctBiasPass, first.model, { spread }, context);
        const third = await run(correctBiasPass, second.model, { spread }, context);
        const errors: number[] = [];
        for (const made of [encoded, first.model, second.model, third.model]) {
          const floats = plainModel(made, 'floats');
          expect(await outputs(floats)).toEqual(await outputs(base));
          expect(modelKey(floats)).toBe(modelKey(plainModel(encoded, 'floats')));
          errors.push(await outputError(runner, samples, base, made, wait));
        }
        expect(errors[1]).toBeLessThan(errors[0]);
        expect(errors[2]).toBeLessThanOrEqual(errors[1]);
        expect(errors[3]).toBeLessThanOrEqual(errors[2]);
      }
    }
  });

  it('sweeps the floats once, however many layers there are', async () => {
    let opened = 0;
    const counting: GraphRunner = {
      ...runner,
      open: (bytes, level) => {
        opened++;
        return runner.open(bytes, level);
      },
    };
    const { samples } = shiftedSamples(2);
    const calibration = calibrationOn(samples, counting);
    const context = contextWith(calibration);
    const params = { precision: 'int4', granularity: 'tensor' };
    const encoded = (await run(quantizeWeights, net, params, context)).model;
    opened = 0;
    const { changed } = await run(correctBiasPass, encoded, {}, context);
    expect(changed).toHaveLength(3);
    const sessions = opened;
    // Asking for the same floats again opens nothing; each layer's own sweep of the encoded model and the one of the floats did.
    const channels = ['a', 'd', 'y'].map((value) => ({ value, axis: value === 'y' ? -1 : 1 }));
    const wait = (): Promise<void> => Promise.resolve();
    await calibration.statistics(encoded, { of: 'floats', channels }, wait);
    expect(opened).toBe(sessions);
    await calibrationOn(samples, counting).statistics(encoded, { of: 'floats', channels }, wait);
    const aSweep = opened - sessions;
    expect(sessions).toBe(aSweep * (1 + changed.length));
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
