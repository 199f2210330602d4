/** What the user wants, as a sentence; each limit with whether it holds; and the way to edit both. */
import { Button } from '@mantine/core';
import { memo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { goalParts } from '../../../core/goal/sentence.ts';
import { autoPrecisionAction } from '../../actions/auto-precision.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { FIRST_GOAL } from '../../store/tuning-state.ts';
import { useAction } from '../shell/use-action.ts';
import { CardHead } from '../stages/card-head.tsx';
import { stageTarget } from '../stages/go-to-stage.ts';
import { GoalForm } from './goal-form.tsx';
import { GoalMark } from './goal-state.tsx';
import { useGoalUnit, useJudgement } from './use-judgement.ts';
import './goal.css';

export const GoalCard = memo(function GoalCard(): ReactElement {
  const { desk } = useApp();
  const goal = useAppState((state) => state.goal);
  const unit = useGoalUnit();
  const [editing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setEditing(false);
    // The form is gone: whoever works with the keyboard goes on where they came from.
    requestAnimationFrame(() => button.current?.focus());
  };
  return (
    <section className="card goal-card" aria-label="Goal" data-stage={stageTarget('goal')} tabIndex={-1}>
      <CardHead title="Goal" stage="goal" />
      {goal === null ? (
        editing ? null : (
          <p className="mute small">No goal yet. With one, each figure says whether it is good enough.</p>
        )
      ) : (
        <p className="goal-sentence">
          {goalParts(goal, unit).map(({ text, strong }, i) =>
            strong ? <b key={i}>{text}</b> : <span key={i}>{text}</span>,
          )}
        </p>
      )}
      {editing ? (
        <GoalForm
          goal={goal ?? FIRST_GOAL}
          unit={unit}
          onSave={(next) => {
            desk.setGoal(next);
            close();
          }}
          onRemove={
            goal === null
              ? null
              : () => {
                  desk.setGoal(null);
                  close();
                }
          }
          onCancel={close}
        />
      ) : (
        <>
          {goal === null ? null : <Checks />}
          <div className="row">
            {goal === null ? null : <FindIt />}
            <Button ref={button} variant="default" size="compact-sm" onClick={() => setEditing(true)}>
              {goal === null ? 'Set a goal' : 'Edit goal'}
            </Button>
            <Standing />
          </div>
        </>
      )}
    </section>
  );
});

function FindIt(): ReactElement {
  const find = useAction(autoPrecisionAction);
  return (
    <Button variant="filled" size="compact-sm" disabled={!find.enabled} onClick={find.run} title={find.label}>
      Find it for me
    </Button>
  );
}

function Standing(): ReactElement | null {
  const judgement = useJudgement();
  return judgement === null || judgement.checks.length === 0 ? null : <GoalMark state={judgement.state} />;
}

/** Only limits that are not plainly met need a line of their own. */
function Checks(): ReactElement | null {
  const judgement = useJudgement();
  const open = judgement?.checks.filter(({ state }) => state !== 'met') ?? [];
  if (open.length === 0) return null;
  return (
    <ul className="goal-checks">
      {open.map(({ constraint, sentence }) => (
        <li key={constraint}>{sentence}</li>
      ))}
    </ul>
  );
}
