/** Starts over with the original; one step for undo. */
import { replaceRecipe } from '../store/edits.ts';
import { EMPTY_RECIPE } from '../store/recipe-edit.ts';
import { recipeOf } from '../store/state.ts';
import type { Action } from './types.ts';

export const resetRecipeAction: Action = {
  id: 'reset-recipe',
  label: 'Back to the original',
  shortcuts: [],
  enabled: (state) => state.model !== null && recipeOf(state).steps.length > 0,
  perform: ({ store }) => replaceRecipe(store, EMPTY_RECIPE),
};
