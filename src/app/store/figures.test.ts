import { describe, expect, it } from 'vitest';
import { figuresOf, gainOf } from './figures.ts';
import type { FigureInput } from './figures.ts';
import { EMPTY_RECIPE, recipeKey } from './recipe-edit.ts';
import { DEFAULT_OPTIONS, ORIGINAL, optionsKey, originalEntry } from './state.ts';
import type { StudyEntry } from './state.ts';
import { evaluation, measureResult, modelSummary } from './testing/fake-studio.ts';

const KEY = optionsKey(DEFAULT_OPTIONS);

const original: StudyEntry = {
  ...originalEntry(modelSummary()),
  measurement: measureResult({
    agreement: { source: 'measured', inputs: 'synthetic', samples: 8, cosine: 1, sqnrDb: 200, outputs: [] },
  }),
  measuredWith: KEY,
};

const variant = (over: Partial<StudyEntry> = {}): StudyEntry => ({
  ...original,
  id: 'v1',
  bytes: 300,
  recipe: EMPTY_RECIPE,
  recipeKey: recipeKey({ ...EMPTY_RECIPE, seed: 2 }),
  sequence: 1,
  measurement: measureResult(),
  ...over,
});

const input = (over: Partial<FigureInput>): FigureInput => ({
  entries: [original],
  current: null,
  original,
  prediction: null,
  options: DEFAULT_OPTIONS,
  gain: 'agreement',
  ...over,
});

describe('size', () => {
  it('is predicted while the recipe is newer, measured once the variant is made', () => {
    const ahead = figuresOf(input({ prediction: { bytes: 250, exact: true } })).size;
    expect(ahead).toMatchObject({ value: 250, baseline: 1000, source: 'predicted', pending: true });
    const made = figuresOf(input({ current: variant({ measurement: null, measuredWith: null }) })).size;
    expect(made).toMatchObject({ value: 300, source: 'measured', pending: false });
  });

  it('calls a prediction from the wrong skeleton an estimate', () => {
    expect(figuresOf(input({ prediction: { bytes: 250, exact: false } })).size.source).toBe('estimated');
  });
});

describe('what has to be run to be known', () => {
  it('is measured when this variant was, with its interval and baseline', () => {
    const { latency, quality, memory } = figuresOf(input({ current: variant() }));
    expect(latency).toMatchObject({
      value: 8,
      baseline: 10,
      source: 'measured',
      interval: { low: 7.9, high: 8.1 },
    });
    expect(quality).toMatchObject({ name: 'agreement', value: 0.999, baseline: 1, unit: 'fraction' });
    expect(memory).toMatchObject({ value: 4000, baseline: 5000, unit: 'B' });
  });

  it('is estimated between measured neighbours in size while it is not', () => {
    // Half way between 300 bytes (cosine 0.999) and 1000 bytes (cosine 1): 0.9995.
    const { quality } = figuresOf(
      input({ entries: [original, variant()], prediction: { bytes: 650, exact: true } }),
    );
    expect(quality.source).toBe('estimated');
    expect(quality.pending).toBe(true);
    expect(quality.value).toBeCloseTo(0.9995, 9);
  });

  it('has no value at all when nothing was measured', () => {
    const bare = { ...original, measurement: null, measuredWith: null };
    const { latency } = figuresOf(
      input({ entries: [bare], original: bare, prediction: { bytes: 1, exact: true } }),
    );
    expect(latency).toMatchObject({ value: null, source: null, pending: true, missing: null });
  });

  it('does not mix measurements of different options', () => {
    const options = { ...DEFAULT_OPTIONS, threads: 4 };
    const { latency } = figuresOf(input({ current: variant(), options }));
    expect(latency).toMatchObject({ value: null, source: null, pending: true });
  });

  it('says why it was not measured', () => {
    const refused = variant({
      measurement: null,
      failure: { code: 'runtime-refused', message: 'no such operator' },
    });
    expect(figuresOf(input({ current: refused })).latency).toMatchObject({
      value: null,
      source: null,
      pending: false,
      missing: 'no such operator',
    });
    const partial = variant({
      measurement: measureResult({
        memory: null,
        notMeasured: [{ what: 'memory', reason: 'no heap figure' }],
      }),
    });
    expect(figuresOf(input({ current: partial })).memory.missing).toBe('no heap figure');
  });
});

describe('accuracy', () => {
  const evaluated = (over: Partial<StudyEntry> = {}) =>
    variant({ evaluation: evaluation(0.79), evaluatedWith: 'key', ...over });

  it('turns the interval of the paired difference into one around the value', () => {
    const { quality } = figuresOf(input({ current: evaluated(), gain: 'accuracy' }));
    // 0.80 of the original; the difference lies between −0.02 and 0.
    expect(quality).toMatchObject({ name: 'accuracy', value: 0.79, unit: 'fraction', source: 'measured' });
    expect(quality.interval?.low).toBeCloseTo(0.78, 12);
    expect(quality.interval?.high).toBeCloseTo(0.8, 12);
  });

  it('is pending until evaluated, and says why it could not be', () => {
    expect(figuresOf(input({ current: variant(), gain: 'accuracy' })).quality).toMatchObject({
      value: null,
      pending: true,
      missing: null,
    });
    const failed = evaluated({
      evaluation: null,
      evaluationFailure: { code: 'data-invalid', message: 'all samples failed' },
    });
    expect(figuresOf(input({ current: failed, gain: 'accuracy' })).quality).toMatchObject({
      value: null,
      pending: false,
      missing: 'all samples failed',
    });
  });

  it('does not depend on how latency was measured', () => {
    const options = { ...DEFAULT_OPTIONS, threads: 4 };
    const { quality, latency } = figuresOf(input({ current: evaluated(), gain: 'accuracy', options }));
    expect(quality.source).toBe('measured');
    expect(latency.source).toBeNull();
  });

  it('shows an error in the unit of the labels', () => {
    const current = evaluated({ evaluation: evaluation(0.9, { metric: 'mae', higherIsBetter: false }) });
    const { quality } = figuresOf(input({ entries: [original, current], current, gain: 'accuracy' }));
    expect(quality).toMatchObject({ metric: 'mae', unit: 'value', value: 0.9 });
  });
});

describe('gainOf', () => {
  it('is accuracy only where labels exist', () => {
    expect(gainOf(null, false, [original])).toBe('agreement');
    expect(gainOf('accuracy', false, [original])).toBe('agreement');
    expect(gainOf(null, true, [])).toBe('accuracy');
    expect(gainOf('agreement', true, [])).toBe('agreement');
    expect(ORIGINAL).toBe(original.id);
  });
});
