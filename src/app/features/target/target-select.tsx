/** Where the model will run: it decides the form that is written. Says what cannot be measured here, and what is refused. */
import { useId } from 'react';
import type { ReactElement } from 'react';
import { TARGETS, targetOf } from '../../../core/targets/registry.ts';
import type { TargetId, TargetRule } from '../../../core/targets/types.ts';
import { refusedOf } from '../../store/asked.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { edit } from '../../store/edits.ts';
import { withTarget } from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';
import { targetOnScreen } from '../../store/target-options.ts';
import { WarnIcon } from '../../ui/icons.tsx';
import './target.css';

export function TargetSelect(): ReactElement {
  const { store } = useApp();
  const id = useId();
  const chosen = useAppState(targetOnScreen);
  const { help, measurable } = targetOf(chosen);
  return (
    <div className="target">
      <div className="target-head">
        <label htmlFor={id}>Made for</label>
        <select
          id={id}
          className="select target-select"
          value={chosen}
          aria-describedby={`${id}-help`}
          onChange={(event) => {
            const target = TARGETS.find((one) => one.id === event.currentTarget.value)?.id;
            if (target !== undefined) edit(store, (draft) => withTarget(draft, target));
          }}
        >
          {TARGETS.map((target) => (
            <option key={target.id} value={target.id}>
              {target.label}
            </option>
          ))}
        </select>
      </div>
      <p id={`${id}-help`} className="param-help">
        {help}
        {measurable ? null : (
          <b className="target-unmeasured"> Its speed cannot be measured in this page, so none is shown.</b>
        )}
      </p>
      <Refused target={chosen} />
      <About target={chosen} />
    </div>
  );
}

/** What the recipe asks for and this target does not get. */
function Refused({ target }: { readonly target: TargetId }): ReactElement | null {
  const recipe = useAppState(recipeOf);
  const refused = refusedOf(recipe, target);
  if (refused.length === 0) return null;
  return (
    <ul className="target-refused" aria-label="Not given to this target">
      {refused.map(({ id, text }) => (
        <li key={id} className="tone-warn small">
          <WarnIcon /> {text}
        </li>
      ))}
    </ul>
  );
}

function About({ target }: { readonly target: TargetId }): ReactElement {
  const { rules, refusals } = targetOf(target);
  return (
    <details className="fold">
      <summary>What is written for it</summary>
      <RuleList rules={rules} />
      <p className="small">
        <b>What it does not get</b>
      </p>
      <RuleList rules={Object.values(refusals)} />
    </details>
  );
}

function RuleList({ rules }: { readonly rules: readonly TargetRule[] }): ReactElement {
  if (rules.length === 0) return <p className="mute small">Nothing to say here.</p>;
  return (
    <ul className="target-rules">
      {rules.map(({ id, text, source }) => (
        <li key={id} className="small">
          {text} <Source source={source} />
        </li>
      ))}
    </ul>
  );
}

function Source({ source }: { readonly source: string }): ReactElement {
  if (!source.startsWith('https://')) return <span className="mute">({source})</span>;
  return (
    <a href={source} target="_blank" rel="noreferrer noopener" className="mute">
      {new URL(source).hostname}
    </a>
  );
}
