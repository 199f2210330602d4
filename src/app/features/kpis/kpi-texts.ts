/** What the figure cards say: values, verdicts and notes in words. Pure; it must not know React. */
import { memoryVerdict } from './memory-verdict.ts';
import type { DataPart } from '../../../core/dataset/types.ts';
import type { MetricId } from '../../../core/metrics/tasks/types.ts';
import type { Figure } from '../../store/figures.ts';
import type { StudyEntry } from '../../store/state.ts';
import { accuracyVerdict, agreementVerdict, latencyVerdict, sizeVerdict } from '../../store/verdict.ts';
import type { Verdict } from '../../store/verdict.ts';
import { formatBytes, formatChange, formatMillis, formatPercent, groupThousands } from '../../ui/format.ts';
import type { MeasureResult } from '../../../worker/api.ts';
import { formatMetric, metricWords } from '../../store/metric-text.ts';

export function shownValue({ name, value, unit, metric }: Figure): string {
  if (value === null) return '–';
  if (name === 'agreement') return value === 1 ? '1' : value > 0.9999 ? value.toFixed(6) : value.toFixed(4);
  if (metric !== undefined) return formatMetric(metric, value);
  switch (unit) {
    case 'B':
      return formatBytes(value);
    case 'ms':
      return formatMillis(value);
    case 'fraction':
      return formatPercent(value);
    case 'value':
      return value.toPrecision(4);
    default:
      return unit satisfies never;
  }
}

export function sourceWords({ source, pending, missing }: Figure, held: boolean): string {
  if (source === null) return missing === null && pending && !held ? 'measuring…' : 'not measured';
  if (source === 'predicted') return 'predicted, exact';
  if (source === 'estimated') return 'estimated';
  return 'measured';
}

export function verdictOf(figure: Figure, current: StudyEntry | null): Verdict | null {
  const { name, value, baseline, source } = figure;
  if (value === null || baseline === null) return null;
  if (name === 'size') {
    const verdict = sizeVerdict(value, baseline);
    return value === baseline
      ? { tone: 'neutral', text: 'the original' }
      : {
          tone: verdict.tone,
          text: formatChange(value, baseline),
          range: `of ${formatBytes(baseline)}`,
        };
  }
  if (source !== 'measured' || current === null) return null;
  switch (name) {
    case 'latency':
      return latencyVerdict(current);
    case 'accuracy':
      return accuracyVerdict(current);
    case 'agreement':
      return agreementVerdict(current);
    case 'memory':
      return current.summary === null
        ? null
        : memoryVerdict(value, baseline, current.measurement?.memory?.resolutionBytes ?? 0);
    default:
      return name satisfies never;
  }
}

/** @param unit what one sample is called, and many. */
export function noteOf(
  figure: Figure,
  current: StudyEntry | null,
  estimateNote: string,
  unit: readonly [string, string],
  /** How the data are divided, where they are. */
  counts: Readonly<Record<DataPart, number>> | null = null,
): string {
  const { name, value, baseline, source, missing } = figure;
  if (value === null) return missing ?? (name === 'accuracy' ? setAsideNote(counts, unit) : '');
  if (source !== 'measured') {
    return name === 'size' ? boundsNote(figure) : estimateNote;
  }
  const measurement = current?.measurement ?? null;
  const isOriginal = current?.summary === null;
  switch (name) {
    case 'size':
      return baseline === null || value === baseline ? '' : sizeVerdict(value, baseline).text;
    case 'latency': {
      const latency = measurement?.latency ?? null;
      if (latency === null || baseline === null) return '';
      const { low, high } = figure.interval ?? latency.variantInterval;
      const half = (high - low) / 2;
      const was = isOriginal ? '' : ` · was ${formatMillis(baseline)}`;
      return `±${half.toPrecision(2)}${was}${latency.inputs === 'synthetic' ? ' · made-up inputs' : ''}`;
    }
    case 'accuracy':
      return accuracyNote(current, baseline, unit);
    case 'agreement':
      return agreementNote(measurement);
    case 'memory':
      return isOriginal || baseline === null ? 'heap of one session' : `heap · was ${formatBytes(baseline)}`;
    default:
      return name satisfies never;
  }
}

/** A size that depends on what a step sees on samples. */
function boundsNote({ interval }: Figure): string {
  return interval === null ? '' : `between ${formatBytes(interval.low)} and ${formatBytes(interval.high)}`;
}

/** Setting samples aside takes accuracies away that were on screen: while they are measured again, the card says why. */
function setAsideNote(
  counts: Readonly<Record<DataPart, number>> | null,
  [one, many]: readonly [string, string],
): string {
  if (counts === null || counts.calibration === 0) return '';
  const { calibration, evaluation } = counts;
  const aside = `${groupThousands(calibration)} ${calibration === 1 ? `${one} is` : `${many} are`} now set aside`;
  return `${aside} for methods to look at; accuracy is measured again on the other ${groupThousands(evaluation)}`;
}

function accuracyNote(
  current: StudyEntry | null,
  baseline: number | null,
  [one, many]: readonly [string, string],
): string {
  const evaluation = current?.evaluation ?? null;
  if (evaluation === null) return '';
  const { n, main, interval } = evaluation.summary;
  if (current?.summary === null || baseline === null) {
    const count = `${groupThousands(n)} ${n === 1 ? one : many}`;
    return `${count} · [${formatMetric(main, interval.low)}, ${formatMetric(main, interval.high)}]`;
  }
  return `n ${groupThousands(n)} · was ${formatMetric(main, baseline)}`;
}

/** Synthetic inputs say how alike two models behave, not how right they are: the card has to say so. */
function agreementNote(measurement: MeasureResult | null): string {
  const agreement = measurement?.agreement ?? null;
  if (agreement === null) return '';
  return `cosine, ${groupThousands(agreement.samples)} ${agreement.inputs === 'synthetic' ? 'synthetic inputs' : 'inputs'}`;
}

/** The metric's own name stands above the figure. */
export function accuracyLabel(metric: MetricId | undefined): string {
  if (metric === undefined) return 'Accuracy';
  return metric === 'top1' ? 'Top-1 accuracy' : metricWords(metric).name;
}
