import { describe, expect, it } from 'vitest';
import type { TaskComparison, TaskSummary } from '../../core/metrics/tasks/types.ts';
import { DEFAULT_OPTIONS, optionsKey, originalEntry } from './state.ts';
import type { StudyEntry } from './state.ts';
import type { Evaluation } from '../../worker/api.ts';
import { measureResult, modelSummary } from './testing/fake-studio.ts';
import { factsOf, factsOfBytes } from './goal-facts.ts';

const original: StudyEntry = {
  ...originalEntry(modelSummary()),
  measurement: measureResult(),
  measuredWith: optionsKey(DEFAULT_OPTIONS),
};
const variant: StudyEntry = { ...original, id: 'v', bytes: 250 };
const summary: TaskSummary = {
  main: 'mae',
  value: 4.2,
  interval: { low: 4, high: 4.4 },
  higherIsBetter: false,
  n: 10,
  metrics: {},
  perClass: [],
  confusion: [],
  failed: [],
};

describe('factsOf', () => {
  it('takes a variant’s own latency, and its speed-up from pairs', () => {
    expect(factsOf(variant, DEFAULT_OPTIONS)).toEqual({
      bytes: 250,
      millis: { value: 8, low: 7.9, high: 8.1 },
      speedup: { value: 1.25, low: 1.2, high: 1.3 },
      memoryBytes: 4000,
      accuracy: null,
    });
  });

  it('knows that the original is as fast as itself', () => {
    const facts = factsOf(original, DEFAULT_OPTIONS);
    expect(facts.speedup).toEqual({ value: 1, low: 1, high: 1 });
    expect(facts.millis).toEqual({ value: 10, low: 9.9, high: 10.1 });
    expect(facts.memoryBytes).toBe(5000);
  });

  it('says why the speed for a target that is not here stays unknown', () => {
    const away: StudyEntry = {
      ...variant,
      recipe: { ...variant.recipe, target: 'tensorrt' },
      measurement: measureResult({ latency: null }),
    };
    expect(factsOf(away, DEFAULT_OPTIONS)).toMatchObject({
      speedup: null,
      speedUnknown: 'this page cannot run TensorRT',
    });
  });

  it('does not judge by a measurement with other options', () => {
    const facts = factsOf(variant, { ...DEFAULT_OPTIONS, threads: 4 });
    expect(facts).toEqual(factsOfBytes(250));
  });

  it('takes the paired interval, the value’s own, and the way the metric points', () => {
    const comparison = { difference: 0.2, interval: { low: 0.1, high: 0.3 } } as TaskComparison;
    const evaluation = {
      source: 'measured',
      dataId: 'd',
      name: 'd',
      part: 'evaluation',
      summary,
      baseline: summary,
      comparison,
      millis: 1,
      workers: 1,
    } as const;
    expect(factsOf({ ...variant, evaluation }, DEFAULT_OPTIONS).accuracy).toEqual({
      value: 4.2,
      difference: 0.2,
      low: 0.1,
      high: 0.3,
      higherIsBetter: false,
      own: { low: 4, high: 4.4 },
      unit: 'plain',
    });
    const alone = factsOf({ ...original, evaluation: { ...evaluation, comparison: null } }, DEFAULT_OPTIONS);
    expect(alone.accuracy).toMatchObject({ difference: 0, low: 0, high: 0 });
  });

  it('lets no goal be met by samples that were not answered', () => {
    const factsWith = (higherIsBetter: boolean, main: 'top1' | 'mae') => {
      const summary = { main, value: 0.8, interval: { low: 0.75, high: 0.85 }, higherIsBetter, n: 60 };
      const comparison = { difference: 0, interval: { low: -0.4, high: 0.1 }, unanswered: 40 };
      const evaluation = { summary, baseline: summary, comparison } as unknown as Evaluation;
      return factsOf({ ...variant, evaluation }, DEFAULT_OPTIONS).accuracy;
    };
    // 0.75 of 60 answered ones is 0.45 of all 100.
    expect(factsWith(true, 'top1')).toMatchObject({ low: -0.4, high: 0.1, own: { low: 0.45, high: 0.85 } });
    expect(factsWith(false, 'mae')).toMatchObject({ high: Infinity, own: { low: 0.75, high: Infinity } });
  });
});
