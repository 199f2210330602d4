/** Above the layers table: the button that finds the guilty layer, what it found, and which columns are shown. */
import { Button, SegmentedControl } from '@mantine/core';
import { useId } from 'react';
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import { recipeOf } from '../../store/state.ts';
import { askedOf } from '../../store/tuning-desk.ts';
import { QuestionIcon } from '../../ui/icons.tsx';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { guiltiest, shownOption } from './heat-scale.ts';
import { givenBy, givenFor, summaryOnScreen } from './in-recipe.ts';
import { methodText, notMeasuredText, unitText, verdictText } from './verdict-text.ts';
import './sensitivity.css';

export type Columns = 'figures' | 'heat';

export function GuiltyBar({
  columns,
  onColumns,
}: {
  readonly columns: Columns;
  readonly onColumns: (columns: Columns) => void;
}): ReactElement {
  const { store, tuning, pipeline } = useApp();
  const report = useAppState((state) => state.sensitivity);
  const error = useAppState((state) => state.sensitivityError);
  const job = useAppState((state) => (state.job?.kind === 'sensitivity' ? state.job : null));
  const find = async (): Promise<void> => {
    const before = store.getState().sensitivity;
    await tuning.measureSensitivity();
    const { sensitivity, view } = store.getState();
    if (sensitivity === null || sensitivity === before) return;
    onColumns('heat');
    const option = shownOption(sensitivity, view.heat);
    const worst = option === null ? null : guiltiest(sensitivity, option, givenFor(store.getState(), option));
    if (worst !== null) store.setState((state) => ({ view: { ...state.view, layerId: worst.layer.layer } }));
  };
  return (
    <div className="guilty">
      <div className="guilty-head">
        <Button size="compact-sm" variant="default" disabled={job !== null} onClick={() => void find()}>
          {report === null ? 'Find the guilty layer' : 'Find it again'}
        </Button>
        {report === null || job !== null ? null : (
          <SegmentedControl
            size="xs"
            aria-label="Columns"
            value={columns}
            onChange={(value) => onColumns(value === 'heat' ? 'heat' : 'figures')}
            data={[
              { value: 'heat', label: 'Heat-map' },
              { value: 'figures', label: 'Figures' },
            ]}
          />
        )}
        {job === null ? null : (
          <>
            <ProgressLine title="Each layer in turn" doing={job.doing} fraction={job.fraction} />
            <Button size="compact-sm" variant="default" onClick={() => pipeline.cancel()}>
              Stop
            </Button>
          </>
        )}
        {report === null && job === null && error === null ? (
          <p className="mute small">
            Puts each layer alone into fewer bits and measures what that does to the outputs.
          </p>
        ) : null}
      </div>
      {error === null || job !== null ? null : (
        <p className="small tone-warn">
          {error.message} {error.hint ?? ''}
        </p>
      )}
      {report === null || job !== null ? null : <Verdict />}
    </div>
  );
}

function Verdict(): ReactElement | null {
  const report = useAppState((state) => state.sensitivity);
  const heat = useAppState((state) => state.view.heat);
  const layers = useAppState((state) => state.model?.layers ?? null);
  const summary = useAppState(summaryOnScreen);
  const asked = useAppState((state) => askedOf(recipeOf(state)));
  if (report === null) return null;
  const option = shownOption(report, heat);
  const labelOf = (id: string): string => layers?.find((layer) => layer.id === id)?.label ?? id;
  const missing = notMeasuredText(report);
  const given = summary === null || option !== asked ? undefined : givenBy(summary);
  return (
    <p className="small guilty-said" role="status">
      {option === null ? null : <b>{verdictText(report, option, labelOf, given)}</b>}{' '}
      <span className="mute">
        {methodText(report)}
        {missing === '' ? '' : ` Not measured: ${missing}.`}
      </span>
      <WhatIsCounted text={unitText(report)} />
    </p>
  );
}

function WhatIsCounted({ text }: { readonly text: string }): ReactElement {
  const id = useId();
  return (
    <>
      <button type="button" className="explain" popoverTarget={id} aria-label="What do the figures count?">
        <QuestionIcon />
      </button>
      <span id={id} popover="auto" role="dialog" className="explain-panel" aria-label="About the figures">
        {text}
      </span>
    </>
  );
}
