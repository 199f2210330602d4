import { describe, expect, it } from 'vitest';
import { PRESETS } from '../../../core/recipe/presets.ts';
import type { DataConfig } from '../../../core/dataset/types.ts';
import type { DataState } from '../../store/data-state.ts';
import { draftOf } from '../../store/recipe-edit.ts';
import { ORIGINAL, initialState, optionsKey, originalEntry } from '../../store/state.ts';
import type { AppState } from '../../store/state.ts';
import { measureResult, modelSummary } from '../../store/testing/fake-studio.ts';
import { startHistory } from '../../store/undo.ts';
import { stagesOf } from './stages.ts';

const model = modelSummary();
const start = initialState();
const measured = {
  ...originalEntry(model),
  measurement: measureResult(),
  measuredWith: optionsKey(start.options),
};
const opened: AppState = {
  ...start,
  model,
  entries: { [ORIGINAL]: measured },
  currentId: ORIGINAL,
  lastId: ORIGINAL,
};
const data: DataState = {
  summary: {
    dataId: 'd',
    name: 'photos',
    kind: 'images',
    bytes: 1,
    samples: 1,
    labelled: 1,
    label: 'class',
    classes: [],
    groups: [],
    sources: [],
    problems: [],
  },
  proposals: null,
  proposalError: null,
  config: null,
  preview: null,
  previewed: null,
  previewError: null,
  split: null,
  duplicates: null,
};
const config = { name: 'photos' } as DataConfig;

const states = (state: AppState, missed = false): string =>
  stagesOf(state, missed)
    .map(({ id, state: standing }) => `${id}:${standing}`)
    .join(' ');
const stateOf = (state: AppState, id: string, missed = false) =>
  stagesOf(state, missed).find((stage) => stage.id === id)!.state;

const variant = { ...measured, id: 'v', recipeKey: 'v', parentId: ORIGINAL, sequence: 1 };
const optimized: AppState = {
  ...opened,
  draft: startHistory(draftOf(PRESETS.int8)),
  entries: { [ORIGINAL]: measured, v: variant },
  currentId: 'v',
};

describe('stagesOf', () => {
  it('leads from the model to the goal, and skips nothing on the way', () => {
    expect(states(opened)).toBe(
      'model:done goal:next data:open baseline:done optimize:open compare:open export:open',
    );
    expect(states({ ...opened, goal: { objective: 'smallest', neverSlower: true } })).toBe(
      'model:done goal:done data:next baseline:done optimize:open compare:open export:open',
    );
  });

  it('leads on to the end once something was optimized, whatever was left out', () => {
    expect(states(optimized)).toBe(
      'model:done goal:open data:open baseline:done optimize:done compare:done export:next',
    );
    const saved: AppState = { ...optimized, view: { ...optimized.view, exported: ['m1/v'] } };
    expect(states(saved)).toBe(
      'model:done goal:next data:open baseline:done optimize:done compare:done export:done',
    );
  });

  it('calls attention to data that waits for a decision, or is divided wrongly', () => {
    expect(stateOf({ ...opened, data }, 'data')).toBe('attention');
    expect(stateOf({ ...opened, data: { ...data, config } }, 'data')).toBe('done');
    const problem = { severity: 'error', code: 'x', message: '', count: 1, examples: [] } as const;
    const counts = { evaluation: 1, calibration: 0, 'hold-back': 0 };
    const split = { counts, excluded: 0, problems: [problem] };
    expect(stateOf({ ...opened, data: { ...data, config, split } }, 'data')).toBe('attention');
  });

  it('counts a baseline as measured only with the data in use and the options in force', () => {
    expect(stateOf({ ...opened, data: { ...data, config } }, 'baseline')).toBe('open');
    expect(stateOf({ ...opened, options: { ...opened.options, threads: 7 } }, 'baseline')).not.toBe('done');
    const failure = { code: 'runtime-refused', message: 'no' } as const;
    const failed = { ...opened, entries: { [ORIGINAL]: { ...measured, failure } } };
    expect(stateOf(failed, 'baseline')).toBe('attention');
  });

  it('calls attention to a missed goal, a recipe that fails, files that are gone', () => {
    expect(stateOf(optimized, 'compare', true)).toBe('attention');
    const failed = { recipeKey: 'x', error: { code: 'internal', message: 'no' } } as const;
    expect(stateOf({ ...optimized, failed }, 'optimize')).toBe('attention');
    const missing = [{ what: 'data', names: ['a'], bytes: 1 }] as const;
    expect(stateOf({ ...opened, project: { state: 'saved', missing, error: null } }, 'data')).toBe(
      'attention',
    );
  });

  it('has one next stage at most', () => {
    for (const state of [start, opened, optimized]) {
      expect(stagesOf(state, false).filter((stage) => stage.state === 'next').length).toBeLessThanOrEqual(1);
    }
  });
});
