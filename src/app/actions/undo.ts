/** Takes the last change of the recipe back. */
import { undoEdit } from '../store/edits.ts';
import { canUndo } from '../store/undo.ts';
import type { Action } from './types.ts';

export const undoAction: Action = {
  id: 'undo',
  label: 'Undo',
  shortcuts: [{ key: 'z', mod: true, shift: false }],
  enabled: (state) => state.model !== null && canUndo(state.draft),
  perform: ({ store }) => undoEdit(store),
};
