/** What a stage is, when it helps and what it costs: three short answers behind a button, at the point of use. */
import { Popover } from '@mantine/core';
import type { ReactElement } from 'react';
import { QuestionIcon } from '../../ui/icons.tsx';
import { EXPLANATIONS } from './explanations.ts';
import type { StageId } from './stages.ts';

export function Explain({ stage }: { readonly stage: StageId }): ReactElement {
  const { name, what, helps, costs } = EXPLANATIONS[stage];
  return (
    <Popover
      position="bottom-end"
      width={300}
      shadow="md"
      trapFocus
      withRoles
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>
        <button type="button" className="explain" aria-label={`What is ${name}?`} title={`What is ${name}?`}>
          <QuestionIcon />
        </button>
      </Popover.Target>
      <Popover.Dropdown className="explain-panel" aria-label={`About ${name}`} tabIndex={-1}>
        <dl>
          <dt>What it is</dt>
          <dd>{what}</dd>
          <dt>When it helps</dt>
          <dd>{helps}</dd>
          <dt>What it costs</dt>
          <dd>{costs}</dd>
        </dl>
      </Popover.Dropdown>
    </Popover>
  );
}
