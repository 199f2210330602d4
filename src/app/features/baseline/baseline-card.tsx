/** The original as it was measured here: what every gain and loss is counted from. It must not know variants. */
import { memo } from 'react';
import type { ReactElement } from 'react';
import { energyCosts, estimateEnergy } from '../../../core/energy/estimate.ts';
import { measureAction } from '../../actions/measure-again.ts';
import { useAppSlice, useAppState } from '../../store/context.ts';
import { ORIGINAL } from '../../store/state.ts';
import { millijoulesText } from '../energy/energy-text.ts';
import { unitOf } from '../../store/metric-text.ts';
import { useAction } from '../shell/use-action.ts';
import { CardHead } from '../stages/card-head.tsx';
import { stageTarget } from '../stages/go-to-stage.ts';
import { useCurrentEntry } from '../workspace/use-study.ts';
import { baselineFacts } from './baseline-facts.ts';
import type { BaselineFact } from './baseline-facts.ts';
import './baseline.css';

export const BaselineCard = memo(function BaselineCard(): ReactElement | null {
  const original = useAppState((state) => state.entries[ORIGINAL] ?? null);
  const costs = useAppState((state) => state.costs[ORIGINAL] ?? null);
  const energy = useAppState((state) => state.energy);
  const kind = useAppState((state) => state.data?.summary.kind ?? (state.sample ? 'images' : undefined));
  const current = useCurrentEntry();
  const onVariants = useAppSlice((state) => ({
    evaluation:
      Object.values(state.entries).find(({ evaluation }) => evaluation !== null)?.evaluation ?? null,
    measurement:
      Object.values(state.entries).find(({ measurement }) => measurement !== null)?.measurement ?? null,
  }));
  const measure = useAction(measureAction);
  if (original === null) return null;
  // Every variant is timed beside the original, so that there are several figures of it: what the page shows is the one
  // that the variant on screen is compared with.
  const measurement = current?.measurement ?? original.measurement ?? onVariants.measurement;
  const facts = baselineFacts({
    bytes: original.bytes,
    measurement,
    evaluation:
      current?.evaluation?.baseline ??
      original.evaluation?.summary ??
      onVariants.evaluation?.baseline ??
      null,
    costs,
    energy: costs === null ? null : millijoulesText(estimateEnergy(energyCosts(costs), energy).millijoules),
    unit: unitOf(kind),
  });
  return (
    <section
      className="card baseline"
      aria-label="Baseline"
      data-stage={stageTarget('baseline')}
      tabIndex={-1}
    >
      <CardHead title="Baseline" small="the original on this machine" stage="baseline" />
      {original.failure === null ? null : <p className="small tone-bad">{original.failure.message}</p>}
      <Facts facts={facts.filter(({ main }) => main)} />
      {facts.every(({ main }) => main) ? null : (
        <details className="baseline-more">
          <summary className="small">More</summary>
          <Facts facts={facts.filter(({ main }) => !main)} />
        </details>
      )}
      {measurement !== null ? null : (
        <button type="button" className="link small" disabled={!measure.enabled} onClick={measure.run}>
          Measure the baseline
        </button>
      )}
    </section>
  );
});

function Facts({ facts }: { readonly facts: readonly BaselineFact[] }): ReactElement {
  return (
    <dl className="baseline-facts">
      {facts.map(({ name, value, note, source, title }) => (
        <div key={name} title={title}>
          <dt>
            {name} <small className={`fact-${source}`}>{source}</small>
          </dt>
          <dd>
            {value} {note === '' ? null : <small>{note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
