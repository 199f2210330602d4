/**
 * The trade-off as points: every measured entry, the front, and the ghost that stands for the recipe on screen until
 * it is measured. Pure; the chart draws it, the table beside it reads it out.
 */
import type { MetricId } from '../../core/metrics/tasks/types.ts';
import { interpolateGain, paretoFront } from '../../core/search/pareto.ts';
import type { MeasureOptions } from '../bridge/studio.ts';
import type { Prediction } from './figures.ts';
import { recipeTitle } from './recipe-title.ts';
import { ORIGINAL, isSettled } from './state.ts';
import type { CostAxis, GainAxis, StudyEntry } from './state.ts';

export interface ChartPoint {
  readonly id: string;
  /** Bytes, or latency as a fraction of the original's in the same run. */
  readonly cost: number;
  readonly gain: number;
  readonly title: string;
  readonly original: boolean;
  readonly current: boolean;
  readonly onFront: boolean;
  /** Distances below and above, for error bars; absent where no interval is known. */
  readonly gainSpread?: readonly [number, number];
  readonly costSpread?: readonly [number, number];
}

export interface Ghost {
  readonly cost: number;
  readonly gain: number;
  /** The cost is exact; the height never is. */
  readonly exactCost: boolean;
}

export interface Tradeoff {
  readonly points: readonly ChartPoint[];
  readonly front: readonly ChartPoint[];
  readonly ghost: Ghost | null;
  /** What the gains are measured by; null for agreement. */
  readonly metric: MetricId | null;
  /** The gains are errors: the best point is at the bottom left. */
  readonly lowerIsBetter: boolean;
}

export interface TradeoffInput {
  readonly entries: readonly StudyEntry[];
  readonly currentId: string | null;
  readonly prediction: Prediction | null;
  readonly options: MeasureOptions;
  readonly cost: CostAxis;
  readonly gain: GainAxis;
}

interface Placed {
  readonly id: string;
  readonly entry: StudyEntry;
  readonly cost: number;
  readonly gain: number;
}

export function tradeoffOf(input: TradeoffInput): Tradeoff {
  const placed: Placed[] = [];
  for (const entry of input.entries) {
    const cost = costOf(entry, input);
    const gain = gainValue(entry, input);
    if (cost !== null && gain !== null) placed.push({ id: entry.id, entry, cost, gain });
  }
  const metric = input.entries.find(({ evaluation }) => evaluation !== null)?.evaluation?.summary ?? null;
  const lowerIsBetter = input.gain === 'accuracy' && metric?.higherIsBetter === false;
  // The front is drawn where more is better; an error is turned round for it, and shown as it is.
  const ranked = placed.map((place) => ({ ...place, gain: lowerIsBetter ? -place.gain : place.gain }));
  const frontIds = new Set(paretoFront(ranked.filter(answersAll(input))).map(({ id }) => id));
  const points = placed.map((place) => pointOf(place, input, frontIds.has(place.id)));
  const front = points.filter(({ onFront }) => onFront).sort((a, b) => a.cost - b.cost);
  return {
    points,
    front,
    ghost: ghostOf(input, placed),
    metric: input.gain === 'accuracy' ? (metric?.main ?? null) : null,
    lowerIsBetter,
  };
}

/** Nobody is sent to a variant whose figure leaves out what it gave no answer to. */
function answersAll({ gain }: TradeoffInput): (place: Placed) => boolean {
  return ({ entry }) => gain !== 'accuracy' || entry.evaluation?.comparison?.unanswered === undefined;
}

function costOf(entry: StudyEntry, { entries, cost, options }: TradeoffInput): number | null {
  if (cost === 'size') return entry.bytes;
  const latencyOf = (one: StudyEntry) => (isSettled(one, options) ? one.measurement?.latency : null) ?? null;
  if (entry.id === ORIGINAL) return entries.some((one) => latencyOf(one) !== null) ? 1 : null;
  // The ratio of one interleaved run: two entries measured at different times would otherwise compare the weather.
  const latency = latencyOf(entry);
  return latency === null ? null : 1 / latency.speedup;
}

function gainValue(entry: StudyEntry, { entries, gain }: TradeoffInput): number | null {
  if (entry.id === ORIGINAL) return originalGain(entries, gain);
  if (gain === 'accuracy') return entry.evaluation?.summary.value ?? null;
  return entry.measurement?.agreement?.cosine ?? null;
}

/** Every run of a variant has the original beside it, so that the first of any entry places the original too. */
export function originalGain(entries: readonly StudyEntry[], gain: GainAxis): number | null {
  for (const { measurement, evaluation } of entries) {
    if (gain === 'accuracy' && evaluation !== null) return evaluation.baseline.value;
    if (gain === 'agreement' && measurement?.agreement) return 1;
  }
  return null;
}

function pointOf({ entry, cost, gain }: Placed, input: TradeoffInput, onFront: boolean): ChartPoint {
  const original = entry.id === ORIGINAL;
  const point: ChartPoint = {
    id: entry.id,
    cost,
    gain,
    title: original ? 'original' : recipeTitle(entry.recipe),
    original,
    current: entry.id === input.currentId,
    onFront,
  };
  if (original) return point;
  const accuracy = (input.gain === 'accuracy' ? entry.evaluation?.comparison : null) ?? null;
  const latency = (input.cost === 'latency' ? entry.measurement?.latency : null) ?? null;
  return {
    ...point,
    ...(accuracy === null ? {} : { gainSpread: spread(accuracy.difference, accuracy.interval) }),
    ...(latency === null
      ? {}
      : {
          costSpread: spread(cost, {
            low: 1 / latency.speedupInterval.high,
            high: 1 / latency.speedupInterval.low,
          }),
        }),
  };
}

function spread(value: number, { low, high }: { low: number; high: number }): readonly [number, number] {
  return [Math.max(0, value - low), Math.max(0, high - value)];
}

/** Where the present recipe will come to stand: its exact size, at the height of its measured neighbours. */
function ghostOf(input: TradeoffInput, placed: readonly Placed[]): Ghost | null {
  if (placed.some(({ id }) => id === input.currentId)) return null;
  const current = input.entries.find(({ id }) => id === input.currentId);
  const bytes = current?.bytes ?? input.prediction?.bytes;
  if (bytes === undefined) return null;
  const bySize = placed.map(({ id, entry, gain }) => ({ id, cost: entry.bytes, gain }));
  const gain = interpolateGain(bySize, bytes);
  if (gain === undefined) return null;
  if (input.cost === 'size')
    return { cost: bytes, gain, exactCost: current !== undefined || (input.prediction?.exact ?? false) };
  const cost = interpolateGain(
    placed.map(({ id, entry, cost: ratio }) => ({ id, cost: entry.bytes, gain: ratio })),
    bytes,
  );
  return cost === undefined ? null : { cost, gain, exactCost: false };
}
