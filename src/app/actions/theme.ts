/** Light, dark, or as the system has it. */
import type { Action } from './types.ts';

export const themeAction: Action = {
  id: 'theme',
  label: 'Switch light, dark, system',
  shortcuts: [],
  enabled: () => true,
  perform: ({ page }) => page.nextScheme(),
};
