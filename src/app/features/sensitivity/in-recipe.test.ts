/** A layer that the recipe protects is not accused of what it would do unprotected; a fix that it has is not offered. */
import { describe, expect, it } from 'vitest';
import type { Fix, LayerSensitivity, SensitivityReport } from '../../../core/search/types.ts';
import type { VariantSummary } from '../../../worker/api.ts';
import { guiltiest } from './heat-scale.ts';
import { EMPTY_RECIPE, recipeKey } from '../../store/recipe-edit.ts';
import { initialState } from '../../store/state.ts';
import type { AppState, StudyEntry } from '../../store/state.ts';
import { givenBy, givenFor, offered, summaryOnScreen } from './in-recipe.ts';
import { verdictText } from './verdict-text.ts';

const keep = (precision: 'int8' | 'fp16' | 'fp32', gain: number, bytes: number): Fix => ({
  label: `Keep this layer in ${precision}`,
  changes: [{ pass: 'quantize-weights', layer: 'a', params: { precision } }],
  predictedGain: gain,
  extraBytes: bytes,
});
const layer = (id: string, int4: number, int8: number, fixes: readonly Fix[] = []): LayerSensitivity => ({
  layer: id,
  damages: [
    { option: 'fp16', damage: 0, source: 'measured' },
    { option: 'int8', damage: int8, source: 'measured' },
    { option: 'int4', damage: int4, source: 'measured' },
  ],
  causes: [],
  fixes,
});
const FRAGILE = layer('a', 1, 0.004, [keep('int8', 0.996, 100), keep('fp16', 1, 300)]);
const REPORT: SensitivityReport = {
  metric: 'kl',
  metricText: 'KL divergence',
  samples: 64,
  origin: 'samples',
  layers: [FRAGILE, layer('b', 0.2, 0.001)],
  notMeasured: [],
  asked: 'int4',
  millis: 1,
};
const made = (steps: Readonly<Record<string, Readonly<Record<string, string>>>>): VariantSummary =>
  ({
    steps: Object.entries(steps).map(([pass, layers]) => ({
      pass,
      changed: Object.entries(layers).map(([id, precision]) => ({ layer: id, precision })),
      skipped: [],
      facts: {},
    })),
  }) as unknown as VariantSummary;
const PROTECTED = givenBy(made({ 'quantize-weights': { a: 'int8 ch', b: 'int4 b32' } }));
const name = (id: string): string => id;

describe('givenBy', () => {
  it('reads the precision of each layer off the steps', () => {
    const given = givenBy(
      made({
        'convert-half': { c: 'fp16 compute', b: 'fp16 compute' },
        'quantize-activations': { a: 'int8 ch, activations uint8' },
        'quantize-weights': { a: 'int8 ch', b: 'int4 b32', d: 'palette64 ch' },
      }),
    );
    expect(['a', 'b', 'c', 'd', 'e'].map(given)).toEqual(['int8-activations', 'int4', 'fp16', null, 'fp32']);
  });
});

describe('the guilty layer of a recipe', () => {
  it('is the worst one as the recipe has them', () => {
    expect(guiltiest(REPORT, 'int4')?.layer.layer).toBe('a');
    expect(guiltiest(REPORT, 'int4', PROTECTED)).toMatchObject({ layer: { layer: 'b' }, damage: 0.2 });
    // 0.2 of 0.204.
    expect(verdictText(REPORT, 'int4', name, PROTECTED)).toBe(
      'b is guilty: alone in int4, as this recipe has it, it does 98 % of the damage of all layers (0.20).',
    );
    expect(verdictText(REPORT, 'int4', name)).toContain('a is guilty: alone in int4 it does');
  });
  it('is nobody where everything is protected', () => {
    const all = givenBy(made({ 'quantize-weights': { a: 'fp16', b: 'fp16' } }));
    expect(verdictText(REPORT, 'int4', name, all)).toBe('As this recipe has them, no layer loses anything.');
    const some = givenBy(made({ 'quantize-weights': { a: 'int8 ch', b: 'int8 ch' } }));
    const calm = { ...REPORT, layers: [layer('a', 1, 0.0002), layer('b', 0.2, 0.0001)] };
    expect(verdictText(calm, 'int4', name, some)).toBe(
      'As this recipe has them, no layer does much harm: at most 0.0002, a in int8.',
    );
  });
});

