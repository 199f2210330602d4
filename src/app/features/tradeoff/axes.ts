/** How the two axes are named and how their numbers are written. Text only. */
import type { CostAxis, GainAxis } from '../../store/state.ts';
import { formatBytes, formatPercent } from '../../ui/format.ts';

export function costText(cost: CostAxis, value: number): string {
  return cost === 'size' ? formatBytes(value) : formatPercent(value, 0);
}

export function gainText(gain: GainAxis, value: number): string {
  return gain === 'accuracy'
    ? formatPercent(value)
    : value > 0.9999 && value < 1
      ? value.toFixed(6)
      : value.toFixed(4);
}

export function costName(cost: CostAxis): string {
  return cost === 'size' ? 'File size' : 'Time of a run, original = 100 %';
}

export function gainName(gain: GainAxis): string {
  return gain === 'accuracy'
    ? 'Top-1 accuracy on held-out images'
    : 'Cosine to the original, synthetic inputs';
}

/** Some air around the points, and never an axis of no width: [low, high] of the values with a margin. */
export function domainOf(
  values: readonly number[],
  floor: number,
  ceiling: number,
  least: number,
): [number, number] {
  if (values.length === 0) return [floor, ceiling];
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (high - low < least) {
    const middle = (high + low) / 2;
    low = middle - least / 2;
    high = middle + least / 2;
  }
  const air = (high - low) * 0.12;
  return [Math.max(floor, low - air), Math.min(ceiling, high + air)];
}
/** Round tick positions inside [low, high], about `count` of them: steps of 1, 2 or 5 times a power of ten. */
export function niceTicks([low, high]: readonly [number, number], count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}
