/** Which recipes depend on samples: their variants are named by them, and data keep a part for them. */
import { describe, expect, it } from 'vitest';
import { looksAtData, needsData } from './looks-at-data.ts';
import type { RecipeStep } from './types.ts';

const weights = (params: RecipeStep['params'], layers?: RecipeStep['layers']): RecipeStep => ({
  pass: 'quantize-weights',
  ...(params === undefined ? {} : { params }),
  ...(layers === undefined ? {} : { layers }),
});
const looks = (...steps: RecipeStep[]): boolean => looksAtData({ steps });

describe('looksAtData', () => {
  it('is false for what rounds each weight for itself', () => {
    expect(looks({ pass: 'simplify' }, { pass: 'prune-magnitude' })).toBe(false);
    expect(looks(weights({ precision: 'int8', method: 'nearest' }))).toBe(false);
    expect(looks(weights({ precision: 'fp16' }))).toBe(false);
    expect(looks(weights({ precision: 'int4', method: 'nearest' }))).toBe(false);
    expect(looks(weights({ precision: 'int4', method: 'hqq' }))).toBe(false);
  });

  it('is true for codes by themselves, and for methods that were asked for', () => {
    expect(looks(weights({ precision: 'int4' }))).toBe(true);
    expect(looks(weights({ precision: 'int8' }))).toBe(true);
    expect(looks(weights({ precision: 'palette256' }))).toBe(true);
    expect(looks(weights({ precision: 'fp16', method: 'auto' }))).toBe(false);
    expect(looks(weights({ precision: 'int8', method: 'gptq' }))).toBe(true);
  });

  it('sees what single layers ask for', () => {
    expect(looks(weights({ precision: 'fp16' }, { conv: { precision: 'int4' } }))).toBe(true);
    const floats = { pass: 'quantize-activations', params: { mode: 'float' } };
    expect(looks(floats)).toBe(false);
    expect(looks({ ...floats, layers: { conv: { mode: 'static' } } })).toBe(true);
    expect(looks({ ...floats, layers: { conv: { mode: 'dynamic' } } })).toBe(false);
  });

  it('knows where made-up inputs would stand in', () => {
    expect(needsData({ steps: [weights({ precision: 'int4' })] })).toBe(false);
    expect(needsData({ steps: [{ pass: 'quantize-activations' }] })).toBe(true);
  });

  it('leaves unknown passes to those who refuse them', () => {
    expect(looks({ pass: 'no-such-pass' })).toBe(false);
  });
});
