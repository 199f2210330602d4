/** Opens the list of all commands. */
import type { Action } from './types.ts';

export const paletteAction: Action = {
  id: 'palette',
  label: 'All commands',
  shortcuts: [{ key: 'k', mod: true, shift: false }],
  enabled: () => true,
  perform: ({ store }) => store.setState((state) => ({ view: { ...state.view, paletteOpen: true } })),
};
