/** What of an earlier visit's study still holds. */
import { expect, it } from 'vitest';
import { DEFAULT_OPTIONS, ORIGINAL, createAppStore, originalEntry } from '../store/state.ts';
import { dataConfig, dataSummary, evaluation, modelSummary } from '../store/testing/fake-studio.ts';
import { startHistory } from '../store/undo.ts';
import { EMPTY_DRAFT } from '../store/recipe-edit.ts';
import { continueProject } from './continue-project.ts';
import type { KeptProject } from './parse-record.ts';

it('drops evaluations of another set than the one in use', () => {
  const model = modelSummary();
  const { evaluatedWith: _, ...entry } = { ...originalEntry(model), evaluation: evaluation() };
  const project = {
    head: { options: DEFAULT_OPTIONS, draft: startHistory(EMPTY_DRAFT), lastId: null, data: null, view: {} },
    entries: [{ ...entry, evaluated: true }],
    costs: {},
    profiles: {},
  } as unknown as KeptProject;
  const withData = (dataId: string) => {
    const state = createAppStore().getState();
    const data = { summary: dataSummary(dataId), config: dataConfig() } as NonNullable<typeof state.data>;
    const continued = continueProject(project, model, { ...state, data }, { knowVariant: () => undefined });
    return continued.entries?.[ORIGINAL];
  };
  expect(withData(evaluation().dataId)?.evaluation).toEqual(evaluation());
  expect(withData('another')).toMatchObject({ evaluation: null, evaluatedWith: null });
});
