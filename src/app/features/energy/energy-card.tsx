/** Energy and carbon of the model on screen: a range, always marked as estimated, with every constant open to change. */
import { useId } from 'react';
import type { ReactElement } from 'react';
import { energyCosts, estimateEnergy } from '../../../core/energy/estimate.ts';
import { ENERGY_TARGETS, GRID_SOURCE, energyTarget } from '../../../core/energy/targets.ts';
import type { EnergyEstimate, EnergySettings } from '../../../core/energy/types.ts';
import type { CostSummary } from '../../../core/profile/types.ts';
import { useApp, useAppState } from '../../store/context.ts';
import { ORIGINAL } from '../../store/state.ts';
import { formatBytes, formatCount } from '../../ui/format.ts';
import { energyDifference, gramsText, kwhText, millijoulesText } from './energy-text.ts';
import { NumberField } from './number-field.tsx';
import '../inspector/inspector.css';
import './energy.css';

export function EnergyCard(): ReactElement {
  const settings = useAppState((state) => state.energy);
  const shownId = useAppState((state) => state.currentId ?? state.lastId ?? ORIGINAL);
  const stale = useAppState((state) => state.currentId === null);
  const costs = useAppState((state) => state.costs[shownId] ?? null);
  const original = useAppState((state) => state.costs[ORIGINAL] ?? null);
  const target = energyTarget(settings.targetId);
  return (
    <section className="card energy" aria-label="Energy and carbon">
      <h2 className="card-title">
        Energy<small>estimated, not measured</small>
      </h2>
      {costs === null ? (
        <p className="mute small">Estimated once the operations of this model are counted.</p>
      ) : (
        <Estimate
          estimate={estimateEnergy(energyCosts(costs), settings)}
          original={
            original === null || shownId === ORIGINAL ? null : estimateEnergy(energyCosts(original), settings)
          }
          costs={costs}
          stale={stale}
        />
      )}
      <Settings settings={settings} />
      <details>
        <summary>Constants and their source</summary>
        <Constants settings={settings} />
        <p className="mute small">
          {target.label}: {target.source}
        </p>
        <p className="mute small">Grid: {GRID_SOURCE}</p>
      </details>
      {costs === null ? null : <Assumptions estimate={estimateEnergy(energyCosts(costs), settings)} />}
    </section>
  );
}

function Estimate({
  estimate,
  original,
  costs,
  stale,
}: {
  readonly estimate: EnergyEstimate;
  readonly original: EnergyEstimate | null;
  readonly costs: CostSummary;
  readonly stale: boolean;
}): ReactElement {
  const uncounted = Object.entries(costs.uncounted);
  return (
    <>
      <p className="energy-value">
        {millijoulesText(estimate.millijoules)} <small className="mute">a run, estimated</small>
      </p>
      {stale ? <p className="small tone-warn">Of the variant before this recipe.</p> : null}
      {original === null ? null : (
        <p className="small">
          {original.macs === estimate.macs && original.bytesMoved === estimate.bytesMoved
            ? ''
            : `The original: ${millijoulesText(original.millijoules)}. `}
          {energyDifference(original, estimate)}
        </p>
      )}
      <dl className="facts">
        <dt>A year</dt>
        <dd>
          {kwhText(estimate.kwhPerYear)}, {gramsText(estimate.gramsPerYear)} CO₂e
        </dd>
        <dt>From</dt>
        <dd>
          {formatCount(estimate.macs)} MACs, {formatBytes(estimate.bytesMoved)} moved
        </dd>
      </dl>
      {uncounted.length === 0 ? null : (
        <p className="small tone-warn">
          Without the operations of {uncounted.map(([op, count]) => `${count} × ${op}`).join(', ')}: how much
          they do is not known.
        </p>
      )}
    </>
  );
}

function Settings({ settings }: { readonly settings: EnergySettings }): ReactElement {
  const { desk } = useApp();
  const id = useId();
  return (
    <div className="energy-settings">
      <div className="energy-field">
        <label htmlFor={id}>Runs on</label>
        <select
          id={id}
          className="select energy-target"
          value={energyTarget(settings.targetId).id}
          onChange={(event) => {
            const target = energyTarget(event.currentTarget.value);
            // Constants of another machine would say nothing about this one.
            desk.setEnergy({
              targetId: target.id,
              picojoulesPerMac: target.picojoulesPerMac,
              picojoulesPerByte: target.picojoulesPerByte,
            });
          }}
        >
          {ENERGY_TARGETS.map(({ id: value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </div>
      <NumberField
        label="Inferences"
        unit="a day"
        value={settings.inferencesPerDay}
        onChange={(inferencesPerDay) => desk.setEnergy({ inferencesPerDay })}
      />
      <NumberField
        label="Grid, CO₂e"
        unit="g / kWh"
        value={settings.gridGramsPerKwh}
        onChange={(gridGramsPerKwh) => desk.setEnergy({ gridGramsPerKwh })}
      />
    </div>
  );
}

function Constants({ settings }: { readonly settings: EnergySettings }): ReactElement {
  const { desk } = useApp();
  const target = energyTarget(settings.targetId);
  const mac = settings.picojoulesPerMac ?? target.picojoulesPerMac;
  const byte = settings.picojoulesPerByte ?? target.picojoulesPerByte;
  /** An end that passes the other one takes it along: a range stays a range. */
  const low = (range: readonly [number, number], value: number) =>
    [value, Math.max(value, range[1])] as const;
  const high = (range: readonly [number, number], value: number) =>
    [Math.min(value, range[0]), value] as const;
  return (
    <div className="energy-settings">
      <NumberField
        label="A MAC, low"
        unit="pJ"
        value={mac[0]}
        onChange={(value) => desk.setEnergy({ picojoulesPerMac: low(mac, value) })}
      />
      <NumberField
        label="A MAC, high"
        unit="pJ"
        value={mac[1]}
        onChange={(value) => desk.setEnergy({ picojoulesPerMac: high(mac, value) })}
      />
      <NumberField
        label="A byte, low"
        unit="pJ"
        value={byte[0]}
        onChange={(value) => desk.setEnergy({ picojoulesPerByte: low(byte, value) })}
      />
      <NumberField
        label="A byte, high"
        unit="pJ"
        value={byte[1]}
        onChange={(value) => desk.setEnergy({ picojoulesPerByte: high(byte, value) })}
      />
      <button
        type="button"
        className="link small"
        onClick={() =>
          desk.setEnergy({
            picojoulesPerMac: target.picojoulesPerMac,
            picojoulesPerByte: target.picojoulesPerByte,
          })
        }
      >
        Back to the values of {target.label}
      </button>
    </div>
  );
}

function Assumptions({ estimate }: { readonly estimate: EnergyEstimate }): ReactElement {
  return (
    <details>
      <summary>{estimate.assumptions.length} assumptions</summary>
      <ul className="remark-list">
        {estimate.assumptions.map((assumption) => (
          <li key={assumption}>{assumption}</li>
        ))}
      </ul>
    </details>
  );
}
