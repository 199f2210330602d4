/** The trade-off: chart for the eye, table for everyone else, the same points in both. */
import { SegmentedControl } from '@mantine/core';
import { Suspense, lazy, useDeferredValue, useState } from 'react';
import type { ReactElement } from 'react';
import { useApp, useAppState } from '../../store/context.ts';
import { replaceRecipe } from '../../store/edits.ts';
import { ORIGINAL } from '../../store/state.ts';
import type { CostAxis, GainAxis } from '../../store/state.ts';
import { plural } from '../../ui/format.ts';
import { useEntries, useGain, useTradeoff } from '../workspace/use-study.ts';
import { PointTable } from './point-table.tsx';
import './tradeoff.css';

const Chart = lazy(async () => ({ default: (await import('./chart.tsx')).TradeoffChart }));

export function TradeoffCard(): ReactElement {
  const { store } = useApp();
  const tradeoff = useDeferredValue(useTradeoff());
  const cost = useAppState((state) => state.view.cost);
  const gain = useGain();
  const sample = useAppState((state) => state.sample);
  const entries = useEntries();
  const [asTable, setAsTable] = useState(false);
  const select = (id: string): void => {
    const entry = store.getState().entries[id];
    if (entry !== undefined) replaceRecipe(store, entry.recipe);
  };
  const setView = (view: { cost?: CostAxis; gain?: GainAxis }): void =>
    store.setState((state) => ({ view: { ...state.view, ...view } }));
  const labelled = sample || entries.some(({ evaluation }) => evaluation !== null);
  const measured = tradeoff.points.filter((point) => !point.original).length;
  return (
    <section className="card tradeoff" aria-label="Trade-off">
      <div className="tradeoff-head">
        <h2 className="card-title">
          Trade-off
          <small>
            {measured === 0
              ? 'move a slider to add a point'
              : `${plural(measured, 'variant')} measured · click a point to return to it`}
          </small>
        </h2>
        {labelled ? (
          <SegmentedControl
            size="xs"
            aria-label="Vertical axis"
            value={gain}
            onChange={(value) => setView({ gain: value })}
            data={[
              { value: 'accuracy', label: 'Accuracy' },
              { value: 'agreement', label: 'Agreement' },
            ]}
          />
        ) : null}
        <SegmentedControl
          size="xs"
          aria-label="Horizontal axis"
          value={cost}
          onChange={(value) => setView({ cost: value })}
          data={[
            { value: 'size', label: 'Size' },
            { value: 'latency', label: 'Latency' },
          ]}
        />
        <button
          type="button"
          className="link small"
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? 'Chart' : 'Table'}
        </button>
      </div>
      {asTable ? (
        <PointTable tradeoff={tradeoff} cost={cost} gain={gain} onSelect={select} />
      ) : (
        <>
          <div className="tradeoff-chart">
            {tradeoff.points.length === 0 && tradeoff.ghost === null ? (
              <NoPoints />
            ) : (
              <Suspense fallback={<p className="mute small">Drawing…</p>}>
                <Chart tradeoff={tradeoff} cost={cost} gain={gain} onSelect={select} />
              </Suspense>
            )}
          </div>
          <div className="visually-hidden">
            <PointTable tradeoff={tradeoff} cost={cost} gain={gain} onSelect={null} />
          </div>
        </>
      )}
    </section>
  );
}

/** An empty plot would look like a fault; it says what is missing instead. */
function NoPoints(): ReactElement {
  const job = useAppState((state) => state.job);
  const failed = useAppState((state) => (state.entries[ORIGINAL]?.failure ?? null) !== null);
  const text = failed
    ? 'This model could not be measured, so there is nothing to draw against its size. The file can still be made and saved.'
    : job !== null
      ? 'Points appear as soon as they are measured.'
      : 'Nothing is measured yet.';
  return <p className="tradeoff-none mute small">{text}</p>;
}
