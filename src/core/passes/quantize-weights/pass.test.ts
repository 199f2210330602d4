/** The step as a whole: which method each layer gets, what the report says of it, what it refuses. */
import { describe, expect, it } from 'vitest';
import type { Calibration, LayerGram } from '../../calibration/types.ts';
import { PareError } from '../../errors.ts';
import { graph, int, model, node, valueInfo } from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { writeModel } from '../../onnx/write.ts';
import { concatParts } from '../../bytes/spans.ts';
import { calibrationOn, floatFeed, givenSamples } from '../../testing/node-calibration.ts';
import {
  mixedModel,
  noise,
  oneWeight,
  reads,
  reread,
  testContext,
  weight,
} from '../../testing/weight-models.ts';
import { applyRecipe } from '../manager.ts';
import type { StepReport } from '../manager.ts';
import type { ParamValues, PassStep } from '../types.ts';

const QUANTIZE = 'quantize-weights';

/** Pictures in, ten numbers out: a first convolution, a depthwise one, two plain ones, a matrix. */
function network(): Model {
  return reread(
    model(
      graph({
        nodes: [
          node('Conv', ['x', 'first'], ['a'], {
            name: 'first',
            attrs: { kernel_shape: { kind: 'ints', value: [3n, 3n] } },
          }),
          node('Relu', ['a'], ['ar']),
          node('Conv', ['ar', 'depth'], ['b'], { name: 'depth', attrs: { group: int(8) } }),
          node('Relu', ['b'], ['br']),
          node('Conv', ['br', 'wide'], ['c'], { name: 'wide' }),
          node('Relu', ['c'], ['cr']),
          node('GlobalAveragePool', ['cr'], ['p']),
          node('Flatten', ['p'], ['f']),
          node('MatMul', ['f', 'dense'], ['y'], { name: 'dense' }),
        ],
        initializers: [
          weight('first', [8, 3, 3, 3], 1),
          weight('depth', [8, 1, 3, 3], 2),
          weight('wide', [64, 8, 3, 3], 3),
          weight('dense', [64, 48], 4),
        ],
        inputs: [valueInfo('x', 'float32', ['n', 3, 16, 16])],
        outputs: [valueInfo('y', 'float32', ['n', 48])],
      }),
      { opset: 17 },
    ),
  );
}

const samples = givenSamples(
  [1, 2, 3].map((seed) => new Map([['x', floatFeed([4, 3, 16, 16], noise(4 * 768, seed))]])),
);
const calibration = calibrationOn(samples);

async function run(
  params: ParamValues,
  more: {
    layers?: PassStep['layers'];
    calibration?: Calibration;
    before?: readonly PassStep[];
    made?: Model;
  } = {},
): Promise<{ step: StepReport; bytes: Uint8Array }> {
  const { layers = {}, before = [], made = network() } = more;
  const context = testContext(more.calibration === undefined ? {} : { calibration: more.calibration });
  const steps = [...before, { pass: QUANTIZE, params, layers }];
  const applied = await applyRecipe(made, { seed: 1, steps }, context);
  return { step: applied.steps[before.length], bytes: concatParts(writeModel(applied.model).model) };
}

const precisions = (step: StepReport): Record<string, string | undefined> =>
  Object.fromEntries(step.changed.map(({ layer, precision }) => [layer, precision]));

describe('fragile layers', () => {
  it('keep 8 bits where they are few', async () => {
    const { step } = await run({ precision: 'int4' });
    expect(precisions(step)).toMatchObject({ first: 'int8 ch', wide: 'int4 b32', dense: 'int4 b32' });
    expect(step.changed.find(({ layer }) => layer === 'first')?.note).toMatch(/keeps 8 bits/);
  });

  it('are like the others where that is asked, or where a layer asks for itself', async () => {
    expect(precisions((await run({ precision: 'int4', protect: 'none' })).step)['first']).toBe('int4 ch');
    const own = await run({ precision: 'int4' }, { layers: { first: { precision: 'int4' } } });
    expect(precisions(own.step)['first']).toBe('int4 ch');
  });

  it('are like the others where they are much of the model', async () => {
    const made = oneWeight({ tensor: weight('w', [20, 1, 3, 3]), consumer: reads.conv({ group: int(20) }) });
    expect(precisions((await run({ precision: 'int3' }, { made })).step)['w']).toBe('int3 ch');
  });
});

