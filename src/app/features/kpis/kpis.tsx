/** The four figures, and below them what they add up to or what is being done about them. */
import type { ReactElement } from 'react';
import type { MeasureResult } from '../../../worker/api.ts';
import { useAppState } from '../../store/context.ts';
import type { Figure } from '../../store/figures.ts';
import type { StudyEntry } from '../../store/state.ts';
import { accuracyVerdict, agreementVerdict, latencyVerdict, sizeVerdict } from '../../store/verdict.ts';
import type { Verdict } from '../../store/verdict.ts';
import { formatBytes, formatChange, formatMillis, formatPercent, groupThousands } from '../../ui/format.ts';
import { KpiCard } from '../../ui/kpi-card.tsx';
import { useCurrentEntry, useFigures } from '../workspace/use-study.ts';
import './kpis.css';

const NAMES: Record<Figure['name'], string> = {
  size: 'Size',
  latency: 'Latency',
  accuracy: 'Accuracy',
  agreement: 'Agreement',
  memory: 'Memory',
};

export function Kpis(): ReactElement | null {
  const figures = useFigures();
  const current = useCurrentEntry();
  const held = useAppState((state) => state.held !== null || state.failed !== null);
  const measured = useAppState(
    (state) => Object.values(state.entries).filter((e) => e.measurement !== null).length,
  );
  const estimateNote = measured > 1 ? 'between measured neighbours' : 'as the original’s, until measured';
  if (figures === null) return null;
  return (
    <div className="kpis">
      {[figures.size, figures.latency, figures.quality, figures.memory].map((figure) => (
        <KpiCard
          key={NAMES[figure.name]}
          name={NAMES[figure.name]}
          value={figure.value}
          baseline={figure.baseline}
          unit={figure.unit}
          source={figure.source}
          shown={shownValue(figure)}
          sourceWords={sourceWords(figure, held)}
          verdict={verdictOf(figure, current)}
          note={noteOf(figure, current, estimateNote)}
          pending={figure.pending}
        />
      ))}
    </div>
  );
}

function shownValue({ name, value, unit }: Figure): string {
  if (value === null) return '–';
  if (name === 'agreement') return value === 1 ? '1' : value > 0.9999 ? value.toFixed(6) : value.toFixed(4);
  switch (unit) {
    case 'B':
      return formatBytes(value);
    case 'ms':
      return formatMillis(value);
    case 'fraction':
      return formatPercent(value);
    default:
      return unit satisfies never;
  }
}

function sourceWords({ source, pending, missing }: Figure, held: boolean): string {
  if (source === null) return missing === null && pending && !held ? 'measuring…' : 'not measured';
  if (source === 'predicted') return 'predicted, exact';
  if (source === 'estimated') return 'estimated';
  return 'measured';
}

function verdictOf(figure: Figure, current: StudyEntry | null): Verdict | null {
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

/** The allocator rounds what it hands out: below this share nothing was saved or lost. */
const MEMORY_NOISE = 0.03;

function memoryVerdict(value: number, baseline: number, resolutionBytes: number): Verdict {
  const difference = value - baseline;
  if (Math.abs(difference) <= Math.max(MEMORY_NOISE * baseline, resolutionBytes)) {
    return { tone: 'neutral', text: 'no difference to be seen' };
  }
  return { tone: difference > 0 ? 'bad' : 'good', text: formatChange(value, baseline) };
}

function noteOf(figure: Figure, current: StudyEntry | null, estimateNote: string): string {
  const { name, value, baseline, source, missing } = figure;
  if (value === null) return missing === null ? '' : missing;
  if (source !== 'measured') {
    return name === 'size' ? `of ${formatBytes(baseline ?? Number.NaN)}` : estimateNote;
  }
  const measurement = current?.measurement ?? null;
  switch (name) {
    case 'size':
      return baseline === null || value === baseline ? '' : `of ${formatBytes(baseline)}`;
    case 'latency': {
      const latency = measurement?.latency ?? null;
      if (latency === null || baseline === null) return '';
      const { low, high } = figure.interval ?? latency.variantInterval;
      const half = (high - low) / 2;
      const original = current?.summary === null ? '' : ` · was ${formatMillis(baseline)}`;
      return `±${half.toPrecision(2)}${original}`;
    }
    case 'accuracy':
      return accuracyNote(measurement, baseline, current);
    case 'agreement':
      return agreementNote(measurement);
    case 'memory':
      return current?.summary === null || baseline === null
        ? 'heap of one session'
        : `heap · was ${formatBytes(baseline)}`;
    default:
      return name satisfies never;
  }
}

function accuracyNote(
  measurement: MeasureResult | null,
  baseline: number | null,
  current: StudyEntry | null,
): string {
  const samples = measurement?.accuracy?.samples;
  const count = samples === undefined ? '' : `${groupThousands(samples)} images`;
  if (current?.summary === null || baseline === null) return count;
  return `${count} · was ${formatPercent(baseline)}`;
}

/** Synthetic inputs say how alike two models behave, not how right they are: the card has to say so. */
function agreementNote(measurement: MeasureResult | null): string {
  const agreement = measurement?.agreement ?? null;
  if (agreement === null) return '';
  return `cosine, ${groupThousands(agreement.samples)} ${agreement.inputs === 'synthetic' ? 'synthetic inputs' : 'inputs'}`;
}
