/** Opens the file dialog for a model. */
import type { Action } from './types.ts';

export const OPEN_MODEL_INPUT = 'open-model';

export const openModelAction: Action = {
  id: 'open-model',
  label: 'Open another file',
  shortcuts: [{ key: 'o', mod: true, shift: false }],
  enabled: () => true,
  perform: ({ page }) => page.clickInput(OPEN_MODEL_INPUT),
};
