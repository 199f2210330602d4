/**
 * One suite over every registered pass: refuses with a reason, deterministic, cancels, verifies, reports the real bytes,
 * keeps the signature. A new pass is held to it by being registered.
 */
import { describe, expect, it } from 'vitest';
import { concatParts } from '../bytes/spans.ts';
import { PareError } from '../errors.ts';
import { verifyModel } from '../onnx/verify.ts';
import { listWeights } from '../onnx/weights.ts';
import { sizeOf, writeModel } from '../onnx/write.ts';
import { functionModel, mixedModel, quantizedModel, reread, testContext } from '../testing/weight-models.ts';
import { applyRecipe } from './manager.ts';
import { findPassMeta, PASS_METAS } from './metas.ts';
import { checkValue, withDefaults } from './params.ts';
import { PASSES } from './registry.ts';
import type { ParamValues, PassMeta } from './types.ts';

const context = testContext();

/** Each choice and flag once away from its default, numbers at both ends and between. */
function settings(meta: PassMeta): ParamValues[] {
  const all: ParamValues[] = [{}];
  for (const [name, spec] of Object.entries(meta.params)) {
    if (spec.kind === 'choice') all.push(...spec.options.map(({ value }) => ({ [name]: value })));
    else if (spec.kind === 'flag') all.push({ [name]: !spec.default });
    else all.push({ [name]: spec.min }, { [name]: (spec.min + spec.max) / 2 }, { [name]: spec.max });
  }
  return all;
}

it('the metas and the passes are the same list', () => {
  expect(PASSES.map(({ meta }) => meta)).toEqual([...PASS_METAS]);
  expect(new Set(PASS_METAS.map(({ id }) => id)).size).toBe(PASS_METAS.length);
  expect(findPassMeta('no such pass')).toBeUndefined();
});

describe.each(PASSES.map((pass) => [pass.meta.id, pass] as const))('%s', (id, pass) => {
  const models = [
    ['a plain model', mixedModel()],
    ['a function body', functionModel()],
    ['a quantized model', quantizedModel()],
  ] as const;

  it('describes itself', () => {
    expect(pass.meta.label.length).toBeGreaterThan(2);
    expect(pass.meta.help.length).toBeGreaterThan(40);
    for (const name of pass.meta.layerParams) expect(pass.meta.params).toHaveProperty(name);
    for (const spec of Object.values(pass.meta.params)) {
      expect(checkValue(spec, spec.default)).toEqual({ value: spec.default });
    }
    expect(Object.keys(withDefaults(pass.meta, {}))).toEqual(Object.keys(pass.meta.params));
  });

  it.each(models)(
    '%s: every setting gives a valid model with the same signature, twice the same bytes',
    async (_name, made) => {
      for (const params of settings(pass.meta)) {
        const recipe = { seed: 7, steps: [{ pass: id, params }] };
        const first = await applyRecipe(made, recipe, context);
        const second = await applyRecipe(made, recipe, context);
        const bytes = concatParts(writeModel(first.model).model);
        expect(concatParts(writeModel(second.model).model)).toEqual(bytes);
        expect(sizeOf(first.model)).toBe(bytes.length);
        const back = reread(first.model);
        expect(verifyModel(back).errors).toEqual([]);
        expect(back.graph.outputs.map(({ name, type }) => [name, type?.elementType])).toEqual(
          made.graph.outputs.map(({ name, type }) => [name, type?.elementType]),
        );
        expect(bytes.length).toBeLessThanOrEqual(sizeOf(made));
      }
    },
  );

  it('says of every layer that it leaves alone why', async () => {
    const made = mixedModel();
    const { steps } = await applyRecipe(made, { seed: 1, steps: [{ pass: id }] }, context);
    for (const { reason } of steps[0].skipped) expect(reason.length).toBeGreaterThan(5);
    const reported = new Set([...steps[0].changed, ...steps[0].skipped].map(({ layer }) => layer));
    if (pass.meta.layerParams.length > 0) {
      for (const layer of listWeights(made)) expect(reported.has(layer.id)).toBe(true);
    }
  });

  it('does not touch a quantized model: the same object comes back', async () => {
    if (pass.meta.layerParams.length === 0) return;
    const made = quantizedModel();
    const applied = await applyRecipe(made, { seed: 1, steps: [{ pass: id }] }, context);
    expect(applied.model).toBe(made);
    expect(applied.steps[0].skipped).toEqual([{ layer: 'q', reason: 'already quantized (int8)' }]);
  });

  it('stops at the first checkpoint when it is cancelled', async () => {
    let calls = 0;
    const cancelled = testContext({
      checkpoint: () => {
        calls++;
        throw new PareError('cancelled', 'Cancelled.');
      },
    });
    await expect(
      applyRecipe(mixedModel(), { seed: 1, steps: [{ pass: id }] }, cancelled),
    ).rejects.toMatchObject({ code: 'cancelled' });
    expect(calls).toBe(1);
  });

  it('reports progress that does not go back', async () => {
    const seen: number[] = [];
    const watching = testContext({
      checkpoint: (fraction) => {
        seen.push(fraction);
        return Promise.resolve();
      },
    });
    await applyRecipe(mixedModel(), { seed: 1, steps: [{ pass: id }] }, watching);
    expect(seen.length).toBeGreaterThan(1);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    expect(seen.at(-1)).toBe(1);
  });
});
