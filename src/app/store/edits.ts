/** The commands that change the recipe in the store, each one step for undo. It must not know workers. */
import type { Recipe } from '../../core/recipe/types.ts';
import { draftOf } from './recipe-edit.ts';
import type { RecipeDraft } from './recipe-edit.ts';
import type { AppStore } from './state.ts';
import { endGesture, record, redo, undo } from './undo.ts';

/** `gesture` joins the steps of one drag into one undo step; see undo.ts. */
export function edit(
  store: AppStore,
  change: (draft: RecipeDraft) => RecipeDraft,
  gesture: string | null = null,
): void {
  const { draft } = store.getState();
  const next = record(draft, change(draft.present), gesture);
  if (next !== draft) store.setState({ draft: next });
}

export function finishGesture(store: AppStore): void {
  const { draft } = store.getState();
  const next = endGesture(draft);
  if (next !== draft) store.setState({ draft: next });
}

export function undoEdit(store: AppStore): void {
  store.setState((state) => ({ draft: undo(state.draft) }));
}

export function redoEdit(store: AppStore): void {
  store.setState((state) => ({ draft: redo(state.draft) }));
}

/** A preset, a saved recipe or the recipe of an earlier variant takes the place of the present one. */
export function replaceRecipe(store: AppStore, recipe: Recipe): void {
  edit(store, (draft) => (draft.recipe === recipe ? draft : draftOf(recipe)));
}
