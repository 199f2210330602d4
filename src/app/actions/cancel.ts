/** Stops the running job; the recipe stays as it is. */
import type { Action } from './types.ts';

export const cancelAction: Action = {
  id: 'cancel',
  label: 'Cancel the running job',
  shortcuts: [{ key: '.', mod: true, shift: false }],
  enabled: (state) => state.job !== null,
  perform: ({ pipeline }) => pipeline.cancel(),
};
