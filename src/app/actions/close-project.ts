/** Forgets the model, the data and everything that was kept of them in this browser. */
import { setOffer } from './open-data.ts';
import type { Action } from './types.ts';

export const closeProjectAction: Action = {
  id: 'close-project',
  label: 'Close project',
  shortcuts: [],
  enabled: (state) => state.model !== null || state.project.missing.length > 0,
  perform: ({ store, desk }) => {
    setOffer(store, null);
    return desk.closeProject();
  },
};
