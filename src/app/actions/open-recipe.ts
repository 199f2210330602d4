/** Opens a recipe file. A recipe that does not fit is refused with its reason; the present one stays. */
import { PareError, toErrorRecord } from '../../core/errors.ts';
import { parseRecipe } from '../../core/recipe/parse.ts';
import { replaceRecipe } from '../store/edits.ts';
import { announce, showError } from '../store/notices.ts';
import { offerDescription } from './open-data.ts';
import type { Action, ActionContext } from './types.ts';

export const OPEN_RECIPE_INPUT = 'open-recipe';

/** Recipes with an override for every layer of a large model stay well below this. */
const MOST_BYTES = 5_000_000;

export const openRecipeAction: Action = {
  id: 'open-recipe',
  label: 'Open a recipe',
  shortcuts: [],
  enabled: (state) => state.model !== null,
  perform: ({ page }) => page.clickInput(OPEN_RECIPE_INPUT),
};

export async function openRecipeFile(
  context: Pick<ActionContext, 'store' | 'desk'>,
  file: File,
): Promise<void> {
  const { store } = context;
  try {
    if (file.size > MOST_BYTES) {
      throw new PareError('recipe-invalid', `${file.name} is too large for a recipe.`, {
        hint: 'A recipe is a small JSON file that this page or the command line has saved.',
      });
    }
    // The description of the data is no part of what is done to the model: it is offered where the data is.
    const { data, ...recipe } = parseRecipe(await file.text());
    replaceRecipe(store, recipe);
    announce(store, `Opened the recipe ${file.name}.`);
    if (data !== undefined) offerDescription(context, data, file.name);
  } catch (error) {
    showError(store, toErrorRecord(error));
  }
}
