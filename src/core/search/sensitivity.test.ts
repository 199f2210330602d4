import { describe, expect, it } from 'vitest';
import { PareError } from '../errors.ts';
import { applyRecipe } from '../passes/manager.ts';
import type { RecipeStep } from '../recipe/types.ts';
import { writeModel } from '../onnx/write.ts';
import { chooseMetric, DamageSum } from './damage.ts';
import { proxyReport } from './proxy.ts';
import { measureSensitivity } from './sensitivity.ts';
import { inputs, plantedModel, searchContext } from './testing/planted.ts';
import type { LayerSensitivity, SensitivityRequest } from './types.ts';

const perTensor: SensitivityRequest = {
  options: ['int8'],
  samples: 24,
  metric: 'auto',
  target: 'ort-wasm',
  params: { granularity: 'tensor' },
};

const damageOf = (layer: LayerSensitivity): number => layer.damages[0].damage;
const ranked = (layers: readonly LayerSensitivity[]): LayerSensitivity[] =>
  layers.toSorted((a, b) => damageOf(b) - damageOf(a));

/** KL of the whole model after these steps, on samples that the search has not seen. */
async function damageAfter(steps: readonly RecipeStep[]): Promise<number> {
  const context = searchContext();
  const original = plantedModel(300);
  const made = await applyRecipe(
    original,
    { seed: 1, steps: [{ pass: 'simplify' }, ...steps] },
    { ...context, now: () => 0, checkpoint: () => Promise.resolve() },
  );
  const feeds = new Map([['x', inputs(9, 16)]]);
  const before = await context.runner.run(writeModel(original).model, feeds, ['y']);
  const after = await context.runner.run(writeModel(made.model).model, feeds, ['y']);
  const { metric } = chooseMetric('auto', before);
  const sum = new DamageSum(metric);
  sum.add('y', before.get('y')!, after.get('y')!, 16);
  return sum.value();
}

