/** The row of stages under the top bar: where the user stands, and the way to each card. */
import { useMemo } from 'react';
import type { ReactElement } from 'react';
import { useAppSlice } from '../../store/context.ts';
import { CheckIcon, NextIcon, OpenIcon, WarnIcon } from '../../ui/icons.tsx';
import { useJudgement } from '../goal/use-judgement.ts';
import { goToStage } from './go-to-stage.ts';
import { stagesOf } from './stages.ts';
import type { Stage, StageState } from './stages.ts';
import './stages.css';

const WORDS: Readonly<Record<StageState, string>> = {
  done: 'done',
  next: 'next',
  open: 'open',
  attention: 'needs attention',
};

export function StagesBar({ children }: { readonly children?: ReactElement | null }): ReactElement {
  const goalMissed = useJudgement()?.state === 'missed';
  // Everything that the stages look at; progress of a job is not among it.
  const state = useAppSlice((now) => {
    const { detail: _detail, announcement: _said, job: _job, notices: _notices, ...rest } = now;
    return rest;
  });
  const stages = useMemo(
    () => stagesOf({ ...state, detail: null, announcement: '', job: null, notices: [] }, goalMissed),
    [state, goalMissed],
  );
  return (
    <section className="stages-row" aria-label="Progress and project">
      <nav aria-label="Stages" className="stages">
        <ol>
          {stages.map((stage) => (
            <li key={stage.id}>
              <StageButton stage={stage} />
            </li>
          ))}
        </ol>
      </nav>
      {children}
    </section>
  );
}

function StageButton({ stage }: { readonly stage: Stage }): ReactElement {
  const { id, label, state, note } = stage;
  return (
    <button
      type="button"
      className={`stage stage-${state}`}
      aria-current={state === 'next' ? 'step' : undefined}
      title={`${label}: ${WORDS[state]} (${note})`}
      onClick={() => goToStage(id)}
    >
      <StageIcon state={state} />
      {label}
      <span className="visually-hidden">
        , {WORDS[state]}, {note}
      </span>
    </button>
  );
}

function StageIcon({ state }: { readonly state: StageState }): ReactElement {
  switch (state) {
    case 'done':
      return <CheckIcon />;
    case 'next':
      return <NextIcon />;
    case 'open':
      return <OpenIcon />;
    case 'attention':
      return <WarnIcon />;
    default:
      return state satisfies never;
  }
}
