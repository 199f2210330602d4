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
  readonly channels: readonly ChannelFigures[];
  readonly samples: number;
}

/** @throws PareError `runtime-refused` when the runtime cannot compute them all */
export async function sweepMoments(
  host: SweepHost,
  model: Model,
  tasks: MomentTasks,
  checkpoint: Checkpoint,
): Promise<Moments> {
  const ranges = tasks.ranges.map(() => ({ min: Infinity, max: -Infinity }));
  const channels = tasks.channels.map(({ channels: count }) => new ChannelSums(count));
  const samples = await sweepSamples(
    host,
    {
      base: model,
      graph: (padded) => momentsGraph(model, tasks, padded),
      take(outputs, rows) {
        const packed = floatsOf(outputs);
        let at = 0;
        for (const range of ranges) {
          range.min = Math.min(range.min, packed[at++]);
          range.max = Math.max(range.max, packed[at++]);
        }
        for (const sums of channels) at = sums.add(packed, at, tasks.countElements ? undefined : rows);
        if (at !== packed.length) throw new PareError('internal', `${packed.length} figures for ${at}.`);
      },
    },
    checkpoint,
  );
  return { ranges, channels: channels.map((sums) => sums.figures()), samples };
}

/** min, max of each range; then for each channel task [weight,] min[C], max[C], mean[C], mean square[C]: one vector. */
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
  const rangeOf = ({ value }: { readonly value: KnownValue }): string[] => {
    const x = floats(value);
    return (['ReduceMin', 'ReduceMax'] as const).map((op) => graph.reshape(graph.reduce(op, x), [1]));
  };
  const figuresOf = ({ value, axis, channels: count }: ChannelTask): string[] => {
    const x = floats(value);
    const figures = channelFigures(graph, x, value.dims.length, axis);
    if (!countElements) return figures;
    const each = graph.add('Div', [graph.add('Size', [x]), graph.whole([count])]);
    return [graph.cast(each, 'float32'), ...figures];
  };
  const tasks: readonly (ChannelTask | { readonly value: KnownValue })[] = [
    ...ranges.map((value) => ({ value })),
    ...channels,
  ];
  const parts = graph
    .inReach(
      tasks,
      ({ value }) => value.name,
      (task) => ('axis' in task ? figuresOf(task) : rangeOf(task)),
    )
    .flat();
  const packed = graph.concat(parts);
  graph.output(packed);
  const made = { model: graph.finish(), outputs: [packed] };
  return rowsInput === undefined ? made : { ...made, rowsInput };
}

/**
 * min, max, mean and mean square by channel. Pooling over all positions is several times as fast here as ReduceMean over
 * the same axes, which has no fast path for a channel in the middle.
 */
function channelFigures(graph: Instrument, x: string, rank: number, axis: number): string[] {
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  const over = (op: 'ReduceMin' | 'ReduceMax' | 'ReduceMean', of: string): string =>
    others.length === 0 ? of : graph.reduce(op, of, others);
  const mean = (of: string): string =>
    over('ReduceMean', axis === 1 && rank > 2 ? graph.add('GlobalAveragePool', [of]) : of);
  return [over('ReduceMin', x), over('ReduceMax', x), mean(x), mean(graph.add('Mul', [x, x]))];
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