describe('methods', () => {
  it('automatic with samples: GPTQ and descent, said with what they were made from', async () => {
    const { step } = await run({ precision: 'int4' }, { calibration });
    expect(step.facts).toMatchObject({
      'rounded by GPTQ, then descent': 4,
      'rounded on': '12 given samples',
    });
    const wide = step.changed.find(({ layer }) => layer === 'wide');
    expect(wide?.outputError).toBeGreaterThan(0);
    expect(wide?.outputError).toBeLessThan(0.05);
  });

  it('automatic without samples, or with made-up ones: never GPTQ on noise', async () => {
    const synthetic = calibrationOn({ ...samples, origin: 'synthetic', key: 'synthetic' });
    for (const more of [{}, { calibration: synthetic }]) {
      const { step } = await run({ precision: 'int4' }, more);
      expect(step.facts).toMatchObject({ 'rounded by descent on assumed inputs (no samples)': 1 });
      expect(step.facts).not.toHaveProperty('rounded on');
    }
  });

  it('GPTQ on made-up inputs where it was asked for, with a warning', async () => {
    const synthetic = calibrationOn({ ...samples, origin: 'synthetic', key: 'synthetic' });
    const { step } = await run({ precision: 'int4', method: 'gptq' }, { calibration: synthetic });
    expect(step.facts).toMatchObject({ 'rounded by GPTQ': 4 });
    expect(step.facts['warning']).toMatch(/made-up inputs/);
  });

  it('of one layer', async () => {
    const { step } = await run(
      { precision: 'int4' },
      { calibration, layers: { wide: { method: 'nearest' }, dense: { method: 'descent' } } },
    );
    expect(step.facts).toMatchObject({ 'rounded by descent on your inputs': 1 });
  });

  it('asked for, but nothing is known of the inputs: nearest codes, and the report says why', async () => {
    const none: Calibration = {
      ...calibration,
      async grams(_model, layers, _of, _checkpoint, visit) {
        for (const layer of layers) await visit(layer, 'it stands in a branch');
      },
    };
    const { step } = await run({ precision: 'int4', method: 'gptq' }, { calibration: none });
    expect(step.facts['not rounded on samples']).toMatch(/: it stands in a branch/);
    expect(step.facts).not.toHaveProperty('rounded by GPTQ');
  });

  it('moments of another shape are not used', async () => {
    const wrong: Calibration = {
      ...calibration,
      async grams(_model, layers, _of, _checkpoint, visit) {
        const gram: LayerGram = {
          layer: '',
          groups: 1,
          columns: 2,
          values: Float32Array.of(1, 0, 0, 1),
          sums: new Float32Array(2),
          rows: 1,
        };
        for (const layer of layers) await visit(layer, gram);
      },
    };
    const { step } = await run({ precision: 'int4' }, { calibration: wrong });
    expect(step.facts['not rounded on samples']).toMatch(/2 values in 1 groups/);
  });

  it('pruned layers, branches, Constant nodes: every layer is encoded or has a reason', async () => {
    for (const precision of ['int4', 'int3', 'int2', 'palette16', 'palette64', 'palette256']) {
      const { step } = await run(
        { precision, protect: 'none', method: 'gptq-descent' },
        {
          made: mixedModel(),
          before: [{ pass: 'prune-magnitude', params: { sparsity: 0.3, scope: 'uniform' } }],
        },
      );
      expect(step.changed.length + step.skipped.length).toBe(7);
    }
  });
});

describe('the same recipe', () => {
  it('gives the same bytes', async () => {
    for (const precision of ['int4', 'int2', 'palette16']) {
      const [a, b] = [await run({ precision }, { calibration }), await run({ precision }, { calibration })];
      expect(a.bytes).toEqual(b.bytes);
    }
  });

  it('gives other bytes on other samples', async () => {
    const other = calibrationOn(
      givenSamples([new Map([['x', floatFeed([4, 3, 16, 16], noise(4 * 768, 9).map(Math.abs))]])]),
    );
    const a = await run({ precision: 'int4' }, { calibration });
    const b = await run({ precision: 'int4' }, { calibration: other });
    expect(a.bytes.length).toBe(b.bytes.length);
    expect(a.bytes).not.toEqual(b.bytes);
  });
});

it('can be cancelled at every checkpoint', async () => {
  for (const method of ['gptq-descent', 'hqq', 'auto']) {
    let count = 0;
    const countAll = testContext({
      calibration,
      checkpoint: () => {
        count++;
        return Promise.resolve();
      },
    });
    const steps = [{ pass: QUANTIZE, params: { precision: 'int3', method } }];
    await applyRecipe(network(), { seed: 1, steps }, countAll);
    for (const stop of [1, Math.floor(count / 2), count - 2]) {
      let seen = 0;
      const stopping = testContext({
        calibration,
        checkpoint: () =>
          ++seen === stop ? Promise.reject(new PareError('cancelled', 'stopped')) : Promise.resolve(),
      });
      await expect(applyRecipe(network(), { seed: 1, steps }, stopping)).rejects.toThrow('stopped');
    }
  }
});
