/**
 * What was measured as one object for programs and one table for people. Every figure carries its source. It must not
 * measure anything.
 */
import { basename } from 'node:path';
import type { EnergyEstimate } from '../core/energy/types.ts';
import type { SampleRecord, TaskComparison, TaskSummary } from '../core/metrics/tasks/types.ts';
import type { Interval, LatencyMeasurement, MemoryMeasurement } from '../core/metrics/types.ts';
import type { CostSummary } from '../core/profile/types.ts';
import type { MeasureResult } from '../runtime/contract.ts';
import { formatBytes, formatMillis, formatPairs, formatPercent, formatTable, significant } from './table.ts';

export interface Evaluated {
  readonly name: string;
  readonly part: string;
  readonly baseline: TaskSummary;
  readonly summary: TaskSummary;
  /** Null without an original. */
  readonly comparison: TaskComparison | null;
  /** The variant's, one a sample. */
  readonly records: readonly SampleRecord[];
  /** How the data was fitted: proposed with its evidence, or given. */
  readonly fitted: string;
}

export interface Measured {
  readonly file: string;
  readonly bytes: number;
  readonly against: { readonly file: string; readonly bytes: number } | undefined;
  readonly result: Omit<MeasureResult, 'notMeasured'> & {
    readonly notMeasured: readonly {
      readonly what: MeasureResult['notMeasured'][number]['what'] | 'accuracy';
      readonly reason: string;
    }[];
  };
  readonly evaluated: Evaluated | undefined;
  readonly costs: { readonly variant: CostSummary; readonly original: CostSummary };
  readonly energy: { readonly variant: EnergyEstimate; readonly original: EnergyEstimate };
}

/** The shape that scripts rely on: docs/measuring.md. */
export function reportJson(measured: Measured): Record<string, unknown> {
  const { file, bytes, against, result, evaluated, costs, energy } = measured;
  const { latency, agreement, memory, notMeasured, machine } = result;
  const compared = against !== undefined;
  return {
    file,
    ...(compared ? { against: against.file } : {}),
    size: {
      source: 'measured',
      bytes,
      ...(compared ? { baseline: against.bytes, ratio: against.bytes / bytes } : {}),
    },
    latency: latency === null ? null : latencyJson(latency, compared),
    accuracy: evaluated === undefined ? null : accuracyJson(evaluated),
    agreement: compared ? agreement : null,
    memory: memory === null ? null : memoryJson(memory, compared),
    macs: {
      source: costs.variant.source,
      value: costs.variant.macs,
      ...(compared ? { baseline: costs.original.macs } : {}),
      uncounted: costs.variant.uncounted,
      parameters: costs.variant.parameters,
      peakActivationBytes: costs.variant.peakActivationBytes,
    },
    energy: {
      source: energy.variant.source,
      millijoules: energy.variant.millijoules,
      ...(compared ? { baseline: energy.original.millijoules } : {}),
      assumptions: energy.variant.assumptions,
    },
    notMeasured,
    machine,
  };
}

function latencyJson(latency: LatencyMeasurement, compared: boolean): Record<string, unknown> {
  const { source, provider, threads, inputs, runs, discarded, noise, createMillis, firstRunMillis } = latency;
  return {
    source,
    unit: 'ms',
    provider,
    threads,
    inputs,
    p50: latency.variantMillis,
    p90: latency.variantP90Millis,
    p99: latency.variantP99Millis,
    low: latency.variantInterval.low,
    high: latency.variantInterval.high,
    ...(compared
      ? {
          baseline: {
            p50: latency.originalMillis,
            p90: latency.originalP90Millis,
            p99: latency.originalP99Millis,
            ...latency.originalInterval,
          },
          ratio: latency.speedup,
          ratioLow: latency.speedupInterval.low,
          ratioHigh: latency.speedupInterval.high,
        }
      : {}),
    noise,
    runs,
    discarded,
    load: compared ? createMillis : createMillis.variant,
    firstRun: compared ? firstRunMillis : firstRunMillis.variant,
  };
}

