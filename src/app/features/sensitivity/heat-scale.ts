/**
 * Damage as a share of the heat scale and as text. The scale is logarithmic and fixed, so that a harmless network looks
 * harmless and two options, or two models, can be compared by colour. It must not know colours or components.
 */
import type {
  LayerOption,
  LayerSensitivity,
  OptionDamage,
  SensitivityReport,
} from '../../../core/search/types.ts';

export type DamageMetric = SensitivityReport['metric'];

/**
 * Where the scale starts and ends. Noise-to-signal 1e-5 is 50 dB (nothing to be seen in an output), 1e-1 is 10 dB: the
 * ends of the scale of the *Error* column. 1e-5 nats change no decision; at 0.3 nats a certain answer (p = 1) has become
 * e^-0.3 = 74 %.
 */
const ENDS: Readonly<Record<DamageMetric, readonly [low: number, high: number]>> = {
  nsr: [1e-5, 1e-1],
  kl: [1e-5, 0.3],
};

/** 0 = nothing, 1 = as bad as the scale goes. What is not finite is as bad as can be. */
export function damageShare(damage: number, metric: DamageMetric): number {
  if (!Number.isFinite(damage)) return 1;
  const [low, high] = ENDS[metric];
  if (damage <= low) return 0;
  return Math.min(1, Math.log(damage / low) / Math.log(high / low));
}

/**
 * '12 %' of the signal for noise, '0.031' nats for a divergence. Two figures, as far as a narrow column has room: below
 * 0.0001 nats or 0.01 % (40 dB) there is nothing to tell apart.
 */
export function formatDamage(damage: number, metric: DamageMetric): string {
  if (!Number.isFinite(damage)) return 'not finite';
  if (damage <= 0) return '0';
  if (metric === 'nsr') return damage < 5e-5 ? '<0.01 %' : `${twoFigures(damage * 100, 2)} %`;
  return damage < 5e-5 ? '<0.0001' : twoFigures(damage, 4);
}

function twoFigures(value: number, mostDigits: number): string {
  if (value >= 100) return value >= 9999.5 ? '>9999' : value.toFixed(0);
  if (value >= 10) return value.toFixed(0);
  // Two figures from the first that counts: 0.0314 → 0.031.
  const digits = Math.max(0, 1 - Math.floor(Math.log10(value)));
  return value.toFixed(Math.min(mostDigits, digits));
}

const OPTION_NAMES: Readonly<Record<LayerOption, string>> = {
  fp32: 'fp32',
  fp16: 'fp16',
  int8: 'int8',
  'int8-activations': 'int8 + act',
  int4: 'int4',
  int3: 'int3',
  int2: 'int2',
};

const ORDER = Object.keys(OPTION_NAMES) as readonly LayerOption[];

export const isOption = (text: string): text is LayerOption => text in OPTION_NAMES;

/** More bits, or as many without rounding what flows between layers. */
export const moreBits = (a: LayerOption, b: LayerOption): boolean => ORDER.indexOf(a) < ORDER.indexOf(b);

/** For a column's head. */
export const optionName = (option: LayerOption): string => OPTION_NAMES[option];

/** In words, for whoever does not know the short name. */
export function optionHelp(option: LayerOption): string {
  if (option === 'int8-activations') return 'weights and activations in 8 bits, computed in integers';
  return `weights in ${option}, computed in floats`;
}

/** Options that the report has anything about, in its order of bits. fp32 damages nothing and has no column. */
export function optionsOf(report: SensitivityReport): readonly LayerOption[] {
  const found = new Set(report.layers.flatMap(({ damages }) => damages.map(({ option }) => option)));
  return ORDER.filter((option) => option !== 'fp32' && found.has(option));
}

/** The chosen option where the report has it, else what the layers have on screen, else the first one. */
export function shownOption(report: SensitivityReport, chosen: LayerOption | null): LayerOption | null {
  const options = optionsOf(report);
  const has = (wanted: LayerOption | null | undefined): LayerOption | undefined =>
    options.find((option) => option === wanted);
  return has(chosen) ?? has(report.asked) ?? options[0] ?? null;
}

export function readingOf(
  layer: LayerSensitivity | undefined,
  option: LayerOption,
): OptionDamage | undefined {
  return layer?.damages.find((damage) => damage.option === option);
}

export function damageOf(layer: LayerSensitivity | undefined, option: LayerOption): number | undefined {
  return readingOf(layer, option)?.damage;
}

/** What a layer has, where that is not the option of all; null = not known. */
export type GivenOption = (layer: string) => LayerOption | null;

/** Of a layer in `option`, or in what it is given instead. */
function damageIn(
  layer: LayerSensitivity,
  option: LayerOption,
  given: GivenOption | undefined,
): number | undefined {
  const has = given?.(layer.layer) ?? option;
  return has === 'fp32' ? 0 : damageOf(layer, has);
}

/** The layer that this option, or what it is given instead, damages most; null where nothing is damaged. */
export function guiltiest(
  report: SensitivityReport,
  option: LayerOption,
  given?: GivenOption,
): { readonly layer: LayerSensitivity; readonly damage: number } | null {
  let worst: { readonly layer: LayerSensitivity; readonly damage: number } | null = null;
  for (const layer of report.layers) {
    const damage = damageIn(layer, option, given);
    if (damage !== undefined && damage > (worst?.damage ?? 0)) worst = { layer, damage };
  }
  return worst;
}

/** Share of the sum of all layers' damages; the layers are measured one at a time, so the sum is not the whole model's. */
export function shareOfDamage(
  report: SensitivityReport,
  option: LayerOption,
  damage: number,
  given?: GivenOption,
): number {
  const sum = report.layers.reduce((total, layer) => total + (damageIn(layer, option, given) ?? 0), 0);
  return sum === 0 ? 0 : damage / sum;
}

/** A share in words that never rounds up to all of it, nor down to nothing. */
export function shareText(share: number): string {
  if (share >= 1) return 'all';
  const percent = share * 100;
  if (percent > 99.5) return 'over 99 %';
  return percent >= 1 ? `${Math.round(percent)} %` : 'less than 1 %';
}
