/** How the two axes are named and how their numbers are written. Text only. */
import type { CostAxis, GainAxis } from '../../store/state.ts';
import type { MetricId } from '../../../core/metrics/tasks/types.ts';
import { formatBytes, formatPercent } from '../../ui/format.ts';
import { formatMetric, metricWords } from '../../store/metric-text.ts';

export function costText(cost: CostAxis, value: number): string {
  return cost === 'size' ? formatBytes(value) : formatPercent(value, 0);
}

/** @param metric of the evaluations; null for agreement, or before anything was evaluated. */
export function gainText(gain: GainAxis, value: number, metric: MetricId | null = null): string {
  if (gain === 'accuracy') return metric === null ? formatPercent(value) : formatMetric(metric, value);
  return value > 0.9999 && value < 1 ? value.toFixed(6) : value.toFixed(4);
}

export function costName(cost: CostAxis): string {
  return cost === 'size' ? 'File size' : 'Time of a run, original = 100 %';
}

export function gainName(gain: GainAxis, metric: MetricId | null = null): string {
  if (gain === 'agreement') return 'Cosine to the original, synthetic inputs';
  if (metric === null) return 'Accuracy on your data';
  const { name, higherIsBetter } = metricWords(metric);
  return `${name} on your data${higherIsBetter ? '' : ', lower is better'}`;
}

/** An axis: round ticks, and ends that are the first and last of them. */
export interface Axis {
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
}

interface AxisBounds {
  readonly floor: number;
  readonly ceiling: number;
  /** The smallest width that is shown: below it differences are rounding. */
  readonly least: number;
  /** About how many steps. */
  readonly count: number;
}

/** Round steps (1, 2, 2.5 or 5 times a power of ten) around the values, never past floor and ceiling. */
export function axisOf(values: readonly number[], { floor, ceiling, least, count }: AxisBounds): Axis {
  let low = values.length === 0 ? floor : Math.min(...values);
  let high = values.length === 0 ? Math.min(ceiling, floor + least) : Math.max(...values);
  if (high - low < least) {
    high = Math.min(ceiling, (high + low) / 2 + least / 2);
    low = Math.max(floor, high - least);
  }
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  // 0.999: a width that is a round number up to rounding takes that step, not the next.
  const step =
    [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999) ??
    rough;
  const slack = 1e-9;
  const first = Math.floor(low / step + slack);
  const last = Math.ceil(high / step - slack);
  const all = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  const ticks = all.filter((tick) => tick >= floor - step * slack && tick <= ceiling + step * slack);
  return { domain: [Math.max(floor, first * step), Math.min(ceiling, last * step)], ticks };
}

/** '2.00 MB' on an axis is '2 MB'. */
export function shortTick(text: string): string {
  return text.replace(/\.0+(?=\s|$)/, '').replace(/(\.\d*?)0+(?=\s|$)/, '$1');
}