function accuracyJson(evaluated: Evaluated): Record<string, unknown> {
  const { summary, baseline, comparison, name, part, fitted } = evaluated;
  const shared = {
    source: 'measured',
    metric: summary.main,
    data: name,
    part,
    fitted,
    metrics: summary.metrics,
    failed: summary.failed,
  };
  if (comparison === null) return { ...shared, value: summary.value, ...summary.interval, n: summary.n };
  const { value, difference, interval, n, pValue, verdict, sentence, tooFew, unanswered = 0 } = comparison;
  return {
    ...shared,
    value,
    baseline: comparison.baseline,
    difference,
    low: interval.low,
    high: interval.high,
    n,
    unanswered,
    pValue,
    verdict,
    sentence,
    tooFew,
    baselineMetrics: baseline.metrics,
    lost: comparison.lost,
    gained: comparison.gained,
  };
}

function memoryJson(memory: MemoryMeasurement, compared: boolean): Record<string, unknown> {
  const { source, variantBytes, originalBytes, resolutionBytes } = memory;
  return {
    source,
    bytes: variantBytes,
    ...(compared ? { baseline: originalBytes } : {}),
    ...(resolutionBytes === undefined ? {} : { resolution: resolutionBytes }),
  };
}

export function reportText(measured: Measured): string {
  const { file, against, result, evaluated } = measured;
  const { machine, notMeasured } = result;
  const table = formatTable(
    [
      { title: '' },
      { title: basename(file) },
      { title: against === undefined ? '' : basename(against.file) },
      { title: against === undefined ? '' : 'ratio' },
      { title: 'how' },
    ],
    [...sizeRows(measured), ...latencyRows(measured), ...accuracyRows(measured), ...agreementRows(measured)],
  );
  const words = formatPairs([
    ...(evaluated === undefined ? [] : evaluationWords(evaluated)),
    ['On', `${machine.runtime}, ${machine.userAgent}, ${machine.cores} cores`] as const,
    ...notMeasured.map(({ what, reason }) => ['Not measured', `${what}: ${reason}`] as const),
  ]);
  return `${table}\n\n${words}`;
}

function evaluationWords({ comparison, fitted, summary, name }: Evaluated): [string, string][] {
  const words: [string, string][] = [['Data', `${name}; ${fitted}`]];
  if (comparison !== null) words.push(['Difference', comparison.sentence]);
  if (comparison !== null && comparison.tooFew !== null) words.push(['Mind', comparison.tooFew]);
  const { failed } = summary;
  if (failed.length > 0) {
    const first = failed[0];
    words.push(['Left out', `${failed.length} samples; the first: ${first.key}: ${first.reason}`]);
  }
  return words;
}

function sizeRows({ bytes, against, result, costs, energy }: Measured): string[][] {
  const rows = [
    ['Size', formatBytes(bytes), ...pair(against?.bytes, bytes, formatBytes), 'measured'],
    [
      'Operations',
      count(costs.variant.macs),
      ...pair(against && costs.original.macs, costs.variant.macs, count),
      'multiply-accumulates, counted',
    ],
    [
      'Energy of a run',
      millijoules(energy.variant.millijoules),
      against === undefined ? '' : millijoules(energy.original.millijoules),
      '',
      'estimated',
    ],
  ];
  const { memory } = result;
  if (memory !== null) {
    rows.push([
      'Memory of a session',
      formatBytes(memory.variantBytes),
      ...pair(against && memory.originalBytes, memory.variantBytes, formatBytes),
      'measured',
    ]);
  }
  return rows;
}

