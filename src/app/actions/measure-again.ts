/** Makes what the recipe on screen lacks and measures it, also when it was measured before: then anew. */
import type { Action } from './types.ts';

export const measureAction: Action = {
  id: 'measure',
  label: 'Measure',
  shortcuts: [{ key: 'Enter', mod: true, shift: false }],
  enabled: (state) => state.model !== null && state.job === null,
  perform: ({ store, pipeline }) => {
    store.setState(({ currentId, entries }) => {
      const current = currentId === null ? undefined : entries[currentId];
      if (current === undefined) return {};
      // What was measured stays with the entry until the new figures take its place; it only counts as unsettled.
      const unsettled = { ...current, measuredWith: null, evaluatedWith: null };
      return { entries: { ...entries, [current.id]: unsettled } };
    });
    pipeline.resume();
  },
};
