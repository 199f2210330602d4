/** What a sensitivity report comes to, in one or two sentences. Pure text. */
import type { LayerOption, SensitivityReport } from '../../../core/search/types.ts';
import { groupThousands, plural } from '../../ui/format.ts';
import {
  damageShare,
  formatDamage,
  guiltiest,
  moreBits,
  optionName,
  shareOfDamage,
  shareText,
} from './heat-scale.ts';
import type { GivenOption } from './heat-scale.ts';

/** From this part of all damage on a layer stands out. */
const GUILTY_SHARE = 0.3;
/** Of the heat scale: below it nothing is wrong with anybody. */
const HARMLESS = 0.35;

export function verdictText(
  report: SensitivityReport,
  option: LayerOption,
  labelOf: (layer: string) => string,
  /** What the recipe on screen gives each layer; absent where the sentence is about `option` for all of them. */
  given?: GivenOption,
): string {
  const worst = guiltiest(report, option, given);
  const protects =
    given !== undefined && report.layers.some(({ layer }) => moreBitsThan(given(layer), option));
  if (worst === null)
    return protects
      ? 'As this recipe has them, no layer loses anything.'
      : `No layer loses anything in ${optionName(option)}.`;
  const name = optionName(given?.(worst.layer.layer) ?? option);
  const share = shareOfDamage(report, option, worst.damage, given);
  const percent = shareText(share);
  const damage = formatDamage(worst.damage, report.metric);
  if (damageShare(worst.damage, report.metric) < HARMLESS)
    return protects
      ? `As this recipe has them, no layer does much harm: at most ${damage}, ${labelOf(worst.layer.layer)} in ${name}.`
      : `${name} does little harm anywhere: at most ${damage}, in ${labelOf(worst.layer.layer)}.`;
  if (share < GUILTY_SHARE)
    return `No single layer is guilty: the worst, ${labelOf(worst.layer.layer)}, does ${percent} of the damage of ${protects ? 'this recipe' : name}.`;
  if (protects)
    return `${labelOf(worst.layer.layer)} is guilty: alone in ${name}, as this recipe has it, it does ${percent} of the damage of all layers (${damage}).`;
  return `${labelOf(worst.layer.layer)} is guilty: alone in ${name} it does ${percent} of the damage of all layers (${damage}).`;
}

function moreBitsThan(has: LayerOption | null, option: LayerOption): boolean {
  return has !== null && moreBits(has, option);
}

/** 'Each layer of the original changed alone and measured on 64 calibration samples, in 4.1 s.' */
export function methodText(report: SensitivityReport): string {
  const samples =
    report.origin === 'samples'
      ? `on ${plural(report.samples, 'calibration sample')}`
      : `on ${groupThousands(report.samples)} made-up inputs: your own data may answer differently`;
  const predicted = report.layers.every(({ damages }) =>
    damages.every(({ source }) => source === 'predicted'),
  );
  const how = predicted ? 'Predicted' : 'Each layer of the original changed alone and measured';
  return `${how} ${samples}, in ${(report.millis / 1000).toFixed(1)} s.`;
}

/** What the figures count, for whoever asks. */
export function unitText({ metric, metricText }: SensitivityReport): string {
  const plain =
    metric === 'kl'
      ? 'How far the answers move when only this layer changes: 0 is not at all, from about 0.3 on certain answers become doubtful.'
      : 'How much noise the outputs get when only this layer changes, as a share of their signal.';
  return `${plain} Counted as: ${metricText}.`;
}

/** Reasons with how many layers each holds for. */
export function notMeasuredText(report: SensitivityReport): string {
  const counts = new Map<string, number>();
  for (const { reason } of report.notMeasured) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${plural(count, 'layer')}: ${reason}`).join('; ');
}
