/** The task's figures, then each class or group with what the variant does to it, worst first. */
import { useCallback, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import type { GroupDelta, TaskComparison } from '../../../core/metrics/tasks/types.ts';
import { useAppState } from '../../store/context.ts';
import { plural } from '../../ui/format.ts';
import { EvaluationGate } from '../predictions/evaluation-gate.tsx';
import type { ReadyEvaluation } from '../predictions/evaluation-gate.tsx';
import { useClassNames } from '../predictions/use-class-names.ts';
import { StaleNote } from '../predictions/predictions-tab.tsx';
import { columnsOf, deltaRows, deltaScale, significanceSentence } from './delta-rows.ts';
import type { DeltaOrder } from './delta-rows.ts';
import { DeltaTable } from './delta-table.tsx';
import { FailedList } from './failed-list.tsx';
import { metricWords, unitOf } from '../../store/metric-text.ts';
import { MetricsTable } from './metrics-table.tsx';
import './per-class.css';

export function PerClassTab(): ReactElement {
  return (
    <div className="tab-scroll" tabIndex={0} role="region" aria-label="Per class, scrollable">
      <EvaluationGate>{(ready) => <Ready ready={ready} />}</EvaluationGate>
    </div>
  );
}

function Ready({ ready }: { readonly ready: ReadyEvaluation }): ReactElement {
  const { evaluation, stale } = ready;
  const { comparison, summary, baseline } = evaluation;
  const kind = useAppState((state) => state.data?.summary.kind);
  return (
    <>
      {stale ? <StaleNote /> : null}
      <p className="small">
        {comparison?.sentence ??
          `The original on ${plural(summary.n, ...unitOf(kind))} of ${evaluation.name}.`}
      </p>
      {comparison === null || comparison.tooFew === null ? null : (
        <p className="small tone-warn">{comparison.tooFew}</p>
      )}
      <MetricsTable baseline={baseline} summary={summary} comparison={comparison} />
      {comparison === null ? (
        <p className="mute small">
          Once there is a variant: what it does to each class and group, worst first, each with its interval.
        </p>
      ) : (
        <Deltas comparison={comparison} />
      )}
      <LeftOut unlabelled={summary.unlabelled ?? 0} unpaired={comparison?.unpaired ?? 0} />
      <FailedList failed={summary.failed} />
    </>
  );
}

/** Nothing is dropped without a word. */
function LeftOut({
  unlabelled,
  unpaired,
}: {
  readonly unlabelled: number;
  readonly unpaired: number;
}): ReactElement | null {
  if (unlabelled === 0 && unpaired === 0) return null;
  return (
    <p className="mute small">
      In no figure: {unlabelled === 0 ? '' : `${plural(unlabelled, 'sample')} without a label`}
      {unlabelled > 0 && unpaired > 0 ? ', ' : ''}
      {unpaired === 0 ? '' : `${plural(unpaired, 'sample')} that only one of the models could see`}.
    </p>
  );
}

function Deltas({ comparison }: { readonly comparison: TaskComparison }): ReactElement | null {
  const columns = useMemo(() => columnsOf(comparison), [comparison]);
  const [chosen, setChosen] = useState('');
  const [search, setSearch] = useState('');
  const [order, setOrder] = useState<DeltaOrder>('worst');
  const names = useClassNames();
  const nameOf = useCallback(
    (row: GroupDelta): string => (row.column === '' ? names.ofLabel(row.name) : row.name),
    [names],
  );
  const column = columns.includes(chosen) ? chosen : (columns[0] ?? '');
  const all = useMemo(
    () => deltaRows(comparison, { column, search: '', order: 'worst' }, nameOf),
    [comparison, column, nameOf],
  );
  const rows = useMemo(
    () => deltaRows(comparison, { column, search, order }, nameOf),
    [comparison, column, search, order, nameOf],
  );
  const scale = useMemo(() => deltaScale(all), [all]);
  if (columns.length === 0)
    return <p className="mute small">There are no classes or groups to look at one by one.</p>;
  const what = column === '' ? 'class' : column;
  return (
    <section aria-label="By class or group" className="delta-section">
      <div className="delta-head">
        <label className="small">
          By{' '}
          <select
            className="select"
            value={column}
            onChange={(event) => setChosen(event.currentTarget.value)}
          >
            {columns.map((name) => (
              <option key={name} value={name}>
                {name === '' ? 'class' : name}
              </option>
            ))}
          </select>
        </label>
        <label className="small delta-search">
          <span className="visually-hidden">Search the names</span>
          <input
            className="select"
            type="search"
            placeholder="Search"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        </label>
        <p className="mute small" aria-live="polite">
          {rows.length === all.length ? '' : `${plural(rows.length, 'row')} found`}
        </p>
      </div>
      <p className="mute small">
        {metricWords(comparison.metric).name} of each {what}, the same samples in both models.{' '}
        {significanceSentence(all, what)}
      </p>
      {rows.length === 0 ? (
        <p className="small">No name contains “{search.trim()}”.</p>
      ) : (
        <DeltaTable
          rows={rows}
          what={column === '' ? 'Class' : column}
          metric={comparison.metric}
          higherIsBetter={comparison.higherIsBetter}
          scale={scale}
          order={order}
          onOrder={setOrder}
          nameOf={nameOf}
        />
      )}
    </section>
  );
}
