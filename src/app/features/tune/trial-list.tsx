/** The recipes that *auto* tried: predicted, then measured, and why each was taken or not. */
import type { ReactElement } from 'react';
import type { TuneCandidate } from '../../../core/search/types.ts';
import { useAppState } from '../../store/context.ts';
import type { StudyEntry } from '../../store/state.ts';
import type { AutoTrial } from '../../store/tuning-state.ts';
import { formatBytes, formatFactor } from '../../ui/format.ts';

const WORDS: Readonly<Record<AutoTrial['state'], string>> = {
  waiting: 'not decided yet',
  running: 'being measured',
  taken: 'taken',
  'passed-over': 'not taken',
  failed: 'failed',
};

export function TrialList({ trials }: { readonly trials: readonly AutoTrial[] }): ReactElement {
  const candidates = useAppState((state) => state.tune?.candidates);
  return (
    <ol className="trials">
      {trials.map((trial) => (
        <Trial
          key={trial.recipeKey}
          trial={trial}
          candidate={trial.floats ? undefined : candidates?.[trial.candidate]}
        />
      ))}
    </ol>
  );
}

function Trial({
  trial,
  candidate,
}: {
  readonly trial: AutoTrial;
  readonly candidate: TuneCandidate | undefined;
}): ReactElement {
  const entry = useAppState((state) => (trial.entryId === null ? undefined : state.entries[trial.entryId]));
  return (
    <li className={trial.state === 'taken' ? 'trial trial-taken' : 'trial'}>
      <p className="trial-head">
        <b>{WORDS[trial.state]}</b>
        {trial.floats ? <span>the same, computed in floats</span> : null}
        {candidate === undefined ? null : <i className="predicted">predicted {predictedText(candidate)}</i>}
        {entry === undefined ? null : <span>measured {measuredText(entry)}</span>}
      </p>
      {trial.reason === null ? null : <p className="mute">{trial.reason}</p>}
    </li>
  );
}

function predictedText({ predicted: { bytes, speedup } }: TuneCandidate): string {
  return speedup === null ? formatBytes(bytes) : `${formatBytes(bytes)}, ${formatFactor(speedup)}`;
}

function measuredText({ bytes, measurement }: StudyEntry): string {
  const latency = measurement?.latency ?? null;
  return latency === null ? formatBytes(bytes) : `${formatBytes(bytes)}, ${formatFactor(latency.speedup)}`;
}
