/** Takes the user's data out of the project; the model and its recipe stay. */
import type { Action } from './types.ts';

export const removeDataAction: Action = {
  id: 'remove-data',
  label: 'Remove the data',
  shortcuts: [],
  enabled: (state) => state.data !== null,
  perform: ({ desk }) => desk.removeData(),
};
