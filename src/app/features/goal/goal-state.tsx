/** Met, missed or undecided: a mark and a word, never a colour alone. */
import type { ReactElement } from 'react';
import type { GoalState } from '../../../core/goal/types.ts';
import { CheckIcon, CrossIcon, OpenIcon } from '../../ui/icons.tsx';
import './goal.css';

export function GoalMark({
  state,
  title,
}: {
  readonly state: GoalState;
  readonly title?: string;
}): ReactElement {
  return (
    <span className={`goal-mark goal-${state}`} title={title}>
      {markOf(state)}
      {state}
    </span>
  );
}

function markOf(state: GoalState): ReactElement {
  switch (state) {
    case 'met':
      return <CheckIcon />;
    case 'missed':
      return <CrossIcon />;
    case 'undecided':
      return <OpenIcon />;
    default:
      return state satisfies never;
  }
}
