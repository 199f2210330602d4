/** Beside a measured variant that is, or may be, slower: which layers lose, and the form that does not, by one click. */
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import { edit, replaceRecipe } from '../../store/edits.ts';
import { hasIntegers, withIntegers } from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';
import { latencyVerdict, mayBeSlower } from '../../store/verdict.ts';
import { WarnIcon } from '../../ui/icons.tsx';
import { useCurrentEntry } from '../workspace/use-study.ts';
import { useSpeedPrediction } from './use-speed-prediction.ts';

/** More are in the recipe. */
const NAMED = 3;

export function SlowerNote(): ReactElement | null {
  const { store } = useApp();
  const current = useCurrentEntry();
  const integers = useAppState((state) => hasIntegers(recipeOf(state)));
  const prediction = useSpeedPrediction();
  if (current === null) return null;
  const slower = latencyVerdict(current)?.tone === 'bad';
  if (!slower && !mayBeSlower(current)) return null;
  const names = prediction?.slow.slice(0, NAMED).map(({ label }) => label) ?? [];
  const better = prediction?.better ?? null;
  const more = (prediction?.slow.length ?? 0) - names.length;
  return (
    <p className="status-line tone-warn">
      <WarnIcon />{' '}
      {names.length === 0
        ? 'No single layer is known to lose.'
        : `By the prediction these layers lose: ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`}{' '}
      {better !== null ? (
        <button type="button" className="link" onClick={() => replaceRecipe(store, better.recipe)}>
          Leave what loses in floats
        </button>
      ) : integers ? (
        <button
          type="button"
          className="link"
          onClick={() => edit(store, (draft) => withIntegers(draft, false))}
        >
          Compute in floats
        </button>
      ) : null}
    </p>
  );
}
