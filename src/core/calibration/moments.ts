/**
 * The first sweep: smallest and largest values, and figures by channel, reduced inside the graph to one small vector a
 * run. Sums over the runs are float64. It must not know histograms or what the figures are for.
 */
import { PareError } from '../errors.ts';
import type { HostTensor } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';
import { Instrument } from './instrumented.ts';
import type { KnownValue } from './known-values.ts';
import { sweepSamples, type SweepHost } from './sweep.ts';
import type { ChannelFigures, Checkpoint, ValueRange } from './types.ts';

export interface ChannelTask {
  readonly value: KnownValue;
  readonly axis: number;
  readonly channels: number;
  /** The range of the value is wanted too: on all samples. */
  readonly ranged?: boolean;
}

export interface MomentTasks {
  readonly ranges: readonly KnownValue[];
  readonly channels: readonly ChannelTask[];
  /** Runs differ in more than the number of samples, so that elements must be counted. */
  readonly countElements: boolean;
  /** Samples of a run where it is fixed. */
  readonly batch: number;
}

export interface Moments {
  readonly ranges: readonly ValueRange[];
  readonly channels: readonly { readonly figures: ChannelFigures; readonly range: ValueRange }[];
  readonly samples: number;
  /** Samples behind the figures by channel. */
  readonly channelSamples: number;
}

/** Samples that figures by channel are taken of at least, where there are as many. */
const CHANNEL_SAMPLES = 40;
/** They cost several times what ranges do: of this many batches one is looked at for them. */
const CHANNEL_EVERY = 6;

/** Of how many batches one is looked at for figures by channel. */
export function channelEvery(samples: number): number {
  return Math.max(1, Math.min(CHANNEL_EVERY, Math.floor(samples / CHANNEL_SAMPLES)));
}

/** @throws PareError `runtime-refused` when the runtime cannot compute them all */
export async function sweepMoments(
  host: SweepHost,
  model: Model,
  tasks: MomentTasks,
  checkpoint: Checkpoint,
): Promise<Moments> {
  const ranges = new Map<string, MutableRange>();
  const rangeOf = ({ name }: KnownValue): MutableRange => {
    const range = ranges.get(name) ?? { min: Infinity, max: -Infinity };
    ranges.set(name, range);
    return range;
  };
  const channels = tasks.channels.map(({ channels: count }) => new ChannelSums(count));
  const rangesOnly = { ...tasks, ranges: rangedOf(tasks), channels: [] };
  const every = tasks.channels.length === 0 ? 1 : channelEvery(host.samples.count);
  let channelSamples = 0;
  const samples = await sweepSamples(
    host,
    {
      base: model,
      every,
      graph: (padded, full) =>
        full
          ? momentsGraph(model, tasks, padded)
          : rangesOnly.ranges.length === 0
            ? undefined
            : momentsGraph(model, rangesOnly, padded),
      take(outputs, rows, full) {
        const packed = floatsOf(outputs);
        let at = 0;
        for (const value of inPackedOrder((full ? tasks : rangesOnly).ranges)) {
          widen(rangeOf(value), packed[at++], packed[at++]);
        }
        for (const [i, sums] of full ? channels.entries() : []) {
          at = sums.add(packed, at, tasks.countElements ? undefined : rows);
          for (const [c, min] of sums.lastMin.entries()) {
            widen(rangeOf(tasks.channels[i].value), min, sums.lastMax[c]);
          }
        }
        if (full) channelSamples += rows;
        if (at !== packed.length) throw new PareError('internal', `${packed.length} figures for ${at}.`);
      },
    },
    checkpoint,
  );
  return {
    ranges: tasks.ranges.map(rangeOf),
    channels: channels.map((sums, i) => ({
      figures: sums.figures(),
      range: rangeOf(tasks.channels[i].value),
    })),
    samples,
    channelSamples,
  };
}

interface MutableRange {
  min: number;
  max: number;
}

function widen(range: MutableRange, min: number, max: number): void {
  range.min = Math.min(range.min, min);
  range.max = Math.max(range.max, max);
}

/** What a batch between two that are looked at in full still gives. */
function rangedOf({ ranges, channels }: MomentTasks): KnownValue[] {
  const known = new Set(ranges.map(({ name }) => name));
  const own = channels.flatMap(({ value, ranged }) =>
    ranged === true && !known.has(value.name) ? [value] : [],
  );
  return [...ranges, ...new Map(own.map((value) => [value.name, value])).values()];
}

/** Ranges of values of one rank stand together: they are joined without reshaping each. */
function inPackedOrder(ranges: readonly KnownValue[]): KnownValue[] {
  return [...ranges].sort((a, b) => a.dims.length - b.dims.length);
}