function latencyRows({ against, result: { latency } }: Measured): string[][] {
  if (latency === null) return [];
  const compared = against !== undefined;
  const tail = (p90: number, p99: number): string => `${formatMillis(p90)} / ${formatMillis(p99)}`;
  return [
    [
      `Latency, ${latency.threads} ${latency.threads === 1 ? 'thread' : 'threads'}`,
      `${formatMillis(latency.variantMillis)} ${interval(latency.variantInterval)}`,
      compared ? `${formatMillis(latency.originalMillis)} ${interval(latency.originalInterval)}` : '',
      compared ? `${significant(latency.speedup)}× ${interval(latency.speedupInterval)}` : '',
      `measured, median of ${latency.runs} runs on ${latency.inputs === 'data' ? 'your samples' : 'made-up inputs'}, ${latency.noise.word}`,
    ],
    [
      'Latency, 90 % / 99 %',
      tail(latency.variantP90Millis, latency.variantP99Millis),
      compared ? tail(latency.originalP90Millis, latency.originalP99Millis) : '',
      '',
      'measured',
    ],
    // A ratio of two single runs would say more about the machine than about the models.
    [
      'Loading',
      formatMillis(latency.createMillis.variant),
      compared ? formatMillis(latency.createMillis.original) : '',
      '',
      'measured once',
    ],
    [
      'First run',
      formatMillis(latency.firstRunMillis.variant),
      compared ? formatMillis(latency.firstRunMillis.original) : '',
      '',
      'measured once',
    ],
  ];
}

const METRIC_WORDS: Readonly<Record<TaskSummary['main'], string>> = {
  top1: 'Top-1 accuracy',
  top5: 'Top-5 accuracy',
  precision: 'Precision, macro',
  recall: 'Recall, macro',
  f1: 'F1, macro',
  'f1-micro': 'F1, micro',
  map: 'mAP @[.5:.95]',
  map50: 'mAP @.5',
  miou: 'Mean IoU',
  'pixel-accuracy': 'Pixel accuracy',
  mae: 'Mean absolute error',
  rmse: 'Root mean square error',
  r2: 'R²',
  exact: 'Exact matches',
  characters: 'Characters right',
};

const FRACTIONS: ReadonlySet<string> = new Set(['mae', 'rmse', 'r2'] satisfies TaskSummary['main'][]);

function accuracyRows({ evaluated, against }: Measured): string[][] {
  if (evaluated === undefined) return [];
  const { summary, baseline, comparison } = evaluated;
  const show = (metric: string, value: number | undefined): string => {
    if (value === undefined) return '';
    return FRACTIONS.has(metric) ? significant(value) : formatPercent(value);
  };
  const compared = against !== undefined && comparison !== null;
  const rows = [
    [
      METRIC_WORDS[summary.main],
      show(summary.main, compared ? comparison.value : summary.value),
      compared ? show(summary.main, comparison.baseline) : '',
      '',
      `measured on ${compared ? comparison.n : summary.n} samples`,
    ],
  ];
  for (const [metric, value] of Object.entries(summary.metrics)) {
    if (metric === summary.main) continue;
    const id = metric as TaskSummary['main'];
    rows.push([
      METRIC_WORDS[id],
      show(id, value),
      compared ? show(id, baseline.metrics[id]) : '',
      '',
      'measured',
    ]);
  }
  return rows;
}

function agreementRows({ against, result: { agreement } }: Measured): string[][] {
  if (agreement === null || against === undefined) return [];
  const on = `measured on ${agreement.samples} ${agreement.inputs === 'data' ? 'samples' : 'synthetic inputs'}`;
  const rows = [
    ['Agreement, cosine', agreement.cosine.toFixed(6), '', '', on],
    ['Agreement, SQNR', `${significant(agreement.sqnrDb)} dB`, '', '', on],
  ];
  if (agreement.top1 !== undefined)
    rows.push(['Agreement, top-1', formatPercent(agreement.top1), '', '', on]);
  return rows;
}

/** Two cells: the original's figure and original / variant. */
function pair(original: number | undefined, variant: number, format: (value: number) => string): string[] {
  if (original === undefined) return ['', ''];
  return [format(original), variant === 0 ? '' : `${significant(original / variant)}×`];
}

function count(value: number): string {
  if (value >= 1e9) return `${significant(value / 1e9)} G`;
  if (value >= 1e6) return `${significant(value / 1e6)} M`;
  return value >= 1e3 ? `${significant(value / 1e3)} k` : String(value);
}

function millijoules([low, high]: readonly [number, number]): string {
  return `${significant(low)}–${significant(high)} mJ`;
}

function interval({ low, high }: Interval): string {
  return `[${significant(low)}, ${significant(high)}]`;
}
