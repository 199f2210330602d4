/** What the tabs say in each state of data and measurement. */
import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../worker/api.ts';
import { ORIGINAL, originalEntry } from '../../store/state.ts';
import type { StudyEntry } from '../../store/state.ts';
import { modelSummary } from '../../store/testing/fake-studio.ts';
import { evaluationView } from './evaluation-view.ts';
import type { EvaluationInput } from './evaluation-view.ts';

const evaluation = { name: 'made up' } as unknown as Evaluation;
const data = { config: { task: { kind: 'classification' } } } as unknown as EvaluationInput['data'];
const entry: StudyEntry = originalEntry(modelSummary());
const input = (over: Partial<EvaluationInput> = {}, at: Partial<StudyEntry> = {}): EvaluationInput => ({
  data: null,
  entries: { [ORIGINAL]: { ...entry, ...at } },
  currentId: ORIGINAL,
  lastId: ORIGINAL,
  job: null,
  ...over,
});

describe('evaluationView', () => {
  it('says what to do without data, and with data that is not fitted yet', () => {
    expect(evaluationView(input())).toMatchObject({
      state: 'none',
      title: expect.stringContaining('Add labelled data') as string,
    });
    const unfitted = { config: null } as unknown as EvaluationInput['data'];
    expect(evaluationView(input({ data: unfitted }))).toMatchObject({
      state: 'none',
      title: expect.stringContaining('Accept') as string,
    });
  });

  it('says that there is nothing to be right about', () => {
    const config = { task: { kind: 'agreement' } };
    expect(evaluationView(input({ data: { config } as unknown as EvaluationInput['data'] }))).toMatchObject({
      state: 'none',
      title: expect.stringContaining('no right answers') as string,
    });
  });

  it('follows the work, and shows no progress of other work', () => {
    const job = { id: 1, kind: 'evaluate', title: 'Evaluating', fraction: 0.4, doing: '' } as const;
    expect(evaluationView(input({ data, job }))).toEqual({
      state: 'working',
      title: 'Evaluating',
      fraction: 0.4,
    });
    expect(evaluationView(input({ data, job: { ...job, kind: 'make', title: 'Making' } }))).toEqual({
      state: 'working',
      title: 'Waiting for: Making',
      fraction: 0,
    });
    expect(evaluationView(input({ data }))).toMatchObject({
      state: 'none',
      hint: expect.stringContaining('Measure') as string,
    });
  });

  it('passes a failure on', () => {
    const error = { code: 'data-invalid', message: 'no labels' } as const;
    const failed = { evaluationFailure: error } as unknown as Partial<StudyEntry>;
    expect(evaluationView(input({ data }, failed))).toEqual({ state: 'failed', error });
  });

  it('shows the last entry while the recipe is newer, and says so', () => {
    expect(evaluationView(input({ data }, { evaluation }))).toMatchObject({ state: 'ready', stale: false });
    expect(evaluationView(input({ data, currentId: null }, { evaluation }))).toMatchObject({
      state: 'ready',
      stale: true,
    });
    expect(evaluationView(input({ data, currentId: null, lastId: null })).state).toBe('none');
  });
});
