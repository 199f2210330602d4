/** Brings an undone change of the recipe back. */
import { redoEdit } from '../store/edits.ts';
import { canRedo } from '../store/undo.ts';
import type { Action } from './types.ts';

export const redoAction: Action = {
  id: 'redo',
  label: 'Redo',
  shortcuts: [
    { key: 'z', mod: true, shift: true },
    { key: 'y', mod: true, shift: false },
  ],
  enabled: (state) => state.model !== null && canRedo(state.draft),
  perform: ({ store }) => redoEdit(store),
};
