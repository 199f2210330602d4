import { describe, expect, it } from 'vitest';
import type { TaskComparison } from '../../core/metrics/tasks/types.ts';
import type { Interval, LatencyMeasurement } from '../../core/metrics/types.ts';
import type { MeasureResult } from '../../worker/api.ts';
import { DEFAULT_OPTIONS, ORIGINAL, optionsKey, originalEntry } from './state.ts';
import type { StudyEntry } from './state.ts';
import { EMPTY_RECIPE } from './recipe-edit.ts';
import { evaluation, measureResult, modelSummary, variantSummary } from './testing/fake-studio.ts';
import { accuracyVerdict, latencyVerdict, mayBeSlower, overallVerdict, sizeVerdict } from './verdict.ts';

const entry = (bytes: number, measurement: MeasureResult | null): StudyEntry => ({
  ...originalEntry(modelSummary()),
  id: 'v1',
  bytes,
  measurement,
  measuredWith: optionsKey(DEFAULT_OPTIONS),
});

const speed = (speedup: number, speedupInterval: Interval): LatencyMeasurement => ({
  ...measureResult().latency!,
  speedup,
  speedupInterval,
});

const evaluated = (
  one: StudyEntry,
  difference: number,
  interval: Interval,
  over: Partial<TaskComparison> = {},
): StudyEntry => ({ ...one, evaluation: evaluation(0.8 + difference, { difference, interval, ...over }) });

describe('a variant that leaves samples unanswered', () => {
  it('is never praised for the rest', () => {
    const fine = evaluated(entry(1, measureResult()), 0.1, { low: 0.05, high: 0.15 });
    expect(accuracyVerdict(fine)?.tone).toBe('good');
    const broken = evaluated(
      entry(1, measureResult()),
      0.1,
      { low: 0.05, high: 0.15 },
      { unanswered: 1, tooFew: null },
    );
    expect(accuracyVerdict(broken)?.tone).toBe('neutral');
    const overall = overallVerdict(broken, 1000);
    expect(overall.tone).toBe('bad');
    expect(overall.text).toContain('no answer on 1 sample');
  });
});

describe('single verdicts', () => {
  it('trust sizes to the byte', () => {
    expect(sizeVerdict(250, 1000)).toEqual({ tone: 'good', text: '4.0× smaller' });
    expect(sizeVerdict(1001, 1000).tone).toBe('bad');
    expect(sizeVerdict(1000, 1000).tone).toBe('neutral');
  });

  it('call a latency only when its interval leaves 1', () => {
    const of = (speedup: number, interval: Interval) =>
      latencyVerdict(entry(1, measureResult({ latency: speed(speedup, interval) })));
    expect(of(1.1, { low: 1.02, high: 1.2 })?.tone).toBe('good');
    expect(of(0.9, { low: 0.85, high: 0.97 })?.tone).toBe('bad');
    expect(of(1.05, { low: 0.98, high: 1.1 })).toEqual({
      tone: 'neutral',
      text: 'no difference',
      range: '[0.98, 1.10]',
    });
    // A run that could not have seen a variant of half the speed does not say that there is no difference.
    expect(of(1.05, { low: 0.6, high: 1.6 })).toEqual({
      tone: 'neutral',
      text: 'too noisy',
      range: '[0.60, 1.60]',
    });
  });

  it('call an accuracy only when its interval leaves 0', () => {
    const of = (difference: number, interval: Interval) =>
      accuracyVerdict(evaluated(entry(1, measureResult()), difference, interval));
    expect(of(-0.01, { low: -0.02, high: -0.001 })).toEqual({
      tone: 'bad',
      text: '−1.0 pt',
      range: '[−2.0, −0.1]',
    });
    expect(of(-0.002, { low: -0.01, high: 0.004 })?.tone).toBe('neutral');
    expect(of(0.01, { low: 0.002, high: 0.02 })?.tone).toBe('good');
  });

  it('call a growing error a loss', () => {
    const of = (difference: number, interval: Interval) =>
      accuracyVerdict(
        evaluated(entry(1, measureResult()), difference, interval, { metric: 'mae', higherIsBetter: false }),
      );
    expect(of(0.3, { low: 0.1, high: 0.5 })).toEqual({
      tone: 'bad',
      text: '+0.300',
      range: '[+0.100, +0.500]',
    });
    expect(of(-0.3, { low: -0.5, high: -0.1 })?.tone).toBe('good');
  });
});

