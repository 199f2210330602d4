/** One pass: its switch, what it does in a line, and its parameters when opened. */
import { Switch } from '@mantine/core';
import { memo, useId, useState } from 'react';
import type { ReactElement } from 'react';
import type { PassMeta } from '../../../core/passes/types.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { edit } from '../../store/edits.ts';
import { ACTIVATIONS, PRECISION_PARAM, PRUNE, QUANTIZE, SPARSITY_PARAM } from '../../store/pass-names.ts';
import { stepOf, switched, withIntegers } from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';
import { ChevronIcon } from '../../ui/icons.tsx';
import { ParamForm } from './param-form.tsx';
import { useStepSummary } from './step-summary.ts';

/** Switched on by hand, a step starts with something that shows. */
const FIRST_VALUES: Readonly<Record<string, Readonly<Record<string, number | string>>>> = {
  [QUANTIZE]: { [PRECISION_PARAM]: 'int8' },
  [PRUNE]: { [SPARSITY_PARAM]: 0.5 },
};

export const StepRow = memo(function StepRow({ meta }: { readonly meta: PassMeta }): ReactElement {
  const { store } = useApp();
  const [open, setOpen] = useState(false);
  const step = useAppState((state) => stepOf(recipeOf(state), meta.id));
  const summary = useStepSummary(meta, step);
  const panel = useId();
  return (
    <div className="step">
      <div className="step-head">
        <Switch
          size="xs"
          aria-label={meta.label}
          checked={step !== undefined}
          onChange={(event) => {
            const on = event.currentTarget.checked;
            edit(store, (draft) =>
              on && meta.id === ACTIVATIONS
                ? withIntegers(draft, true)
                : switched(draft, meta.id, on, FIRST_VALUES[meta.id] ?? {}),
            );
          }}
        />
        <button
          type="button"
          className="step-open"
          aria-expanded={open}
          aria-controls={panel}
          onClick={() => setOpen(!open)}
        >
          <span className="step-words">
            <span>{meta.label}</span>
            <small>{summary}</small>
          </span>
          <span className={`step-chevron ${open ? 'step-chevron-open' : ''}`}>
            <ChevronIcon />
          </span>
        </button>
      </div>
      <div id={panel} className="step-panel" hidden={!open}>
        {open ? <ParamForm meta={meta} step={step} /> : null}
      </div>
    </div>
  );
});
