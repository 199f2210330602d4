/** Estimates of energy as people read them: ranges in a fitting unit, and what changed between two models. Pure. */
import type { EnergyEstimate } from '../../../core/energy/types.ts';
import { formatChange } from '../../ui/format.ts';

type Units = readonly (readonly [unit: string, size: number])[];

const ENERGY_UNITS: Units = [
  ['J', 1e3],
  ['mJ', 1],
  ['µJ', 1e-3],
  ['nJ', 1e-6],
];

const KWH_UNITS: Units = [
  ['MWh', 1e3],
  ['kWh', 1],
  ['Wh', 1e-3],
  ['mWh', 1e-6],
];

const GRAM_UNITS: Units = [
  ['t', 1e6],
  ['kg', 1e3],
  ['g', 1],
  ['mg', 1e-3],
];

export const millijoulesText = (range: readonly [number, number]): string => rangeIn(ENERGY_UNITS, range);
export const kwhText = (range: readonly [number, number]): string => rangeIn(KWH_UNITS, range);
export const gramsText = (range: readonly [number, number]): string => rangeIn(GRAM_UNITS, range);

/** '2–5 mJ': two figures, because no constant is known better; in the largest unit that the high end fills. */
function rangeIn(units: Units, [low, high]: readonly [number, number]): string {
  const [unit, size] = units.find((candidate) => high >= candidate[1]) ?? units.at(-1) ?? ['', 1];
  const ends = [twoFigures(low / size), twoFigures(high / size)] as const;
  return `${ends[0] === ends[1] ? ends[0] : ends.join('–')} ${unit}`;
}

function twoFigures(value: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = decimals > 0 ? Number(value.toFixed(decimals)) : roundTo(value);
  return String(rounded);
}

/** 1234 → 1200 */
function roundTo(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.abs(value))) - 1);
  return Math.round(value / step) * step;
}

/** Why the variant takes as much as the original, or what it takes less (or more) of. */
export function energyDifference(original: EnergyEstimate, variant: EnergyEstimate): string {
  const parts = [
    changeOf('multiply-accumulates', variant.macs, original.macs),
    changeOf('bytes moved', variant.bytesMoved, original.bytesMoved),
  ].filter((part) => part !== '');
  if (parts.length === 0) {
    return 'The same as the original: the file is smaller, but its weights are decoded to float32 when the model is loaded, so that each run does the same work.';
  }
  const fused =
    variant.bytesMoved < original.bytesMoved
      ? ' Counted before the runtime’s own fusions, which may save a part of these bytes in both.'
      : '';
  return `Against the original: ${parts.join(', ')}.${fused}`;
}

function changeOf(what: string, value: number, baseline: number): string {
  if (value === baseline) return '';
  return baseline === 0 ? `${what} where there were none` : `${formatChange(value, baseline)} ${what}`;
}

/** The number in a field, or null where it is none or below `min`. A comma is read as a decimal point. */
export function numberOf(text: string, min: number): number | null {
  const value = Number(text.trim().replace(',', '.'));
  return text.trim() !== '' && Number.isFinite(value) && value >= min ? value : null;
}
