/** *Auto*: one switch that looks for each layer's precision by the goal, and what came of it, in sentences. */
import { Button, Switch } from '@mantine/core';
import { useId } from 'react';
import type { ReactElement } from 'react';
import { goalSentence } from '../../../core/goal/sentence.ts';
import { cancelAction } from '../../actions/cancel.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { recipeKey } from '../../store/recipe-edit.ts';
import { recipeOf } from '../../store/state.ts';
import type { AppState } from '../../store/state.ts';
import { AUTO_OFF, FIRST_GOAL } from '../../store/tuning-state.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { useGoalUnit } from '../goal/use-judgement.ts';
import { useAction } from '../shell/use-action.ts';
import { KeptLayers } from './kept-layers.tsx';
import { TrialList } from './trial-list.tsx';
import './tune.css';

export function AutoPrecision(): ReactElement {
  const { store, tuning } = useApp();
  const id = useId();
  const running = useAppState(isRunning);
  const on = useAppState((state) => isRunning(state) || takenOnScreen(state));
  const stop = useAction(cancelAction);
  return (
    <div className="auto">
      <div className="switch-row">
        <Switch
          size="xs"
          label="Auto: choose each layer’s precision for my goal"
          checked={on}
          aria-describedby={`${id}-help`}
          onChange={(event) => {
            if (event.currentTarget.checked) void tuning.tune();
            else if (running) stop.run();
            else store.setState({ auto: AUTO_OFF });
          }}
        />
        <p id={`${id}-help`} className="param-help">
          <GoalInWords />
        </p>
      </div>
      {running ? <Running /> : null}
      <Outcome />
    </div>
  );
}

function isRunning({ auto }: AppState): boolean {
  return auto.state === 'searching' || auto.state === 'trying';
}

/** The switch stands for what is on screen: a slider that is moved afterwards turns it off. */
function takenOnScreen(state: AppState): boolean {
  const { auto } = state;
  if (auto.state !== 'done') return false;
  const key = recipeKey(recipeOf(state));
  return auto.trials.some((trial) => trial.state === 'taken' && trial.recipeKey === key);
}

function GoalInWords(): ReactElement {
  const goal = useAppState((state) => state.goal);
  const unit = useGoalUnit();
  const words = goalSentence(goal ?? FIRST_GOAL, unit);
  return (
    <>
      {goal === null ? 'There is no goal yet, so this one is taken: ' : 'The goal: '}
      {words.charAt(0).toLowerCase()}
      {words.slice(1)}. Only what was measured is taken.
    </>
  );
}

function Running(): ReactElement | null {
  const job = useAppState((state) => state.job);
  const stop = useAction(cancelAction);
  if (job === null) return null;
  return (
    <div className="auto-job">
      <ProgressLine title={job.title} doing={job.doing} fraction={job.fraction} />
      <Button variant="default" size="compact-sm" aria-label={`Stop: ${job.title}`} onClick={stop.run}>
        Stop
      </Button>
    </div>
  );
}

function Outcome(): ReactElement | null {
  const { tuning } = useApp();
  const auto = useAppState((state) => state.auto);
  const running = useAppState(isRunning);
  if (auto.state === 'off') return null;
  // Nothing is found yet.
  if (running && auto.error === null && auto.said === null && auto.trials.length === 0) return null;
  return (
    <div className="auto-outcome" role="group" aria-label="What auto found">
      {auto.error === null ? null : (
        <p className="small tone-bad">
          {auto.error.message} {auto.error.hint ?? ''}
        </p>
      )}
      {auto.said === null ? null : <p className="small">{auto.said}</p>}
      {auto.trials.length === 0 ? null : <TrialList trials={auto.trials} />}
      {running ? null : <KeptLayers trials={auto.trials} />}
      {running ? null : (
        <Button variant="default" size="compact-sm" onClick={() => void tuning.tune()}>
          Search again
        </Button>
      )}
    </div>
  );
}
