/** Saves the recipe as JSON, to open here again or to run with the command line; with the description of the data. */
import { stringifyRecipe } from '../../core/recipe/stringify.ts';
import { announce } from '../store/notices.ts';
import { recipeOf } from '../store/state.ts';
import type { Action } from './types.ts';

export const saveRecipeAction: Action = {
  id: 'save-recipe',
  label: 'Save the recipe',
  shortcuts: [{ key: 's', mod: true, shift: true }],
  enabled: (state) => state.model !== null,
  perform: ({ store, page }) => {
    const state = store.getState();
    const base = (state.model?.fileName ?? 'model').replace(/\.onnx$/i, '');
    const name = `${base}.recipe.json`;
    const data = state.data?.config ?? null;
    const text = stringifyRecipe({ ...recipeOf(state), ...(data === null ? {} : { data }) });
    page.save(name, new Blob([text], { type: 'application/json' }));
    announce(store, `Saved ${name}.`);
  },
};
