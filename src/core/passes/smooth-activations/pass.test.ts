import { describe, expect, it } from 'vitest';
import { createKernels } from '../../../kernels/dispatch.ts';
import { createNodeRunner } from '../../../runtime/node-runner.ts';
import { outputError } from '../../calibration/output-error.ts';
import { floatTensor, graph, int, model, node, valueInfo } from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { readWeight } from '../../onnx/weights.ts';
import { writeModel } from '../../onnx/write.ts';
import { calibrationOn, floatFeed, givenSamples } from '../../testing/node-calibration.ts';
import { noise, weight } from '../../testing/weight-models.ts';
import { targetOf } from '../../targets/registry.ts';
import { quantizeWeights } from '../quantize-weights/pass.ts';
import { seededRandom } from '../random.ts';
import type { PassContext, PassOutcome } from '../types.ts';
import { smoothActivationsPass } from './pass.ts';

const runner = createNodeRunner();
const DIMS = [2, 4, 32];
/** Channels that the normalization makes a hundred times larger, as in trained language models. */
const OUTLIERS = new Set([3, 17]);
const x = noise(2 * 4 * 32, 7);

function contextFor(): PassContext {
  return {
    kernels: createKernels(),
    runner,
    random: seededRandom(1),
    target: targetOf(),
    calibration: calibrationOn(givenSamples([new Map([['x', floatFeed(DIMS, x)]])])),
    checkpoint: () => Promise.resolve(),
  };
}

const gamma = Float32Array.from({ length: 32 }, (_, j) => (OUTLIERS.has(j) ? 100 : 1));
const kq = weight('wq', [32, 16], 1);
const kk = weight('wk', [32, 16], 2);

function whole(decomposed: boolean, extra: Parameters<typeof graph>[0]['nodes'] = []): Model {
  const normalization = decomposed
    ? [node('Mul', ['x', 'gamma'], ['p']), node('Add', ['p', 'beta'], ['n'])]
    : [node('LayerNormalization', ['x', 'gamma', 'beta'], ['n'])];
  return model(
    graph({
      nodes: [
        ...normalization,
        node('MatMul', ['n', 'wq'], ['q']),
        node('MatMul', ['n', 'wk'], ['k']),
        ...extra,
        node('Add', ['q', 'k'], ['y']),
      ],
      initializers: [floatTensor('gamma', [32], gamma), weight('beta', [32], 5), kq, kk],
      inputs: [valueInfo('x', 'float32', ['N', 4, 32])],
      outputs: [valueInfo('y', 'float32', ['N', 4, 16])],
    }),
  );
}

async function outputs(made: Model): Promise<Float32Array> {
  const found = await runner.run(writeModel(made).model, new Map([['x', floatFeed(DIMS, x)]]), ['y']);
  return new Float32Array(found.get('y')?.bytes.slice().buffer ?? new ArrayBuffer(0));
}

const run = (base: Model, params: Record<string, string | number> = {}): Promise<PassOutcome> =>
  smoothActivationsPass.run(base, params, {}, contextFor());

describe.each([false, true])('smooth-activations (decomposed: %s)', (decomposed) => {
  it.each(['smoothquant', 'awq'])(
    'keeps the outputs to the bit with %s, and shares among readers',
    async (method) => {
      const base = whole(decomposed);
      const { model: made, changed, facts } = await run(base, { method });
      expect(facts['places smoothed']).toBe(1);
      expect(changed.map(({ layer }) => layer)).toEqual(['wq', 'wk']);
      expect(await outputs(made)).toEqual(await outputs(base));
    },
  );

  it('brings the outliers of the activations down', async () => {
    const base = whole(decomposed);
    const { model: made } = await run(base);
    const range = async (of: Model): Promise<number> => {
      const { channels } = await contextFor().calibration!.statistics(
        of,
        { of: 'floats', channels: [{ value: 'n', axis: -1 }] },
        () => Promise.resolve(),
      );
      const { absmax } = channels.get('n')!;
      return Math.max(...absmax) / ([...absmax].sort((a, b) => a - b)[16] ?? 0);
    };
    // A strength of one half takes the square root of an outlier's factor; powers of two are at most √2 off on each side.
    expect(await range(made)).toBeLessThan((await range(base)) / 5);
  });

  it('AWQ lowers the error of 4-bit weights', async () => {
    const context = contextFor();
    const base = whole(decomposed);
    const { model: made } = await run(base, { method: 'awq' });
    const error = async (of: Model): Promise<number> => {
      const params = { precision: 'int4', granularity: 'channel', method: 'nearest' };
      const { model: int4 } = await quantizeWeights.run(of, params, {}, context);
      return outputError(runner, context.calibration!.samples, of, int4, () => Promise.resolve());
    };
    expect(await error(made)).toBeLessThan(await error(base));
  });
});

describe('smooth-activations', () => {
  it('refuses where another operator reads the normalization too', async () => {
    const base = whole(false, [node('ReduceMean', ['n'], ['m'], { attrs: { keepdims: int(1) } })]);
    const { model: made, skipped } = await run(base);
    expect(made).toBe(base);
    expect(skipped).toContainEqual({ layer: 'wq', reason: 'other operators read its input too' });
  });

  it('leaves the given model as it was', async () => {
    const base = whole(false);
    const before = Array.from(readWeight(kq) ?? []);
    await run(base);
    expect(Array.from(readWeight(kq) ?? [])).toEqual(before);
  });
});
