/** Whole recipes by one click; each is one step for undo. */
import type { ReactElement } from 'react';
import { PRESETS } from '../../../core/recipe/presets.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { replaceRecipe } from '../../store/edits.ts';
import { recipeKey } from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';

export function Presets(): ReactElement {
  const { store } = useApp();
  const key = useAppState((state) => recipeKey(recipeOf(state)));
  return (
    <div className="presets">
      {Object.entries(PRESETS).map(([name, recipe]) => (
        <button
          key={name}
          type="button"
          className="chip preset"
          aria-pressed={recipeKey(recipe) === key}
          onClick={() => replaceRecipe(store, recipe)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
