/** Measures what each layer does to the outputs in fewer bits, and shows it on the layers. */
import type { Action } from './types.ts';

export const findGuiltyLayerAction: Action = {
  id: 'find-guilty-layer',
  label: 'Find the guilty layer',
  shortcuts: [],
  enabled: ({ model, job }) => model !== null && job?.kind !== 'sensitivity',
  perform: ({ store, tuning }) => {
    store.setState(({ view }) => ({ view: { ...view, tab: view.tab === 'graph' ? 'graph' : 'layers' } }));
    return tuning.measureSensitivity();
  },
};
