/** Whole recipes by one click; each is one step for undo. */
import type { ReactElement } from 'react';
import { PRESETS } from '../../../core/recipe/presets.ts';
import type { PresetName } from '../../../core/recipe/presets.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { replaceRecipe } from '../../store/edits.ts';
import { recipeKey } from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';

/** What to expect, before it is measured. */
const HELP: Readonly<Record<PresetName, string>> = {
  fp16: 'Half-precision weights: about half the bytes, rarely any loss',
  int8: '8 bits a weight: about a quarter of the bytes, mostly little loss',
  int4: '4 bits a weight: about a sixth of the bytes, some loss',
  int3: '3 bits a weight: about an eighth of the bytes, a loss that samples of your own make smaller',
  palette16: 'A list of 16 values a weight can have: about an eighth of the bytes, some loss',
  sparse50: 'Half of the weights become zero: about half the bytes',
  sparse80: 'Four of five weights become zero: about a quarter of the bytes, often a large loss',
  'int8-sparse80':
    'Four of five weights become zero, 8 bits for the others: about a tenth of the bytes, often a large loss',
};

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
          title={HELP[name as PresetName]}
          aria-pressed={recipeKey(recipe) === key}
          onClick={() => replaceRecipe(store, recipe)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
