/** The figures of the original as short texts, each with what it stands on. Pure; what is not known is left out. */
import type { TaskSummary } from '../../../core/metrics/tasks/types.ts';
import type { CostSummary } from '../../../core/profile/types.ts';
import type { MeasureResult } from '../../../worker/api.ts';
import { formatBytes, formatCount, formatMillis, formatPercent, groupThousands } from '../../ui/format.ts';
import { formatMetric, metricWords } from '../../store/metric-text.ts';

export interface BaselineFact {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  /** One of the figures that variants are compared by; the others are shown when asked for. */
  readonly main: boolean;
  /** How it was obtained, in a word that stands beside it. */
  readonly source: 'measured' | 'counted' | 'estimated';
  /** The same in a sentence. */
  readonly title: string;
}

export interface BaselineInput {
  readonly bytes: number;
  readonly measurement: MeasureResult | null;
  readonly evaluation: TaskSummary | null;
  readonly costs: CostSummary | null;
  /** A range with its unit, or null where nothing is counted. */
  readonly energy: string | null;
  readonly unit: readonly [one: string, many: string];
}

export function baselineFacts(input: BaselineInput): readonly BaselineFact[] {
  const { bytes, measurement, costs, energy } = input;
  return [
    {
      name: 'Size',
      main: true,
      value: formatBytes(bytes),
      note: '',
      source: 'measured',
      title: 'Measured: bytes of the file, external data included.',
    },
    ...latencyFacts(measurement),
    ...accuracyFacts(input),
    ...memoryFacts(measurement),
    ...(costs === null ? [] : costFacts(costs)),
    ...(energy === null
      ? []
      : [
          {
            name: 'Energy',
            main: false,
            value: energy,
            note: '',
            source: 'estimated' as const,
            title: 'Estimated from operations and bytes moved; the constants are in the energy card.',
          },
        ]),
  ];
}

function latencyFacts(measurement: MeasureResult | null): readonly BaselineFact[] {
  const latency = measurement?.latency ?? null;
  if (latency === null) return [];
  const { originalMillis, originalP90Millis, originalP99Millis, noise } = latency;
  const threads = latency.threads === 1 ? '1 thread' : `${latency.threads} threads`;
  const spread = formatPercent(noise.spread, 0);
  return [
    {
      name: 'Latency p50 / p90 / p99',
      main: true,
      value: [originalMillis, originalP90Millis, originalP99Millis].map(formatMillis).join(' / '),
      note: noise.word,
      source: 'measured',
      title: `Measured: ${groupThousands(latency.runs)} runs, ${latency.provider}, ${threads}. The machine was ${noise.word}: the middle half of the runs spreads over ${spread} of the median.`,
    },
    {
      name: 'Load / first run',
      main: false,
      value: `${formatMillis(latency.createMillis.original)} / ${formatMillis(latency.firstRunMillis.original)}`,
      note: '',
      source: 'measured',
      title: 'Measured once: making a session of the model, and its very first run. Not part of the latency.',
    },
  ];
}

function accuracyFacts({ evaluation, unit: [one, many] }: BaselineInput): readonly BaselineFact[] {
  if (evaluation === null) return [];
  const { main, value, interval, n } = evaluation;
  const count = groupThousands(n);
  return [
    {
      name: metricWords(main).name,
      main: true,
      value: formatMetric(main, value),
      note: `[${formatMetric(main, interval.low)}, ${formatMetric(main, interval.high)}], n ${count}`,
      source: 'measured',
      title: `Measured on ${count} ${n === 1 ? one : many}, with the 95 % interval.`,
    },
  ];
}

function memoryFacts(measurement: MeasureResult | null): readonly BaselineFact[] {
  const memory = measurement?.memory ?? null;
  if (memory === null) return [];
  return [
    {
      name: 'Memory',
      main: true,
      value: formatBytes(memory.originalBytes),
      note: 'heap',
      source: 'measured',
      title: 'Measured: how much of the runtime’s heap one session takes.',
    },
  ];
}

function costFacts(costs: CostSummary): readonly BaselineFact[] {
  const missing = Object.keys(costs.uncounted).length;
  const counted = missing === 0 ? 'Counted from the graph.' : 'Counted; some operations are unknown.';
  return [
    {
      name: 'MACs',
      main: false,
      value: formatCount(costs.macs),
      note: missing === 0 ? '' : 'at least',
      source: 'counted',
      title: counted,
    },
    {
      name: 'Parameters',
      main: false,
      value: formatCount(costs.parameters),
      note: '',
      source: 'counted',
      title: 'Counted: all weights.',
    },
    {
      name: 'Peak activations',
      main: false,
      value: formatBytes(costs.peakActivationBytes),
      note: '',
      source: 'counted',
      title: 'Counted: the largest sum of values alive at once, in the graph’s order.',
    },
  ];
}
