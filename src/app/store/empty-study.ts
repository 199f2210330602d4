/** The study of a model that was just opened. It must not know models. */
import { EMPTY_DRAFT } from './recipe-edit.ts';
import type { AppState } from './state.ts';
import { emptyTuning } from './tuning-state.ts';
import { startHistory } from './undo.ts';

/** What no model shares with another. */
export function emptyStudy() {
  return {
    simplified: null,
    draft: startHistory(EMPTY_DRAFT),
    failed: null,
    held: null,
    detail: null,
    notices: [],
    costs: {},
    profiles: {},
    profileError: null,
    lab: [],
    ...emptyTuning(),
  } satisfies Partial<AppState>;
}
