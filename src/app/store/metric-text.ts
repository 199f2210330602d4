/** Names and numbers of the tasks' metrics, as people read them. Pure text. */
import type { DataKind } from '../../core/dataset/types.ts';
import type { Interval } from '../../core/metrics/types.ts';
import type { MetricId } from '../../core/metrics/tasks/types.ts';
import { formatPercent, formatPoints, signed } from '../ui/format.ts';

interface MetricWords {
  readonly name: string;
  /** One sentence for who meets it for the first time. */
  readonly help: string;
  /** Fractions read as percent, everything else as it is. */
  readonly fraction: boolean;
  readonly higherIsBetter: boolean;
}

const METRICS: Readonly<Record<MetricId, MetricWords>> = {
  top1: share('Top-1', 'The share of samples whose best guess is right.'),
  top5: share('Top-5', 'The share of samples whose right answer is among the five best guesses.'),
  precision: share('Precision', 'Of what is called a class, how much is it. Mean over the classes.'),
  recall: share('Recall', 'Of what is a class, how much is found. Mean over the classes.'),
  f1: share('F1, macro', 'Precision and recall in one figure. Every class counts the same.'),
  'f1-micro': share('F1, micro', 'Precision and recall in one figure. Every sample counts the same.'),
  map: share('mAP@[.5:.95]', 'Mean average precision of boxes, over ten degrees of overlap.'),
  map50: share('mAP@.5', 'Mean average precision of boxes that overlap by half or more.'),
  miou: share('mIoU', 'Overlap of found and true areas, as a mean over the classes.'),
  'pixel-accuracy': share('Pixel accuracy', 'The share of pixels whose class is right.'),
  mae: error('MAE', 'Mean distance from the right value.'),
  rmse: error('RMSE', 'Like MAE, but large errors weigh more.'),
  r2: {
    name: 'R²',
    help: '1 = all of the variation is explained, 0 = none.',
    fraction: false,
    higherIsBetter: true,
  },
  exact: share('Exact match', 'The share of texts without any wrong character.'),
  characters: share('Characters', 'The share of characters that are right: 1 − edits / length.'),
};

function share(name: string, help: string): MetricWords {
  return { name, help, fraction: true, higherIsBetter: true };
}

function error(name: string, help: string): MetricWords {
  return { name, help, fraction: false, higherIsBetter: false };
}

export const METRIC_ORDER = Object.keys(METRICS) as readonly MetricId[];

export function metricWords(id: MetricId): MetricWords {
  return METRICS[id];
}

export function formatMetric(id: MetricId, value: number): string {
  if (!Number.isFinite(value)) return '–';
  return METRICS[id].fraction ? formatPercent(value) : value.toPrecision(4);
}

export function formatDifference(id: MetricId, difference: number): string {
  if (!Number.isFinite(difference)) return '–';
  if (METRICS[id].fraction) return formatPoints(difference);
  return signed(difference, decimalsFor(difference));
}

/** 'between −1.2 and +0.4'. */
export function formatBetween(id: MetricId, { low, high }: Interval): string {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return 'no interval';
  if (METRICS[id].fraction) return `${signed(low * 100, 1)} … ${signed(high * 100, 1)}`;
  const decimals = decimalsFor(Math.max(Math.abs(low), Math.abs(high)));
  return `${signed(low, decimals)} … ${signed(high, decimals)}`;
}

/** Three significant figures without exponents. */
function decimalsFor(value: number): number {
  const size = Math.abs(value);
  if (size === 0) return 2;
  return Math.min(8, Math.max(0, 2 - Math.floor(Math.log10(size))));
}

/** What one sample is called. */
export function unitOf(kind: DataKind | undefined): readonly [one: string, many: string] {
  switch (kind) {
    case 'images':
      return ['image', 'images'];
    case 'audio':
      return ['recording', 'recordings'];
    case 'text':
      return ['text', 'texts'];
    case 'table':
      return ['row', 'rows'];
    case 'arrays':
    case undefined:
      return ['sample', 'samples'];
    default:
      return kind satisfies never;
  }
}
