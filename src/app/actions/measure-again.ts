/** Makes and measures what the recipe on screen lacks; where nothing is lacking, it is measured once more. */
import type { Action } from './types.ts';

export const measureAction: Action = {
  id: 'measure',
  label: 'Measure',
  shortcuts: [{ key: 'Enter', mod: true, shift: false }],
  enabled: (state) => state.model !== null && state.job === null,
  perform: ({ pipeline }) => pipeline.resume(),
};
