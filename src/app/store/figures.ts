/**
 * The four figures above the chart, each with where it comes from. Pure: from what the store knows to what a card
 * says. A figure that was not measured says so and why; it is never filled with a guess that looks like a measurement.
 */
import type { MetricId } from '../../core/metrics/tasks/types.ts';
import type { Interval, NumberSource } from '../../core/metrics/types.ts';
import { interpolateGain } from '../../core/search/pareto.ts';
import type { TradeoffPoint } from '../../core/search/pareto.ts';
import type { MeasureOptions } from '../bridge/studio.ts';
import type { Evaluation, MeasureResult } from '../../worker/api.ts';
import { metricWords } from './metric-text.ts';
import { ORIGINAL, isSettled } from './state.ts';
import type { GainAxis, StudyEntry } from './state.ts';

export type FigureName = 'size' | 'latency' | 'accuracy' | 'agreement' | 'memory';
/** `value`: in the unit of the labels, for a metric that is no share. */
export type FigureUnit = 'B' | 'ms' | 'fraction' | 'value';

export interface Figure {
  readonly name: FigureName;
  readonly unit: FigureUnit;
  /** What an accuracy is measured by. */
  readonly metric?: MetricId;
  readonly value: number | null;
  readonly baseline: number | null;
  /** Null where there is no value. */
  readonly source: NumberSource | null;
  readonly interval: Interval | null;
  /** A measurement of this recipe is still to come. */
  readonly pending: boolean;
  /** Why there is no value, or null. */
  readonly missing: string | null;
}

export interface Prediction {
  readonly bytes: number;
  readonly exact: boolean;
  /** Why it is not. */
  readonly inexact?: string;
  /** What the size lies between, where it is not exact and that much is known. */
  readonly bounds?: Interval;
}

export interface FigureInput {
  readonly entries: readonly StudyEntry[];
  /** The entry of exactly the present recipe, or null while the recipe is newer. */
  readonly current: StudyEntry | null;
  readonly original: StudyEntry;
  readonly prediction: Prediction | null;
  readonly options: MeasureOptions;
  readonly gain: GainAxis;
}

export interface Figures {
  readonly size: Figure;
  readonly latency: Figure;
  readonly quality: Figure;
  readonly memory: Figure;
}

export function figuresOf(input: FigureInput): Figures {
  const { options } = input;
  return {
    size: sizeFigure(input),
    latency: runFigure(input, 'latency', 'ms', measured('latency', options, latencyOf)),
    quality: input.gain === 'accuracy' ? accuracyFigure(input) : agreementFigure(input),
    memory: runFigure(input, 'memory', 'B', measured('memory', options, memoryOf)),
  };
}

function agreementFigure(input: FigureInput): Figure {
  return runFigure(input, 'agreement', 'fraction', measured('agreement', input.options, agreementOf));
}

function accuracyFigure(input: FigureInput): Figure {
  const metric = input.entries.find(({ evaluation }) => evaluation !== null)?.evaluation?.summary.main;
  const unit = metric === undefined || metricWords(metric).fraction ? 'fraction' : 'value';
  return { ...runFigure(input, 'accuracy', unit, EVALUATED), ...(metric === undefined ? {} : { metric }) };
}

/** Bytes that are kept in memory, or read from the file, can be counted: a made size is measured. */
function sizeFigure({ current, original, prediction }: FigureInput): Figure {
  const base = { name: 'size', unit: 'B', baseline: original.bytes, interval: null } as const;
  if (current !== null) {
    return { ...base, value: current.bytes, source: 'measured', pending: false, missing: null };
  }
  if (prediction === null) {
    return {
      ...base,
      value: null,
      source: null,
      pending: true,
      missing: 'the size is not known before the variant is made',
    };
  }
  const source = prediction.exact ? 'predicted' : 'estimated';
  const interval = prediction.bounds ?? null;
  return { ...base, value: prediction.bytes, source, interval, pending: true, missing: null };
}

interface Reading {
  readonly value: number;
  readonly baseline: number;
  readonly interval: Interval | null;
  readonly baselineInterval: Interval | null;
}

/** Where a figure comes from. */
interface Run {
  /** Done with what is in force now, or found impossible. */
  done(entry: StudyEntry): boolean;
  read(entry: StudyEntry): Reading | null;
  missing(entry: StudyEntry): string;
}

