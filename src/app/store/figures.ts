/**
 * The four figures above the chart, each with where it comes from. Pure: from what the store knows to what a card
 * says. A figure that was not measured says so and why; it is never filled with a guess that looks like a measurement.
 */
import type { Interval, NumberSource } from '../../core/metrics/types.ts';
import { interpolateGain } from '../../core/search/pareto.ts';
import type { TradeoffPoint } from '../../core/search/pareto.ts';
import type { MeasureOptions } from '../bridge/studio.ts';
import type { MeasureResult } from '../../worker/api.ts';
import { ORIGINAL, isSettled } from './state.ts';
import type { GainAxis, StudyEntry } from './state.ts';

export type FigureName = 'size' | 'latency' | 'accuracy' | 'agreement' | 'memory';
export type FigureUnit = 'B' | 'ms' | 'fraction';

export interface Figure {
  readonly name: FigureName;
  readonly unit: FigureUnit;
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
  return {
    size: sizeFigure(input),
    latency: measuredFigure(input, 'latency', 'ms', latencyOf),
    quality:
      input.gain === 'accuracy'
        ? measuredFigure(input, 'accuracy', 'fraction', accuracyOf)
        : measuredFigure(input, 'agreement', 'fraction', agreementOf),
    memory: measuredFigure(input, 'memory', 'B', memoryOf),
  };
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
  return { ...base, value: prediction.bytes, source, pending: true, missing: null };
}

interface Reading {
  readonly value: number;
  readonly baseline: number;
  readonly interval: Interval | null;
  readonly baselineInterval: Interval | null;
}

function latencyOf({ latency }: MeasureResult): Reading | null {
  if (latency === null) return null;
  return {
    value: latency.variantMillis,
    baseline: latency.originalMillis,
    interval: latency.variantInterval,
    baselineInterval: latency.originalInterval,
  };
}

function accuracyOf({ accuracy }: MeasureResult): Reading | null {
  if (accuracy === null) return null;
  const { value, baseline, interval } = accuracy;
  // The interval belongs to the paired difference; around the value it reads baseline + difference.
  return {
    value,
    baseline,
    interval: { low: baseline + interval.low, high: baseline + interval.high },
    baselineInterval: null,
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

function measuredFigure(
  input: FigureInput,
  name: 'latency' | 'accuracy' | 'agreement' | 'memory',
  unit: FigureUnit,
  read: (measurement: MeasureResult) => Reading | null,
): Figure {
  const { current, original, options } = input;
  const base = { name, unit, interval: null, baseline: baselineFrom(original, read) } as const;
  if (current !== null && isSettled(current, options)) {
    const reading = current.measurement === null ? null : read(current.measurement);
    // The original was run against itself: one figure, not two draws from the same noise.
    if (reading !== null && current.id === ORIGINAL) {
      return {
        ...base,
        value: reading.baseline,
        interval: reading.baselineInterval,
        source: 'measured',
        pending: false,
        missing: null,
      };
    }
    if (reading !== null) {
      const { value, baseline, interval } = reading;
      return { ...base, value, baseline, interval, source: 'measured', pending: false, missing: null };
    }
    return { ...base, value: null, source: null, pending: false, missing: reasonFor(current, name) };
  }
  const estimate = estimateFor(input, read);
  if (estimate === undefined) return { ...base, value: null, source: null, pending: true, missing: null };
  return { ...base, value: estimate, source: 'estimated', pending: true, missing: null };
}

function baselineFrom(
  original: StudyEntry,
  read: (measurement: MeasureResult) => Reading | null,
): number | null {
  return original.measurement === null ? null : (read(original.measurement)?.baseline ?? null);
}

/** Between the measured neighbours in size. Needs at least one variant besides the original, or it says nothing. */
function estimateFor(
  { entries, current, prediction, options }: FigureInput,
  read: (measurement: MeasureResult) => Reading | null,
): number | undefined {
  const bytes = current?.bytes ?? prediction?.bytes;
  if (bytes === undefined) return undefined;
  const points: TradeoffPoint[] = [];
  for (const entry of entries) {
    if (entry.measurement === null || !isSettled(entry, options)) continue;
    const reading = read(entry.measurement);
    if (reading === null) continue;
    const gain = entry.id === ORIGINAL ? reading.baseline : reading.value;
    points.push({ id: entry.id, cost: entry.bytes, gain });
  }
  return interpolateGain(points, bytes);
}

function reasonFor(entry: StudyEntry, name: 'latency' | 'accuracy' | 'agreement' | 'memory'): string {
  if (entry.failure !== null) return entry.failure.message;
  const note = entry.measurement?.notMeasured.find(({ what }) => what === name);
  return note?.reason ?? 'no measurement was made';
}

/** Accuracy wherever labelled data exists, else agreement. */
export function gainOf(chosen: GainAxis | null, sample: boolean, entries: readonly StudyEntry[]): GainAxis {
  const labelled = sample || entries.some((entry) => (entry.measurement?.accuracy ?? null) !== null);
  if (!labelled) return 'agreement';
  return chosen ?? 'accuracy';
}
