/** What a sensitivity report comes to, in one or two sentences. Pure text. */
import type { LayerOption, SensitivityReport } from '../../../core/search/types.ts';
import { groupThousands, plural } from '../../ui/format.ts';
import { damageShare, formatDamage, guiltiest, optionName, shareOfDamage, shareText } from './heat-scale.ts';

/** From this part of all damage on a layer stands out. */
const GUILTY_SHARE = 0.3;
/** Of the heat scale: below it nothing is wrong with anybody. */
const HARMLESS = 0.35;

export function verdictText(
  report: SensitivityReport,
  option: LayerOption,
  labelOf: (layer: string) => string,
): string {
  const worst = guiltiest(report, option);
  const name = optionName(option);
  if (worst === null) return `No layer loses anything in ${name}.`;
  const share = shareOfDamage(report, option, worst.damage);
  const percent = shareText(share);
  const damage = formatDamage(worst.damage, report.metric);
  if (damageShare(worst.damage, report.metric) < HARMLESS)
    return `${name} does little harm anywhere: at most ${damage}, in ${labelOf(worst.layer.layer)}.`;
  if (share < GUILTY_SHARE)
    return `No single layer is guilty: the worst, ${labelOf(worst.layer.layer)}, does ${percent} of the damage of ${name}.`;
  return `${labelOf(worst.layer.layer)} is guilty: alone in ${name} it does ${percent} of the damage of all layers (${damage}).`;
}

/** 'KL divergence …, 64 of your samples, measured in 4.1 s.' */
export function methodText(report: SensitivityReport): string {
  const samples =
    report.origin === 'samples'
      ? `on ${plural(report.samples, 'calibration sample')}`
      : `on ${groupThousands(report.samples)} made-up inputs: your own data may answer differently`;
  const predicted = report.layers.every(({ damages }) =>
    damages.every(({ source }) => source === 'predicted'),
  );
  const how = predicted ? 'predicted' : 'each layer of the original changed alone and measured';
  return `${report.metricText}, ${how} ${samples}, in ${(report.millis / 1000).toFixed(1)} s.`;
}

/** Reasons with how many layers each holds for. */
export function notMeasuredText(report: SensitivityReport): string {
  const counts = new Map<string, number>();
  for (const { reason } of report.notMeasured) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${plural(count, 'layer')}: ${reason}`).join('; ');
}
