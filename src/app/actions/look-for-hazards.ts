/** Looks for hazards of what is on screen, before it is downloaded. */
import type { Action } from './types.ts';

export const lookForHazardsAction: Action = {
  id: 'look-for-hazards',
  label: 'Look for hazards',
  shortcuts: [],
  enabled: ({ model, currentId, job }) => model !== null && currentId !== null && job?.kind !== 'examine',
  perform: ({ store, tuning }) => {
    const { currentId } = store.getState();
    return currentId === null ? undefined : tuning.examine(currentId);
  },
};
