/** Beside the figures: how many predictions changed, three of them, and the class that lost most. */
import { useMemo } from 'react';
import type { ReactElement } from 'react';
import type { TaskComparison } from '../../../core/metrics/tasks/types.ts';
import { useApp } from '../../store/context.ts';
import { groupThousands } from '../../ui/format.ts';
import { deltaNote, worstOf } from '../per-class/delta-rows.ts';
import { formatDifference } from '../../store/metric-text.ts';
import { representatives } from './change-text.ts';
import type { ClassNames } from './change-text.ts';
import { EvaluationGate } from './evaluation-gate.tsx';
import { StaleNote } from './predictions-tab.tsx';
import { SampleItem } from './sample-item.tsx';
import { useClassNames } from './use-class-names.ts';
import { useThumbnails } from './use-thumbnails.ts';
import './predictions.css';

const PICTURE_SIDE = 46 * 2;

export function ChangedCard(): ReactElement {
  return (
    <section className="card changed-card" aria-label="Changed predictions">
      <EvaluationGate title="Changed predictions">
        {({ evaluation, stale }) =>
          evaluation.comparison === null ? (
            <>
              <h2 className="card-title">Changed predictions</h2>
              <p className="mute small">Once there is a variant: which samples it sees differently.</p>
            </>
          ) : (
            <Changed comparison={evaluation.comparison} stale={stale} />
          )
        }
      </EvaluationGate>
    </section>
  );
}

function Changed({
  comparison,
  stale,
}: {
  readonly comparison: TaskComparison;
  readonly stale: boolean;
}): ReactElement {
  const { store } = useApp();
  const names = useClassNames();
  const { lost, gained, other, n, changed } = comparison;
  const total = lost + gained + other;
  const samples = useMemo(() => representatives(changed), [changed]);
  const indices = useMemo(() => samples.map(({ index }) => index), [samples]);
  const thumbnails = useThumbnails(indices, PICTURE_SIDE);
  const show = (tab: 'predictions' | 'per-class'): void => {
    store.setState((state) => ({ view: { ...state.view, tab } }));
    // The tabs may be out of view, on a narrow screen a long way off.
    requestAnimationFrame(() =>
      document.querySelector<HTMLElement>('.details [role="tab"][aria-selected="true"]')?.focus(),
    );
  };
  return (
    <>
      <h2 className="card-title">
        Changed predictions
        <small>
          {groupThousands(total)} of {groupThousands(n)}
        </small>
      </h2>
      {stale ? <StaleNote /> : null}
      {samples.length === 0 ? (
        <p className="mute small">Original and variant say the same about every sample.</p>
      ) : (
        <ul className="samples-short">
          {samples.map((sample) => (
            <SampleItem
              key={sample.index}
              short
              sample={sample}
              names={names}
              thumbnail={thumbnails.get(sample.index)}
            />
          ))}
        </ul>
      )}
      {total > samples.length ? (
        <button type="button" className="link small" onClick={() => show('predictions')}>
          All that changed: {groupThousands(lost)} lost, {groupThousands(gained)} gained
        </button>
      ) : null}
      <Worst comparison={comparison} names={names} onShow={() => show('per-class')} />
    </>
  );
}

function Worst({
  comparison,
  names,
  onShow,
}: {
  readonly comparison: TaskComparison;
  readonly names: ClassNames;
  readonly onShow: () => void;
}): ReactElement | null {
  const worst = worstOf(comparison);
  if (worst === null) return null;
  return (
    <p className="mute small">
      Worst class:{' '}
      <button type="button" className="worst-class" onClick={onShow}>
        {names.ofLabel(worst.name)}
      </button>{' '}
      {formatDifference(comparison.metric, worst.difference)} (n = {groupThousands(worst.n)},{' '}
      {deltaNote(worst)})
    </p>
  );
}
