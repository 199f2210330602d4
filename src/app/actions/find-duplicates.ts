/** Looks for exact and near copies among the samples. */
import type { Action } from './types.ts';

export const findDuplicatesAction: Action = {
  id: 'find-duplicates',
  label: 'Check for copies',
  shortcuts: [],
  enabled: (state) => state.data !== null && state.job === null,
  perform: ({ desk }) => desk.findDuplicates(),
};
