/** What a fix promises and what it did: predictions say so, results are differences of like measurements or absent. */
import { describe, expect, it } from 'vitest';
import type { TaskSummary } from '../../../core/metrics/tasks/types.ts';
import type { Fix, LayerSensitivity, SensitivityReport } from '../../../core/search/types.ts';
import { EMPTY_RECIPE } from '../../store/recipe-edit.ts';
import type { StudyEntry } from '../../store/state.ts';
import { bytesText, promiseOf as textOf, resultOf } from './fix-text.ts';
import { offered } from './in-recipe.ts';
import { methodText, notMeasuredText, verdictText } from './verdict-text.ts';

const layer = (id: string, int8: number, int4: number): LayerSensitivity => ({
  layer: id,
  damages: [
    { option: 'int8', damage: int8, source: 'measured' },
    { option: 'int4', damage: int4, source: 'measured' },
  ],
  causes: [],
  fixes: [],
});
const report = (
  layers: readonly LayerSensitivity[],
  over: Partial<SensitivityReport> = {},
): SensitivityReport => ({
  metric: 'kl',
  metricText: 'KL divergence, nats',
  samples: 64,
  origin: 'samples',
  layers,
  notMeasured: [],
  asked: 'int8',
  millis: 4100,
  ...over,
});
const fix = (over: Partial<Fix>): Fix => ({
  label: 'Keep this layer in fp32',
  changes: [],
  predictedGain: 0.083,
  extraBytes: 1200,
  ...over,
});

const promiseOf = (...[one, of, all]: [Fix, LayerSensitivity, SensitivityReport]): string =>
  textOf(offered(one, of, all, null));

describe('promiseOf', () => {
  const one = layer('a', 0.1, 0.5);
  it('is a share of the damage in the precision that was asked about', () => {
    expect(promiseOf(fix({}), one, report([one]))).toBe('predicted: removes 83 % of the damage, +1.20 kB');
    // 0.083 of 0.5.
    expect(promiseOf(fix({}), one, report([one], { asked: 'int4' }))).toContain('removes 17 %');
  });
  it('does not round up to all, and says when it is all', () => {
    expect(promiseOf(fix({ predictedGain: 0.0998 }), one, report([one]))).toContain('over 99 %');
    expect(promiseOf(fix({ predictedGain: 0.1 }), one, report([one]))).toContain('removes all');
    expect(promiseOf(fix({ predictedGain: 0.0001 }), one, report([one]))).toContain('less than 1 %');
  });
  it('promises no share of nothing', () => {
    const none = layer('b', 0, 0);
    expect(promiseOf(fix({ extraBytes: -5 }), none, report([none]))).toBe('predicted: −5 B');
  });
  it('says bytes with their sign', () => {
    expect([bytesText(0), bytesText(12), bytesText(-12)]).toEqual(['same size', '+12 B', '−12 B']);
  });
});

const summary = (value: number, over: Partial<TaskSummary> = {}): TaskSummary => ({
  main: 'top1',
  value,
  interval: { low: value, high: value },
  higherIsBetter: true,
  n: 400,
  metrics: {},
  perClass: [],
  confusion: [],
  failed: [],
  ...over,
});
const entry = (id: string, bytes: number, over: Partial<StudyEntry> = {}): StudyEntry => ({
  id,
  recipeKey: id,
  recipe: EMPTY_RECIPE,
  bytes,
  summary: null,
  parentId: null,
  sequence: 1,
  measurement: null,
  failure: null,
  measuredWith: null,
  evaluation: null,
  evaluationFailure: null,
  evaluatedWith: null,
  calibration: null,
  ...over,
});
const evaluated = (value: number, over: Partial<TaskSummary> = {}, key = 'k'): Partial<StudyEntry> => ({
  evaluation: { summary: summary(value, over) } as unknown as NonNullable<StudyEntry['evaluation']>,
  evaluatedWith: key,
  measuredWith: 'o',
});
const agreed = (cosine: number, inputs: 'data' | 'synthetic' = 'data'): Partial<StudyEntry> => ({
  measurement: {
    agreement: { cosine, inputs, samples: 16 },
  } as unknown as NonNullable<StudyEntry['measurement']>,
  measuredWith: 'o',
});

