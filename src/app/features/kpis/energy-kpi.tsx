/** Energy of one inference as a range. Never measured in a page, so that it never looks measured. */
import type { ReactElement } from 'react';
import { energyCosts, estimateEnergy } from '../../../core/energy/estimate.ts';
import type { EnergyEstimate } from '../../../core/energy/types.ts';
import { useAppState } from '../../store/context.ts';
import { ORIGINAL } from '../../store/state.ts';
import { formatChange, plural } from '../../ui/format.ts';
import { KpiCard } from '../../ui/kpi-card.tsx';
import { millijoulesText } from '../energy/energy-text.ts';

export function EnergyKpi(): ReactElement {
  const settings = useAppState((state) => state.energy);
  const current = useAppState((state) => state.costs[state.currentId ?? ''] ?? null);
  const original = useAppState((state) => state.costs[ORIGINAL] ?? null);
  const costs = current ?? original;
  const estimate = costs === null ? null : estimateEnergy(energyCosts(costs), settings);
  const before = original === null ? null : estimateEnergy(energyCosts(original), settings);
  return (
    <KpiCard
      name="Energy"
      label="Energy / run"
      value={estimate === null ? null : middle(estimate)}
      baseline={before === null ? null : middle(before)}
      unit="mJ"
      source={estimate === null ? null : 'estimated'}
      shown={estimate === null ? '–' : millijoulesText(estimate.millijoules)}
      sourceWords={estimate === null ? 'not estimated' : 'estimated'}
      verdict={verdictOf(estimate, before)}
      note={
        estimate === null
          ? 'operations are not counted yet'
          : plural(estimate.assumptions.length, 'assumption')
      }
      pending={false}
      {...(estimate === null
        ? {}
        : { spread: { low: estimate.millijoules[0], high: estimate.millijoules[1] } })}
    />
  );
}

const middle = ({ millijoules: [low, high] }: EnergyEstimate): number => (low + high) / 2;

/**
 * Never in green or red: bytes are counted before the runtime's own fusions, so a graph that was only tidied up counts
 * less without taking less.
 */
function verdictOf(
  estimate: EnergyEstimate | null,
  before: EnergyEstimate | null,
): { tone: 'neutral'; text: string } | null {
  if (estimate === null || before === null) return null;
  const change = middle(estimate) / middle(before) - 1;
  // Below half a percent the rounded change would read as zero.
  if (!Number.isFinite(change) || Math.abs(change) < 0.005) return null;
  return { tone: 'neutral', text: formatChange(middle(estimate), middle(before)) };
}
