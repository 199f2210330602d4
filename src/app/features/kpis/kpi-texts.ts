/** What the figure cards say: values, verdicts and notes in words. Pure; it must not know React. */
import { memoryVerdict } from './memory-verdict.ts';
import type { Figure } from '../../store/figures.ts';
import type { StudyEntry } from '../../store/state.ts';
import { accuracyVerdict, agreementVerdict, latencyVerdict, sizeVerdict } from '../../store/verdict.ts';
import type { Verdict } from '../../store/verdict.ts';
import { formatBytes, formatChange, formatMillis, formatPercent, groupThousands } from '../../ui/format.ts';
import type { Evaluation, MeasureResult } from '../../../worker/api.ts';
import { formatBetween, formatDifference, formatMetric, metricWords } from '../per-class/metric-text.ts';

export function shownValue({ name, value, unit }: Figure, evaluation: Evaluation | null): string {
  if (value === null) return '–';
  if (name === 'agreement') return value === 1 ? '1' : value > 0.9999 ? value.toFixed(6) : value.toFixed(4);
  if (name === 'accuracy' && evaluation !== null) return formatMetric(evaluation.summary.main, value);
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
    const change = formatChange(value, baseline);
    const verdict = sizeVerdict(value, baseline);
    return value === baseline ? verdict : { tone: verdict.tone, text: `${change} · ${verdict.text}` };
  }
  if (source !== 'measured' || current === null) return null;
  switch (name) {
    case 'latency':
      return latencyVerdict(current);
    case 'accuracy':
      return taskVerdict(current) ?? accuracyVerdict(current);
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

/** On the user's data: the paired difference in the unit of the metric, whichever way the metric points. */
function taskVerdict({ evaluation }: StudyEntry): Verdict | null {
  const comparison = evaluation?.comparison ?? null;
  if (comparison === null) return null;
  const text = formatDifference(comparison.metric, comparison.difference);
  const range = `[${formatBetween(comparison.metric, comparison.interval).replace(' … ', ', ')}]`;
  switch (comparison.verdict) {
    case 'better':
      return { tone: 'good', text, range };
    case 'worse':
      return { tone: 'bad', text, range };
    case 'indistinguishable':
      return { tone: 'neutral', text, range };
    default:
      return comparison.verdict satisfies never;
  }
}

/** @param unit what one sample is called, and many. */
export function noteOf(
  figure: Figure,
  current: StudyEntry | null,
  estimateNote: string,
  unit: readonly [string, string],
): string {
  const { name, value, baseline, source, missing } = figure;
  if (value === null) return missing === null ? '' : missing;
  if (source !== 'measured') {
    return name === 'size' ? `of ${formatBytes(baseline ?? Number.NaN)}` : estimateNote;
  }
  const measurement = current?.measurement ?? null;
  const isOriginal = current?.summary === null;
  switch (name) {
    case 'size':
      return baseline === null || value === baseline ? '' : `of ${formatBytes(baseline)}`;
    case 'latency': {
      const latency = measurement?.latency ?? null;
      if (latency === null || baseline === null) return '';
      const { low, high } = figure.interval ?? latency.variantInterval;
      const half = (high - low) / 2;
      return `±${half.toPrecision(2)}${isOriginal ? '' : ` · was ${formatMillis(baseline)}`}`;
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

function accuracyNote(
  current: StudyEntry | null,
  baseline: number | null,
  [one, many]: readonly [string, string],
): string {
  const evaluation = current?.evaluation ?? null;
  const samples = evaluation?.summary.n ?? current?.measurement?.accuracy?.samples;
  const count = samples === undefined ? '' : `${groupThousands(samples)} ${samples === 1 ? one : many}`;
  if (current?.summary === null || baseline === null) {
    if (evaluation === null) return count;
    const { main, interval } = evaluation.summary;
    return `${count} · between ${formatMetric(main, interval.low)} and ${formatMetric(main, interval.high)}`;
  }
  const was = evaluation === null ? formatPercent(baseline) : formatMetric(evaluation.summary.main, baseline);
  return `${count} · was ${was}`;
}

/** Synthetic inputs say how alike two models behave, not how right they are: the card has to say so. */
function agreementNote(measurement: MeasureResult | null): string {
  const agreement = measurement?.agreement ?? null;
  if (agreement === null) return '';
  return `cosine, ${groupThousands(agreement.samples)} ${agreement.inputs === 'synthetic' ? 'synthetic inputs' : 'inputs'}`;
}

/** The metric's own name stands above the figure. */
export function accuracyLabel(evaluation: Evaluation | null, labelled: boolean): string {
  const main = evaluation?.summary.main ?? (labelled ? 'top1' : null);
  if (main === null) return 'Accuracy';
  return main === 'top1' ? 'Top-1 accuracy' : metricWords(main).name;
}
