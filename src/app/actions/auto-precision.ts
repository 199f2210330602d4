/** Looks for each layer's precision by the goal. */
import type { Action } from './types.ts';

export const autoPrecisionAction: Action = {
  id: 'auto-precision',
  label: 'Choose each layer’s precision for my goal',
  shortcuts: [],
  enabled: ({ model, auto }) => model !== null && auto.state !== 'searching' && auto.state !== 'trying',
  perform: ({ tuning }) => tuning.tune(),
};
