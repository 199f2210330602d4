/** Makes and measures what the recipe on screen lacks, after a stop or a failure. */
import { isSettled } from '../store/state.ts';
import type { Action } from './types.ts';

export const measureAction: Action = {
  id: 'measure',
  label: 'Measure this recipe',
  shortcuts: [{ key: 'Enter', mod: true, shift: false }],
  enabled: (state) => {
    if (state.model === null || state.job !== null) return false;
    const current = state.currentId === null ? undefined : state.entries[state.currentId];
    return current === undefined || !isSettled(current, state.options);
  },
  perform: ({ pipeline }) => pipeline.resume(),
};