function measured(
  name: 'latency' | 'agreement' | 'memory',
  options: MeasureOptions,
  read: (measurement: MeasureResult) => Reading | null,
): Run {
  return {
    done: (entry) => isSettled(entry, options),
    read: ({ measurement }) => (measurement === null ? null : read(measurement)),
    missing: ({ failure, measurement }) =>
      failure?.message ??
      measurement?.notMeasured.find(({ what }) => what === name)?.reason ??
      'no measurement was made',
  };
}

/** Evaluations of other data than those in use are not kept, so that what is there counts. */
const EVALUATED: Run = {
  done: ({ evaluation, evaluationFailure }) => evaluation !== null || evaluationFailure !== null,
  read: ({ evaluation }) => (evaluation === null ? null : accuracyOf(evaluation)),
  missing: ({ evaluationFailure }) => evaluationFailure?.message ?? 'no evaluation was made',
};

function latencyOf({ latency }: MeasureResult): Reading | null {
  if (latency === null) return null;
  return {
    value: latency.variantMillis,
    baseline: latency.originalMillis,
    interval: latency.variantInterval,
    baselineInterval: latency.originalInterval,
  };
}

function accuracyOf({ summary, baseline, comparison }: Evaluation): Reading {
  return {
    value: summary.value,
    baseline: baseline.value,
    // The interval belongs to the paired difference; around the value it reads baseline + difference.
    interval:
      comparison === null
        ? summary.interval
        : {
            low: comparison.baseline + comparison.interval.low,
            high: comparison.baseline + comparison.interval.high,
          },
    baselineInterval: baseline.interval,
  };
}

/** Cosine similarity: it exists for every kind of output, where top-1 needs class scores. */
function agreementOf({ agreement }: MeasureResult): Reading | null {
  return agreement === null
    ? null
    : { value: agreement.cosine, baseline: 1, interval: null, baselineInterval: null };
}

function memoryOf({ memory }: MeasureResult): Reading | null {
  return memory === null
    ? null
    : { value: memory.variantBytes, baseline: memory.originalBytes, interval: null, baselineInterval: null };
}

function runFigure(
  input: FigureInput,
  name: Exclude<FigureName, 'size'>,
  unit: FigureUnit,
  run: Run,
): Figure {
  const { current, original } = input;
  const base = { name, unit, interval: null, baseline: run.read(original)?.baseline ?? null } as const;
  if (current === null || !run.done(current)) {
    const value = estimateFor(input, run) ?? null;
    return { ...base, value, source: value === null ? null : 'estimated', pending: true, missing: null };
  }
  const reading = run.read(current);
  if (reading === null) {
    return { ...base, value: null, source: null, pending: false, missing: run.missing(current) };
  }
  const found = { ...base, source: 'measured', pending: false, missing: null } as const;
  const { value, baseline, interval, baselineInterval } = reading;
  // The original was run against itself: one figure, not two draws from the same noise.
  if (current.id === ORIGINAL) return { ...found, value: baseline, interval: baselineInterval };
  return { ...found, value, baseline, interval };
}

/** Between the measured neighbours in size. Needs at least one variant besides the original, or it says nothing. */
function estimateFor({ entries, current, prediction }: FigureInput, run: Run): number | undefined {
  const bytes = current?.bytes ?? prediction?.bytes;
  if (bytes === undefined) return undefined;
  const points: TradeoffPoint[] = [];
  for (const entry of entries) {
    const reading = run.done(entry) ? run.read(entry) : null;
    if (reading === null) continue;
    const gain = entry.id === ORIGINAL ? reading.baseline : reading.value;
    points.push({ id: entry.id, cost: entry.bytes, gain });
  }
  return interpolateGain(points, bytes);
}

/**
 * Accuracy wherever there is something to be right about, else agreement.
 * @param labelled whether data with labels are in use, evaluated or not
 */
export function gainOf(chosen: GainAxis | null, labelled: boolean, entries: readonly StudyEntry[]): GainAxis {
  if (!labelled && entries.every(({ evaluation }) => evaluation === null)) return 'agreement';
  return chosen ?? 'accuracy';
}
