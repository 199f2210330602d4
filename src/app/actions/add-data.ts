/** Opens the file dialog for the user's data. */
import type { Action } from './types.ts';

export const ADD_DATA_INPUT = 'add-data';

export const addDataAction: Action = {
  id: 'add-data',
  label: 'Add data',
  shortcuts: [],
  enabled: (state) => state.model !== null && state.job?.kind !== 'data',
  perform: ({ page }) => page.clickInput(ADD_DATA_INPUT),
};
