/** Integers by one switch: layers compute in 8 bits where that is faster, the others stay as they are. */
import { Switch } from '@mantine/core';
import { useId } from 'react';
import type { ReactElement } from 'react';
import { integersRefused } from '../../store/asked.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { edit } from '../../store/edits.ts';
import { ACTIVATIONS, metaOf } from '../../store/pass-names.ts';
import { hasIntegers, withIntegers } from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';
import { targetOnScreen } from '../../store/target-options.ts';

export function IntegerSwitch(): ReactElement | null {
  const { store } = useApp();
  const id = useId();
  const on = useAppState((state) => hasIntegers(recipeOf(state)));
  const refused = integersRefused(useAppState(targetOnScreen));
  if (metaOf(ACTIVATIONS) === undefined) return null;
  return (
    <div className="switch-row">
      <Switch
        size="xs"
        label="Compute in integers where that is faster"
        checked={on}
        disabled={refused !== null && !on}
        aria-describedby={`${id}-help`}
        onChange={(event) => {
          const wanted = event.currentTarget.checked;
          edit(store, (draft) => withIntegers(draft, wanted));
        }}
      />
      <p id={`${id}-help`} className="param-help">
        {refused ??
          'Layers with many inputs compute in 8 bits, which takes 8-bit weights and ranges from samples. Layers that would become slower stay as they are.'}
      </p>
    </div>
  );
}
