import { describe, expect, it } from 'vitest';
import { concatParts } from '../bytes/spans.ts';
import { openDraft } from '../onnx/draft.ts';
import type { Model } from '../onnx/ir.ts';
import { listWeights, readWeight } from '../onnx/weights.ts';
import { writeModel } from '../onnx/write.ts';
import { mixedModel, noise, testContext } from '../testing/weight-models.ts';
import { applyRecipe, layerFloats } from './manager.ts';
import type { ApplyContext } from './manager.ts';
import { seededRandom } from './random.ts';
import { PASSES } from './registry.ts';
import type { Pass, PassOutcome } from './types.ts';

const context = testContext();

/** A pass that does `change` to the model. */
function fake(id: string, change: (model: Model) => Model, random: (next: number) => void = () => {}): Pass {
  return {
    meta: { id, label: id, help: '', params: {}, layerParams: [], exact: true },
    run(model, _params, _layers, { random: r }): Promise<PassOutcome> {
      random(r.next());
      return Promise.resolve({ model: change(model), changed: [], skipped: [], facts: {} });
    },
  };
}

describe('applyRecipe', () => {
  it('gives the model itself back for a recipe without steps', async () => {
    const made = mixedModel();
    expect(await applyRecipe(made, { seed: 1, steps: [] }, context)).toEqual({
      model: made,
      logical: made,
      steps: [],
    });
    const { model } = await applyRecipe(
      made,
      { seed: 1, steps: [{ pass: 'prune-magnitude', params: { sparsity: 0 } }] },
      context,
    );
    expect(model).toBe(made);
  });

  it('refuses a layer that neither the model nor an earlier step has', async () => {
    const steps = [{ pass: 'prune-magnitude', layers: { c1: { sparsity: 0.5 }, c9: { sparsity: 0.5 } } }];
    await expect(applyRecipe(mixedModel(), { seed: 1, steps }, context)).rejects.toMatchObject({
      code: 'layer-unknown',
      message: 'The model has no layer "c9".',
      at: '$.steps[0].layers["c9"]',
    });
  });

  it('takes a layer that a step before has merged away', async () => {
    const gone = fake('gone', (model) => {
      const draft = openDraft(model);
      draft.main.replaceUses('c1', 'dw');
      draft.main.removeInitializer('c1');
      return draft.finish();
    });
    const steps = [{ pass: 'gone' }, { pass: 'prune-magnitude', layers: { c1: { sparsity: 0.5 } } }];
    const passes = [...(await import('./registry.ts')).PASSES, gone];
    const { logical } = await applyRecipe(mixedModel(), { seed: 1, steps }, { ...context, passes });
    expect(listWeights(logical).map(({ id }) => id)).not.toContain('c1');
  });

  it('names the pass that breaks a graph and gives the recipe that shows it', async () => {
    const breaker = fake('breaker', (model) => {
      const draft = openDraft(model);
      draft.main.removeInitializer('c1');
      return draft.finish();
    });
    const steps = [{ pass: 'breaker' }, { pass: 'never' }];
    await expect(
      applyRecipe(mixedModel(), { seed: 3, steps }, { ...context, passes: [breaker] }),
    ).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/^The pass "breaker" broke the graph: .*c1/) as string,
      hint: expect.stringContaining('{"seed":3,"steps":[{"pass":"breaker"}]}') as string,
    });
  });

  it('does not let a pass change the signature', async () => {
    const renamer = fake('renamer', (model) => {
      const { verbatim: _model, ...header } = model;
      const { verbatim: _graph, ...graph } = model.graph;
      return { ...header, graph: { ...graph, outputs: graph.outputs.slice(0, 1) } };
    });
    await expect(
      applyRecipe(mixedModel(), { seed: 1, steps: [{ pass: 'renamer' }] }, { ...context, passes: [renamer] }),
    ).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('its outputs were y: float32, t: float32') as string,
    });
  });

  it('gives every pass of a recipe the same stream of random numbers for the same seed', async () => {
    const drawn: number[] = [];
    const passes = [
      fake(
        'dice',
        (m) => m,
        (next) => drawn.push(next),
      ),
    ];
    const steps = [{ pass: 'dice' }, { pass: 'dice' }];
    for (const seed of [5, 5, 6]) await applyRecipe(mixedModel(), { seed, steps }, { ...context, passes });
    expect(drawn.slice(0, 2)).toEqual(drawn.slice(2, 4));
    expect(drawn[0]).not.toBe(drawn[1]);
    expect(drawn[4]).not.toBe(drawn[0]);
  });

  it('adds up time and reports per step', async () => {
    const steps = [
      { pass: 'prune-magnitude', params: { sparsity: 0.5, scope: 'uniform' } },
      { pass: 'quantize-weights', params: { precision: 'int8' }, layers: { fc: { precision: 'fp32' } } },
    ];
    const { steps: reports, logical } = await applyRecipe(mixedModel(), { seed: 1, steps }, context);
    expect(reports.map(({ pass }) => pass)).toEqual(['prune-magnitude', 'quantize-weights']);
    expect(reports.every(({ millis }) => millis > 0)).toBe(true);
    const conv = reports[1].changed.find(({ layer }) => layer === 'c1');
    expect(conv?.precision).toBe('int8 ch');
    // Eight bits over a range of about ±3 deviations: step 6σ/254, error step/√12, so about 43 dB. Pruning half has taken
    // all but some 11 dB before; both together are 10·log10(1 + 10^−3.2) = 0.003 dB below that.
    const pruned = reports[0].changed.find(({ layer }) => layer === 'c1')?.sqnrDb ?? NaN;
    expect(conv?.sqnrDb).toBeLessThan(pruned);
    expect(conv?.sqnrDb).toBeGreaterThan(pruned - 0.02);
    expect(reports[1].changed.some(({ layer }) => layer === 'fc')).toBe(false);
    const fc = layerFloats(logical, 'fc');
    expect(fc?.filter((x) => x === 0)).toHaveLength(120);
  });
});

describe('a host that makes many variants', () => {
  it('runs an exact first step once, and gives the same model', async () => {
    let runs = 0;
    const counted = PASSES.map((pass) => ({
      ...pass,
      run: (...args: Parameters<Pass['run']>) => {
        if (pass.meta.exact) runs++;
        return pass.run(...args);
      },
    }));
    const made = mixedModel();
    const host = { ...context, passes: counted, firstOutcomes: new Map<string, PassOutcome>() };
    const bytesOf = async (precision: string, withHost: ApplyContext): Promise<Uint8Array> => {
      const steps = [{ pass: 'simplify' }, { pass: 'quantize-weights', params: { precision } }];
      const applied = await applyRecipe(made, { seed: 1, steps }, withHost);
      return concatParts(writeModel(applied.model).model);
    };
    await bytesOf('int4', host);
    expect(await bytesOf('int8', host)).toEqual(await bytesOf('int8', context));
    expect(runs).toBe(1);
  });
});

describe('layerFloats', () => {
  it('gives a layer as it is, and nothing for one that is not there', () => {
    expect(layerFloats(mixedModel(), 'c1')).toEqual(noise(432, 1));
    expect(layerFloats(mixedModel(), 'c9')).toBeUndefined();
    expect(readWeight(listWeights(mixedModel())[0].tensor)).toHaveLength(432);
  });
});

describe('seededRandom', () => {
  it('is uniform: thirds of 30,000 draws are within 4 standard deviations', () => {
    const random = seededRandom(42);
    const counts = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) counts[Math.floor(random.next() * 3)]++;
    // σ = √(30000 · 1/3 · 2/3) = 81.6
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(4 * 82);
  });
});