describe('offered', () => {
  const [int8, fp16] = FRAGILE.fixes;
  it('says that the layer has it already', () => {
    expect(offered(int8, FRAGILE, REPORT, 'int8').already).toBe('this recipe already keeps it in int8');
    expect(offered(int8, FRAGILE, REPORT, 'fp32').already).toBe('this recipe already keeps it in fp32');
    expect(offered(int8, FRAGILE, REPORT, 'int4').already).toBeNull();
    expect(offered(int8, FRAGILE, REPORT, null).promise?.gain).toBe(0.996);
  });
  it('promises what is gained beyond what the layer has', () => {
    const offer = offered(fp16, FRAGILE, REPORT, 'int8');
    expect(offer.already).toBeNull();
    // All of the 0.004 that int8 does; 300 bytes more than int4, 200 more than int8.
    expect(offer.promise?.gain).toBeCloseTo(0.004, 12);
    expect(offer.promise).toMatchObject({ damage: 0.004, bytes: 200 });
  });
  it('offers no bits that help nothing', () => {
    const half: Fix = { ...fp16, predictedGain: 0.996 };
    expect(offered(half, FRAGILE, REPORT, 'int8').already).toContain('no better than int8');
  });
  it('does not promise for one precision what was tried for another', () => {
    const finer: Fix = {
      ...int8,
      changes: [{ pass: 'quantize-weights', layer: 'a', params: { granularity: 'block', blockSize: 32 } }],
    };
    expect(offered(finer, FRAGILE, REPORT, 'int8').already).toBe(
      'tried for int4; this recipe keeps it in int8',
    );
    const floats: Fix = {
      ...int8,
      changes: [{ pass: 'quantize-activations', layer: 'a', params: { mode: 'float' } }],
    };
    expect(offered(floats, FRAGILE, { ...REPORT, asked: 'int8' }, 'int4').already).toContain('in floats');
  });
});

describe('the variant of the recipe on screen', () => {
  const recipe = { ...EMPTY_RECIPE, steps: [{ pass: 'quantize-weights', params: { precision: 'int4' } }] };
  const [first, second] = [made({ 'quantize-weights': { a: 'int4 b32' } }), made({})];
  const entry = (id: string, of: typeof recipe, summary: VariantSummary): StudyEntry =>
    ({ id, recipe: of, recipeKey: recipeKey(of), summary }) as unknown as StudyEntry;
  const showing = (currentId: string | null, entries: readonly StudyEntry[]): AppState => {
    const state = initialState();
    const { draft } = state;
    return {
      ...state,
      currentId,
      entries: Object.fromEntries(entries.map((one) => [one.id, one])),
      draft: { ...draft, present: { ...draft.present, recipe } },
    };
  };

  it('is the current one, else one of the same recipe, else none', () => {
    const [v1, v2] = [entry('v1', recipe, first), entry('v2', recipe, second)];
    expect(summaryOnScreen(showing('v2', [v1, v2]))).toBe(second);
    const other = entry('v3', { ...recipe, steps: [] }, second);
    expect(summaryOnScreen(showing('v3', [other, v1]))).toBe(first);
    expect(summaryOnScreen(showing(null, [other]))).toBeNull();
  });

  it('tells what layers have where the recipe asks for that option', () => {
    const state = showing('v1', [entry('v1', recipe, first)]);
    expect(givenFor(state, 'int4')?.('a')).toBe('int4');
    expect(givenFor(state, 'int8')).toBeUndefined();
    expect(givenFor(showing('v1', []), 'int4')).toBeUndefined();
  });
});
