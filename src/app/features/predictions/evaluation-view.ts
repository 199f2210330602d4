/**
 * What there is to say about predictions on the user's data: the evaluation on screen, or why there is none and what
 * to do. Pure, so that every state can be tested; it must not know React.
 */
import type { ErrorRecord } from '../../../core/errors.ts';
import type { Evaluation } from '../../../worker/api.ts';
import type { AppState, StudyEntry } from '../../store/state.ts';

export type EvaluationView =
  | { readonly state: 'none'; readonly title: string; readonly hint: string }
  | { readonly state: 'working'; readonly title: string; readonly fraction: number }
  | { readonly state: 'failed'; readonly error: ErrorRecord }
  | {
      readonly state: 'ready';
      readonly entry: StudyEntry;
      readonly evaluation: Evaluation;
      /** The recipe on screen is newer than what is shown. */
      readonly stale: boolean;
    };

export type EvaluationInput = Pick<AppState, 'data' | 'entries' | 'currentId' | 'lastId' | 'job'>;

export function evaluationView(input: EvaluationInput): EvaluationView {
  const { data, entries, currentId, lastId, job } = input;
  const id = currentId ?? lastId;
  const entry = id === null ? undefined : entries[id];
  if (entry !== undefined && entry.evaluation !== null) {
    return { state: 'ready', entry, evaluation: entry.evaluation, stale: currentId === null };
  }
  if (data === null) {
    return {
      state: 'none',
      title: 'Add labelled data to see which predictions change.',
      hint: 'A folder or a zip with a folder per class is enough. It stays in this tab.',
    };
  }
  if (data.config === null) {
    return {
      state: 'none',
      title: 'Accept how the data is fitted to the model first.',
      hint: 'The stage Data proposes a way and shows the evidence for it.',
    };
  }
  if (data.config.task.kind === 'agreement') {
    return {
      state: 'none',
      title: 'This data has no right answers to compare with.',
      hint: 'Models are compared by how far their outputs agree. Labels, from folders or a labels file, say more.',
    };
  }
  if (entry !== undefined && entry.evaluationFailure !== null) {
    return { state: 'failed', error: entry.evaluationFailure };
  }
  if (job !== null) {
    return {
      state: 'working',
      title: job.kind === 'evaluate' ? job.title : `Waiting for: ${job.title}`,
      fraction: job.kind === 'evaluate' ? job.fraction : 0,
    };
  }
  return {
    state: 'none',
    title: 'Not evaluated on your data yet.',
    hint: 'Press Measure to run the model on it.',
  };
}
