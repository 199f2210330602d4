/** What a stage is, when it helps and what it costs: three short answers behind a button, at the point of use. */
import { useId } from 'react';
import type { ReactElement } from 'react';
import { QuestionIcon } from '../../ui/icons.tsx';
import { EXPLANATIONS } from './explanations.ts';
import type { StageId } from './stages.ts';

/** The browser's own popover: Escape, a click outside and the way back of the focus come with it, and no script runs. */
export function Explain({ stage }: { readonly stage: StageId }): ReactElement {
  const { name, what, helps, costs } = EXPLANATIONS[stage];
  const id = useId();
  return (
    <>
      <button
        type="button"
        className="explain"
        popoverTarget={id}
        aria-label={`What is ${name}?`}
        title={`What is ${name}?`}
      >
        <QuestionIcon />
      </button>
      <div id={id} popover="auto" role="dialog" className="explain-panel" aria-label={`About ${name}`}>
        <dl>
          <dt>What it is</dt>
          <dd>{what}</dd>
          <dt>When it helps</dt>
          <dd>{helps}</dd>
          <dt>What it costs</dt>
          <dd>{costs}</dd>
        </dl>
      </div>
    </>
  );
}