describe('resultOf', () => {
  it('is the difference of two evaluations on the same samples', () => {
    const result = resultOf(entry('a', 1000, evaluated(0.28)), entry('b', 1200, evaluated(0.98)));
    expect(result).toMatchObject({
      state: 'measured',
      text: 'Top-1 28.0 % → 98.0 % (+70.0 pt), n 400',
      bytes: '+200 B',
    });
    expect(result.state === 'measured' && result.gain).toBeCloseTo(0.7, 12);
  });
  it('counts an error that falls as a gain', () => {
    const mae = { main: 'mae', higherIsBetter: false } as const;
    const result = resultOf(entry('a', 1, evaluated(2, mae)), entry('b', 1, evaluated(0.5, mae)));
    expect(result.state === 'measured' && result.gain).toBeCloseTo(1.5, 12);
  });
  it('compares agreement where there are no labels', () => {
    const result = resultOf(entry('a', 1000, agreed(0.4)), entry('b', 1000, agreed(0.9995)));
    expect(result).toMatchObject({
      state: 'measured',
      text: 'agreement with the original 0.4000 → 0.9995 (cosine, 16 samples)',
      bytes: 'same size',
    });
  });
  it('waits, and never compares unlike with unlike', () => {
    const before = entry('a', 1000, evaluated(0.28));
    expect(resultOf(before, undefined).state).toBe('waiting');
    expect(resultOf(before, entry('b', 1000)).state).toBe('waiting');
    // Measured already, its evaluation still to come.
    expect(resultOf(before, entry('b', 1000, agreed(0.9))).state).toBe('waiting');
    expect(resultOf(undefined, entry('b', 1000, evaluated(0.9))).state).toBe('unknown');
    expect(resultOf(before, entry('b', 1000, evaluated(0.9, {}, 'other data'))).state).toBe('unknown');
    expect(resultOf(before, entry('b', 1000, evaluated(0.9, { n: 399 }))).state).toBe('unknown');
    expect(resultOf(entry('a', 1000, agreed(0.4)), entry('b', 1000, agreed(0.9, 'synthetic'))).state).toBe(
      'unknown',
    );
  });
});

describe('verdictText', () => {
  const name = (id: string): string => `the layer ${id}`;
  it('accuses the layer that does most of the damage', () => {
    expect(verdictText(report([layer('a', 0.2, 0), layer('b', 0.01, 0)]), 'int8', name)).toBe(
      'the layer a is guilty: alone in int8 it does 95 % of the damage of all layers (0.20).',
    );
  });
  it('accuses nobody where the damage is spread or small', () => {
    const spread = report(['a', 'b', 'c', 'd', 'e'].map((id) => layer(id, 0.1, 0)));
    expect(verdictText(spread, 'int8', name)).toContain('No single layer is guilty');
    expect(verdictText(report([layer('a', 1e-5, 0)]), 'int8', name)).toContain('does little harm anywhere');
    expect(verdictText(report([layer('a', 0, 0)]), 'int8', name)).toBe('No layer loses anything in int8.');
  });
  it('says on what and how it was measured, and what was not', () => {
    const made = report([layer('a', 0.2, 0)], {
      origin: 'synthetic',
      notMeasured: [
        { layer: 'x', reason: 'too small' },
        { layer: 'y', reason: 'too small' },
        { layer: 'z', reason: 'inside a loop' },
      ],
    });
    expect(methodText(made)).toContain('on 64 made-up inputs');
    expect(methodText(report([layer('a', 0.2, 0)]))).toContain('measured on 64 calibration samples, in 4.1');
    expect(notMeasuredText(made)).toBe('2 layers: too small; 1 layer: inside a loop');
  });
});
