import { describe, expect, it } from 'vitest';
import { PareError } from '../errors.ts';
import { parseRecipe } from './parse.ts';
import { isPresetName, PRESETS } from './presets.ts';
import { recipeIdentity, stringifyRecipe } from './stringify.ts';

const head = { format: 'pare-recipe', version: 1, seed: 1 };
const withStep = (step: unknown) => ({ ...head, steps: [step] });

function failure(input: unknown): PareError {
  try {
    parseRecipe(input);
  } catch (error) {
    if (error instanceof PareError) return error;
    throw error;
  }
  throw new Error('the recipe was taken');
}

describe('parseRecipe', () => {
  it('takes text and objects, and fills in the seed', () => {
    const recipe = {
      ...head,
      steps: [{ pass: 'quantize-weights', params: { precision: 'int4', blockSize: '64' } }],
    };
    expect(parseRecipe(JSON.stringify(recipe))).toEqual(recipe);
    expect(parseRecipe({ format: 'pare-recipe', version: 1, steps: [] })).toEqual({ ...head, steps: [] });
  });

  it('reads a block size that was written as a number', () => {
    const step = { pass: 'quantize-weights', params: { blockSize: 128 } };
    expect(parseRecipe(withStep(step)).steps[0].params).toEqual({ blockSize: '128' });
  });

  it('drops a byte order mark', () => {
    expect(parseRecipe(`\uFEFF${JSON.stringify({ ...head, steps: [] })}`)).toEqual({ ...head, steps: [] });
  });

  it('refuses a value nested deeper than a stack, in words', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(failure(deep).message).toMatch(/an object is expected, a nested list was found/);
    const text = JSON.stringify(withStep({ pass: 'simplify' })).replace('"simplify"', deep);
    expect(failure(text).at).toBe('$.steps[0].pass');
    const nested = { pass: 'quantize-weights', params: { precision: 'DEEP' } };
    const param = JSON.stringify(withStep(nested)).replace('"DEEP"', deep);
    expect(failure(param).at).toBe('$.steps[0].params.precision');
  });

  it('keeps overrides for layers of any name', () => {
    const layers = JSON.parse('{"__proto__":{"sparsity":0.5},"a/b":{"sparsity":0}}') as unknown;
    const [step] = parseRecipe(withStep({ pass: 'prune-magnitude', layers })).steps;
    expect(Object.keys(step.layers ?? {})).toEqual(['__proto__', 'a/b']);
  });

  it.each<[unknown, string, RegExp]>([
    ['{', '$', /this is no JSON/],
    [[], '$', /an object is expected, \[\] was found/],
    [{ ...head, format: 'onnx', steps: [] }, '$.format', /"pare-recipe" is expected, "onnx" was found/],
    [{ ...head, version: 2, steps: [] }, '$.version', /version 1 is expected, 2 was found/],
    [{ ...head, seed: -1, steps: [] }, '$.seed', /a whole number from 0 to 4294967295/],
    [{ ...head, step: [] }, '$.step', /"step" is unknown here/],
    [head, '$.steps', /a list of steps is expected, nothing was found/],
    [{ ...head, steps: new Array(101).fill({ pass: 'simplify' }) }, '$.steps', /101 steps were found/],
    [withStep('int8'), '$.steps[0]', /an object is expected, "int8" was found/],
    [withStep({ pass: 'shrink' }), '$.steps[0].pass', /there is no pass "shrink"/],
    [
      withStep({ pass: 'simplify', params: { level: 1 } }),
      '$.steps[0].params.level',
      /"level" of "simplify" is unknown/,
    ],
    [
      withStep({ pass: 'quantize-weights', params: { precision: 'int1' } }),
      '$.steps[0].params.precision',
      /one of fp32, fp16, int8, int4, .* is expected, "int1" was found/,
    ],
    [
      withStep({ pass: 'quantize-weights', params: { symmetric: 'no' } }),
      '$.steps[0].params.symmetric',
      /true or false is expected, "no" was found/,
    ],
    [
      withStep({ pass: 'prune-magnitude', params: { sparsity: 0.96 } }),
      '$.steps[0].params.sparsity',
      /0\.96 is outside 0…0\.95/,
    ],
    [
      withStep({ pass: 'prune-magnitude', params: { sparsity: Infinity } }),
      '$.steps[0].params.sparsity',
      /a number is expected, Infinity was found/,
    ],
    [
      withStep({ pass: 'prune-magnitude', params: { sparsity: '80%' } }),
      '$.steps[0].params.sparsity',
      /a number is expected, "80%" was found/,
    ],
    [
      withStep({ pass: 'prune-magnitude', layers: { 'conv.w': { scope: 'nm' } } }),
      '$.steps[0].layers["conv.w"].scope',
      /cannot be set for one layer/,
    ],
  ])('refuses %j at %s', (input, at, message) => {
    const error = failure(input);
    expect(error.code).toBe('recipe-invalid');
    expect(error.at).toBe(at);
    expect(error.message).toMatch(message);
    expect(error.hint).toBeDefined();
  });
});

describe('presets', () => {
  it('are those that the command line’s help names, and valid', () => {
    expect(Object.keys(PRESETS).sort()).toEqual(
      ['fp16', 'int3', 'int4', 'int8', 'int8-sparse80', 'palette16', 'sparse50', 'sparse80'].sort(),
    );
    for (const recipe of Object.values(PRESETS)) expect(parseRecipe(stringifyRecipe(recipe))).toEqual(recipe);
  });

  it('are told from file names', () => {
    expect(isPresetName('int8')).toBe(true);
    expect(isPresetName('int8.json')).toBe(false);
    expect(isPresetName('toString')).toBe(false);
  });
});

describe('stringifyRecipe', () => {
  it('gives equal recipes equal text, whatever the order of their keys', () => {
    const a = parseRecipe({
      steps: [
        {
          layers: { b: { sparsity: 0.1 }, a: { sparsity: 0.2 } },
          params: { scope: 'global', sparsity: 0.5 },
          pass: 'prune-magnitude',
        },
      ],
      ...head,
    });
    const b = parseRecipe({
      ...head,
      steps: [
        {
          pass: 'prune-magnitude',
          params: { sparsity: 0.5, scope: 'global' },
          layers: { a: { sparsity: 0.2 }, b: { sparsity: 0.1 } },
        },
      ],
    });
    expect(stringifyRecipe(a)).toBe(stringifyRecipe(b));
    expect(parseRecipe(stringifyRecipe(a))).toEqual(a);
  });

  it('carries the data that it was judged on, which is no part of its identity', () => {
    const data = {
      format: 'pare-data',
      version: 1,
      name: 'digits',
      inputs: {},
      task: { kind: 'agreement' },
      classes: [],
      split: { seed: 1, calibration: 0, holdBack: 0 },
      exclude: [],
    };
    const bare = parseRecipe({ ...head, steps: [{ pass: 'simplify' }] });
    const judged = parseRecipe({ ...bare, data });
    expect(judged.data).toEqual(data);
    expect(parseRecipe(stringifyRecipe(judged))).toEqual(judged);
    expect(stringifyRecipe(judged)).not.toBe(stringifyRecipe(bare));
    expect(recipeIdentity(judged)).toBe(stringifyRecipe(bare));
    expect(failure({ ...bare, data: { ...data, name: 1 } })).toMatchObject({
      code: 'data-invalid',
      at: '$.data.name',
    });
  });
});
