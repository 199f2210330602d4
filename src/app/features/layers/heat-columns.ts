/** The heat-map's columns and the order that they give. Pure; it must not know React. */
import type { LayerOption, OptionDamage, SensitivityReport } from '../../../core/search/types.ts';
import type { LayerRow } from '../../store/layers.ts';
import { optionsOf, readingOf, shownOption } from '../sensitivity/heat-scale.ts';

export interface HeatColumns {
  readonly metric: SensitivityReport['metric'];
  readonly metricText: string;
  readonly options: readonly LayerOption[];
  /** The one that the table is sorted by and the graph is coloured by. */
  readonly chosen: LayerOption | null;
  readonly reading: (layer: string, option: LayerOption) => OptionDamage | undefined;
  /** Why a layer has none. */
  readonly missing: (layer: string) => string | undefined;
}

export function heatOf(report: SensitivityReport, chosen: LayerOption | null): HeatColumns {
  const layers = new Map(report.layers.map((layer) => [layer.layer, layer]));
  const reasons = new Map(report.notMeasured.map(({ layer, reason }) => [layer, reason]));
  return {
    metric: report.metric,
    metricText: report.metricText,
    options: optionsOf(report),
    chosen: shownOption(report, chosen),
    reading: (layer, option) => readingOf(layers.get(layer), option),
    missing: (layer) => reasons.get(layer),
  };
}

/** Most damaged by the chosen option first; layers without a reading last, in the model's order. */
export function byDamage(rows: readonly LayerRow[], { chosen, reading }: HeatColumns): readonly LayerRow[] {
  if (chosen === null) return rows;
  const damage = ({ layer }: LayerRow): number => {
    const found = reading(layer.id, chosen)?.damage;
    if (found === undefined) return -1;
    return Number.isFinite(found) ? found : Number.MAX_VALUE;
  };
  return rows.toSorted((a, b) => damage(b) - damage(a));
}