/** min, max of each range, by rank; then for each channel task [weight,] min[C], max[C], mean[C], mean square[C]: one vector. */
export function momentsGraph(
  model: Model,
  { ranges, channels, countElements, batch }: MomentTasks,
  padded: boolean,
) {
  const graph = new Instrument(model);
  const rowsInput = padded ? graph.input('samples', 'int64', [null]) : undefined;
  const seen = new Map<string, string>();
  const floats = ({ name, type, dims }: KnownValue): string => {
    const some = rowsInput === undefined ? name : graph.samplesOf(name, rowsInput, dims, batch);
    const value = seen.get(name) ?? graph.float(some, type);
    seen.set(name, value);
    return value;
  };
  const figuresOf = ({ value, axis, channels: count }: ChannelTask): string[] => {
    const x = floats(value);
    const figures = channelFigures(graph, x, value.dims, axis);
    if (!countElements) return figures;
    const each = graph.add('Div', [graph.add('Size', [x]), graph.whole([count])]);
    return [graph.cast(each, 'float32'), ...figures];
  };
  const ordered = inPackedOrder(ranges);
  const tasks: readonly (ChannelTask | { readonly value: KnownValue })[] = [
    ...ordered.map((value) => ({ value })),
    ...channels,
  ];
  const parts = graph.inReach(
    tasks,
    ({ value }) => value.name,
    (task) =>
      'axis' in task
        ? figuresOf(task)
        : [graph.extreme('ReduceMin', floats(task.value)), graph.extreme('ReduceMax', floats(task.value))],
  );
  const ranks = [...new Set(ordered.map(({ dims }) => dims.length))];
  const joined = ranks.map((rank) => {
    const some = parts.filter((_, i) => i < ordered.length && ordered[i].dims.length === rank).flat();
    // A scalar cannot be joined before it is a vector.
    if (rank === 0) return graph.concat(some.map((value) => graph.reshape(value, [1])));
    return graph.reshape(graph.concat(some), [-1]);
  });
  const packed = graph.concat([...joined, ...parts.slice(ordered.length).flat()]);
  graph.output(packed);
  const made = { model: graph.finish(), outputs: [packed] };
  return rowsInput === undefined ? made : { ...made, rowsInput };
}

/** Up to so many positions the largest of a channel is found faster by pooling than by reducing. */
const POOLED_POSITIONS = 64;

/**
 * min, max, mean and mean square by channel. Pooling over all positions is several times as fast here as ReduceMean over
 * the same axes, which has no fast path for a channel in the middle; reductions take some 60 ns a row of positions, so
 * that what pooling left is reduced along the samples only.
 */
function channelFigures(graph: Instrument, x: string, dims: readonly number[], axis: number): string[] {
  const others = [...dims.keys()].filter((i) => i !== axis);
  const over = (op: 'ReduceMin' | 'ReduceMax' | 'ReduceMean', of: string): string =>
    others.length === 0 ? of : graph.reduce(op, of, others);
  const pools = axis === 1 && dims.length > 2;
  const pooled = (pool: string, op: 'ReduceMax' | 'ReduceMean', of: string): string =>
    graph.reshape(graph.reduce(op, graph.add(pool, [of]), [0]), [-1]);
  const mean = (of: string): string =>
    pools ? pooled('GlobalAveragePool', 'ReduceMean', of) : over('ReduceMean', of);
  const few = pools && dims.slice(2).reduce((a, b) => a * b, 1) <= POOLED_POSITIONS;
  const max = few ? pooled('GlobalMaxPool', 'ReduceMax', x) : over('ReduceMax', x);
  return [over('ReduceMin', x), max, mean(x), mean(graph.add('Mul', [x, x]))];
}

function floatsOf(outputs: ReadonlyMap<string, HostTensor>): Float32Array {
  const [tensor] = outputs.values();
  const { bytes } = tensor;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

class ChannelSums {
  readonly #min: Float32Array;
  readonly #max: Float32Array;
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;
  /** Of the last run. */
  lastMin: Float32Array = new Float32Array(0);
  lastMax: Float32Array = new Float32Array(0);
  #weight = 0;

  constructor(count: number) {
    this.#min = new Float32Array(count).fill(Infinity);
    this.#max = new Float32Array(count).fill(-Infinity);
    this.#sum = new Float64Array(count);
    this.#squares = new Float64Array(count);
  }

  /** @param weight of the run's means; undefined = it stands first in `packed`. @returns where the next task starts */
  add(packed: Float32Array, start: number, weight: number | undefined): number {
    const count = this.#min.length;
    let at = start;
    const share = weight ?? packed[at++];
    this.#weight += share;
    this.lastMin = packed.subarray(at, at + count);
    this.lastMax = packed.subarray(at + count, at + 2 * count);
    for (let c = 0; c < count; c++) {
      this.#min[c] = Math.min(this.#min[c], packed[at + c]);
      this.#max[c] = Math.max(this.#max[c], packed[at + count + c]);
      this.#sum[c] += share * packed[at + 2 * count + c];
      this.#squares[c] += share * packed[at + 3 * count + c];
    }
    return at + 4 * count;
  }

  figures(): ChannelFigures {
    const weight = this.#weight;
    return {
      min: this.#min,
      max: this.#max,
      absmax: this.#min.map((low, c) => Math.max(Math.abs(low), Math.abs(this.#max[c]))),
      mean: Float32Array.from(this.#sum, (sum) => sum / weight),
      meanSquare: Float32Array.from(this.#squares, (sum) => sum / weight),
    };
  }
}