describe('measureSensitivity', () => {
  it('names the planted layer first, with the cause, and a fix that recovers', async () => {
    const { report } = await measureSensitivity(plantedModel(300), perTensor, searchContext());
    expect(report.metric).toBe('kl');
    expect(report.samples).toBe(24);
    const [worst, next] = ranked(report.layers);
    expect(worst.layer).toBe('c2');
    expect(damageOf(worst)).toBeGreaterThan(2 * damageOf(next));
    expect(worst.causes.map(({ id }) => id)).toContain('channel-ranges');
    expect(worst.causes.find(({ id }) => id === 'channel-ranges')?.text).toMatch(/factor of 3\d\d/);
    const perChannel = worst.fixes.find(({ label }) => label === 'One scale per channel');
    expect(perChannel?.predictedGain).toBeGreaterThan(0.9 * damageOf(worst));
    // 16 scales instead of one: between nothing and 16 floats with what names them.
    expect(perChannel?.extraBytes).toBeGreaterThan(0);
    expect(perChannel?.extraBytes).toBeLessThan(200);
    const int8: RecipeStep = {
      pass: 'quantize-weights',
      params: { precision: 'int8', granularity: 'tensor' },
    };
    const broken = await damageAfter([int8]);
    const [change] = perChannel!.changes;
    const fixed = await damageAfter([{ ...int8, layers: { [change.layer!]: change.params } }]);
    expect(fixed).toBeLessThan(0.2 * broken);
  });

  it('offers to equalize, and equalizing recovers', async () => {
    const { report } = await measureSensitivity(plantedModel(300), perTensor, searchContext());
    const [worst] = ranked(report.layers);
    const equalize = worst.fixes.find(({ changes }) => changes[0].pass === 'equalize');
    expect(equalize?.predictedGain).toBeGreaterThan(0.9 * damageOf(worst));
    const int8: RecipeStep = {
      pass: 'quantize-weights',
      params: { precision: 'int8', granularity: 'tensor' },
    };
    expect(await damageAfter([{ pass: 'equalize' }, int8])).toBeLessThan(0.1 * (await damageAfter([int8])));
  });

  it('finds nothing of the kind in the same model without the planted factor', async () => {
    const { report } = await measureSensitivity(plantedModel(1), perTensor, searchContext());
    for (const { causes } of report.layers)
      expect(causes.map(({ id }) => id)).not.toContain('channel-ranges');
    expect(Math.max(...report.layers.map(damageOf))).toBeLessThan(0.01);
  });

  it('orders options by bits, and activations in 8 bits cost more than weights alone', async () => {
    const request: SensitivityRequest = {
      options: ['fp16', 'int8', 'int8-activations', 'int4'],
      samples: 24,
      metric: 'auto',
      target: 'ort-wasm',
    };
    const { report, anchors } = await measureSensitivity(plantedModel(1), request, searchContext());
    expect(report.layers.map(({ layer }) => layer)).toEqual(['c1', 'c2', 'c3', 'fc']);
    expect(anchors.length).toBe(16);
    for (const { layer, damages } of report.layers) {
      const [half, int8, , int4] = damages.map(({ damage }) => damage);
      expect(
        damages.map(({ option }) => option),
        layer,
      ).toEqual(request.options);
      expect(damages.every(({ source }) => source === 'measured')).toBe(true);
      expect(half, layer).toBeLessThan(int8);
      // A layer whose codes in 4 bits would take no fewer bytes stays at 8.
      expect(int8, layer).toBeLessThanOrEqual(int4);
    }
    const sum = (option: number): number =>
      report.layers.reduce((total, { damages }) => total + damages[option].damage, 0);
    expect(sum(2)).toBeGreaterThan(sum(1));
  });

  it('sees one range for all channels suffer from the planted factor', async () => {
    const request: SensitivityRequest = { ...perTensor, options: ['int8-activations'], params: {} };
    const { report } = await measureSensitivity(plantedModel(300), request, searchContext());
    const c3 = report.layers.find(({ layer }) => layer === 'c3')!;
    expect(c3.causes.map(({ id }) => id)).toContain('activation-range');
    // The value between them has one range: it is what c2 writes and what c3 reads.
    const [first, second, third] = ranked(report.layers);
    expect([first.layer, second.layer].toSorted()).toEqual(['c2', 'c3']);
    expect(damageOf(second)).toBeGreaterThan(3 * damageOf(third));
  });

  it('says which layers were left out, and why', async () => {
    const bare = plantedModel(1);
    const tiny = {
      ...bare,
      graph: {
        ...bare.graph,
        outputs: [
          ...bare.graph.outputs,
          { name: 'fc', docString: '', type: { kind: 'tensor' as const, elementType: 'float32' as const } },
        ],
      },
    };
    const { report } = await measureSensitivity(tiny, perTensor, searchContext());
    expect(report.layers.map(({ layer }) => layer)).toEqual(['c1', 'c2', 'c3']);
    expect(report.notMeasured).toEqual([{ layer: 'fc', reason: 'weight `fc` is also a graph output' }]);
  });

  it('stops when it is cancelled', async () => {
    const context = searchContext();
    const stopped = {
      ...context,
      now: () => 0,
      checkpoint: (_: number, doing: string): Promise<void> =>
        doing.startsWith('trying')
          ? Promise.reject(new PareError('cancelled', 'Stopped.'))
          : Promise.resolve(),
    };
    await expect(measureSensitivity(plantedModel(1), perTensor, stopped)).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

describe('proxyReport', () => {
  it('names the planted layer first without a run of the changed model', async () => {
    const report = await proxyReport(plantedModel(300), { ...perTensor, proxyOnly: true }, searchContext());
    expect(ranked(report.layers)[0].layer).toBe('c2');
    for (const { damages } of report.layers) expect(damages[0].source).toBe('predicted');
  });
});