describe('the sentence for the whole', () => {
  const fine = { latency: speed(1, { low: 0.97, high: 1.03 }) };
  const same: Interval = { low: -0.004, high: 0.004 };

  it('praises what is smaller and loses nothing that was measured', () => {
    expect(overallVerdict(evaluated(entry(250, measureResult(fine)), 0, same), 1000)).toEqual({
      tone: 'good',
      text: '4.0× smaller, no slower that this run can tell, no accuracy lost that this data can tell.',
    });
  });

  it('says every loss plainly, with the gain before it', () => {
    const slower = measureResult({ latency: speed(0.8, { low: 0.75, high: 0.85 }) });
    const worse = evaluated(entry(250, slower), -0.05, { low: -0.06, high: -0.04 });
    expect(overallVerdict(worse, 1000)).toEqual({
      tone: 'bad',
      text: '4.0× smaller, but slower and 5.0 points less accurate than the original.',
    });
    expect(overallVerdict(evaluated(entry(1200, measureResult(fine)), 0, same), 1000)).toEqual({
      tone: 'bad',
      text: 'Larger than the original.',
    });
  });

  it('does not praise a small error that has grown', () => {
    const worse = evaluated(
      entry(250, measureResult(fine)),
      0.3,
      { low: 0.1, high: 0.5 },
      {
        metric: 'mae',
        higherIsBetter: false,
      },
    );
    expect(overallVerdict(worse, 1000)).toEqual({
      tone: 'bad',
      text: '4.0× smaller, but worse by 0.300 MAE than the original.',
    });
  });

  it('does not praise what too few samples or too much noise cannot tell', () => {
    const few = evaluated(entry(250, measureResult(fine)), 0, same, { tooFew: 'needs 900', n: 12 });
    expect(overallVerdict(few, 1000)).toEqual({
      tone: 'neutral',
      text: '4.0× smaller, no slower that this run can tell, too few samples (12) to tell its accuracy from the original’s.',
    });
    const noisy = measureResult({ latency: speed(1, { low: 0.5, high: 2 }) });
    expect(overallVerdict(evaluated(entry(250, noisy), 0, same), 1000)).toMatchObject({ tone: 'neutral' });
    const failed: StudyEntry = {
      ...entry(250, measureResult(fine)),
      evaluationFailure: { code: 'data-invalid', message: 'all failed' },
    };
    expect(overallVerdict(failed, 1000)).toEqual({
      tone: 'neutral',
      text: '4.0× smaller, no slower that this run can tell, accuracy not measured.',
    });
  });

  it('does not praise what was not measured', () => {
    const verdict = overallVerdict(entry(250, null), 1000);
    expect(verdict.tone).toBe('neutral');
    expect(verdict.text).toBe('4.0× smaller, speed not measured, agreement not measured.');
  });

  it('does not praise outputs that drifted, and condemns those that left', () => {
    const cosine = (value: number) =>
      measureResult({ latency: fine.latency, agreement: { ...measureResult().agreement!, cosine: value } });
    expect(overallVerdict(entry(250, cosine(0.95)), 1000).tone).toBe('neutral');
    expect(overallVerdict(entry(250, cosine(0.5)), 1000)).toMatchObject({
      tone: 'bad',
      text: '4.0× smaller, but far from the original’s outputs.',
    });
  });

  it('recommends other arithmetic only where it is certainly not slower', () => {
    const step = { pass: 'quantize-activations', skipped: [], facts: {}, millis: 1 };
    const using = (layers: readonly string[], low: number): StudyEntry => {
      const measured = measureResult({ latency: speed((low + 1.1) / 2, { low, high: 1.1 }) });
      const steps = [{ ...step, changed: layers.map((layer) => ({ layer })) }];
      const one = { ...entry(250, measured), summary: { ...variantSummary('v1', EMPTY_RECIPE, 250), steps } };
      return evaluated(one, 0, same);
    };
    expect(overallVerdict(using(['conv'], 1), 1000)).toMatchObject({ tone: 'good' });
    expect(overallVerdict(using(['conv'], 0.99), 1000)).toMatchObject({
      tone: 'neutral',
      held: true,
      text: expect.stringContaining('not recommended: its speed may be below the original’s') as string,
    });
    // No layer computes otherwise than before: an interval around 1 is noise.
    expect(overallVerdict(using([], 0.99), 1000)).toMatchObject({ tone: 'good' });
  });

  it('does not recommend integers by times on made-up inputs', () => {
    const fast = { ...speed(1.5, { low: 1.4, high: 1.6 }), inputs: 'synthetic' } as const;
    const timed = entry(250, measureResult({ latency: fast }));
    expect(overallVerdict(timed, 1000).tone).toBe('good');
    const changed = [{ layer: 'conv' }];
    const step = { pass: 'quantize-activations', changed, skipped: [], facts: {}, millis: 1 };
    const integers: StudyEntry = {
      ...timed,
      summary: { ...variantSummary('v1', EMPTY_RECIPE, 250), steps: [step] },
    };
    const verdict = overallVerdict(integers, 1000);
    expect(verdict.tone).toBe('neutral');
    expect(verdict.text).toContain('timed on made-up inputs');
  });

  it('takes weights that are decoded at every run for other arithmetic', () => {
    const measured = measureResult({ latency: speed(1, { low: 0.98, high: 1.02 }) });
    const stored = (storage: string): StudyEntry => ({
      ...entry(250, measured),
      recipe: { ...EMPTY_RECIPE, steps: [{ pass: 'quantize-weights', params: { storage } }] },
    });
    expect(mayBeSlower(stored('auto'))).toBe(false);
    expect(mayBeSlower(stored('decode-at-load'))).toBe(false);
    expect(mayBeSlower(stored('matmul-nbits'))).toBe(true);
  });

  it('has nothing to say of the original', () => {
    expect(overallVerdict({ ...entry(1000, null), id: ORIGINAL }, 1000).tone).toBe('neutral');
  });
});
