/**
 * Samples rows inside the graph, so that only they leave the runtime: patches by a depthwise convolution with one-hot
 * kernels and a wide stride, vectors by a gather. Where to look is an input and changes from run to run, so that no
 * position is favoured. It must not know layers or sums.
 *
 * Rows of a convolution at output position o are x[c, o·stride + k·dilation − pad]. Output positions offset + s·p are
 * those of a convolution with stride s·stride over x padded by pad − offset·stride (a negative pad cuts).
 */
import { floatTensor, int, ints } from '../onnx/build.ts';
import type { HostTensor } from '../onnx/graph-runner.ts';
import type { Random } from '../random.ts';
import { elementCount } from '../tensor/dtype.ts';
import type { ConvTask, GramTask, RowsTask } from './gram-tasks.ts';
import type { Instrument } from './instrumented.ts';
import type { KnownValue } from './known-values.ts';
import { wholeTensor } from './sweep.ts';

/** Most elements of the one-hot kernels of one convolution. */
const MAX_ONE_HOT = 2 ** 25;

/** One task as nodes of a graph: what must be fed for a run, and which output holds the rows. */
export interface RowSource {
  readonly output: string;
  /** @param rows samples of the run */
  feed(rows: number): readonly [name: string, tensor: HostTensor];
}

export interface RowPlan {
  readonly task: GramTask;
  /** What the task reads. */
  readonly value: KnownValue;
  /** Rows that each sample gives at most, about. */
  readonly rowsASample: number;
  build(graph: Instrument, value: string, random: Random): RowSource;
}

/**
 * @param known the task's value @param samplesInRun samples of the batch that `known` was seen on
 * @param wanted rows of each sample
 * @returns a plan, or why the rows cannot be had
 */
export function planRows(
  task: GramTask,
  known: KnownValue,
  samplesInRun: number,
  wanted: number,
): RowPlan | string {
  return task.kind === 'conv'
    ? planPatches(task, known, wanted)
    : planVectors(task, known, samplesInRun, wanted);
}

function planPatches(task: ConvTask, known: KnownValue, wanted: number): RowPlan | string {
  const { dims } = known;
  const { kernel, channels, columns, groups } = task;
  const sizes = dims.slice(2);
  if (dims.length !== kernel.length + 2 || dims[1] !== channels) {
    return `its input is [${dims.join(', ')}], which does not fit its kernel`;
  }
  const taps = elementCount(kernel);
  if (channels * taps * taps > MAX_ONE_HOT) return `its kernel of ${kernel.join('×')} is too large to sample`;
  const pads = resolvePads(task, sizes);
  const outs = sizes.map((size, i) => outputSize(task, size, pads[i] + pads[i + sizes.length], i));
  if (outs.some((out) => out < 1)) return 'its input is smaller than its kernel';
  const stride = sampleStride(outs, wanted);
  const strides = task.strides.map((s) => s * stride);
  const rowsASample = outs.reduce((count, out) => count * Math.ceil(out / stride), 1);
  return {
    task,
    value: known,
    rowsASample,
    build(graph, value, random) {
      const padsInput = graph.input('pads', 'int64', [2 * dims.length]);
      const padded = graph.add('Pad', [value, padsInput]);
      const kernels = graph.constant(
        floatTensor('', [channels * taps, 1, ...kernel], oneHot(channels, taps)),
      );
      const patches = graph.add('Conv', [padded, kernels], {
        group: int(channels),
        strides: ints(strides),
        dilations: ints(task.dilations),
        kernel_shape: ints(kernel),
      });
      // [N, channels · taps, positions …] → a row for each position.
      const perm = [0, ...kernel.map((_, i) => i + 2), 1];
      const last = graph.add('Transpose', [patches], { perm: ints(perm) });
      const output = graph.reshape(last, [-1, groups * columns]);
      graph.output(output);
      return {
        output,
        feed() {
          const offsets = outs.map((out) => Math.floor(random.next() * Math.min(stride, out)));
          const begins = offsets.map((offset, i) => pads[i] - offset * task.strides[i]);
          return [padsInput, wholeTensor([0, 0, ...begins, 0, 0, ...pads.slice(sizes.length)])];
        },
      };
    },
  };
}

/** Row c · taps + k has a one at tap k. */
function oneHot(channels: number, taps: number): Float32Array {
  const kernels = new Float32Array(channels * taps * taps);
  for (let row = 0; row < channels * taps; row++) kernels[row * taps + (row % taps)] = 1;
  return kernels;
}

const reach = ({ kernel, dilations }: ConvTask, i: number): number => (kernel[i] - 1) * dilations[i] + 1;

function outputSize(task: ConvTask, size: number, padding: number, i: number): number {
  return Math.floor((size + padding - reach(task, i)) / task.strides[i]) + 1;
}

/** Source: ONNX Conv, auto_pad: output = ⌈input / stride⌉, an odd pad at the end (upper) or at the start (lower). */
function resolvePads(task: ConvTask, sizes: readonly number[]): readonly number[] {
  const { pads } = task;
  if (pads !== 'upper' && pads !== 'lower') return pads;
  const totals = sizes.map((size, i) =>
    Math.max(0, (Math.ceil(size / task.strides[i]) - 1) * task.strides[i] + reach(task, i) - size),
  );
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total, i) => total - small[i]);
  return pads === 'upper' ? [...small, ...large] : [...large, ...small];
}

/** The widest grid that still gives `wanted` positions. */
function sampleStride(outs: readonly number[], wanted: number): number {
  const positions = (stride: number): number =>
    outs.reduce((count, out) => count * Math.ceil(out / stride), 1);
  let stride = 1;
  while (stride < Math.max(...outs) && positions(stride + 1) >= wanted) stride++;
  return stride;
}

function planVectors(
  task: RowsTask,
  known: KnownValue,
  samplesInRun: number,
  wanted: number,
): RowPlan | string {
  const { dims } = known;
  const rank = dims.length;
  const axis = task.transposed ? rank - 2 : rank - 1;
  if (axis < 0 || dims[axis] !== task.columns) {
    return `its input is [${dims.join(', ')}], which has no axis of ${task.columns} where it is expected`;
  }
  const there = elementCount(dims) / task.columns / samplesInRun;
  const rowsASample = Math.min(wanted, there);
  return {
    task,
    value: known,
    rowsASample,
    build(graph, value, random) {
      const perm = [...dims.slice(2).keys(), rank - 1, rank - 2];
      const facing = task.transposed ? graph.add('Transpose', [value], { perm: ints(perm) }) : value;
      const rows = graph.reshape(facing, [-1, task.columns]);
      const places = graph.input('places', 'float32', [null]);
      const count = graph.cast(
        graph.add('Gather', [graph.add('Shape', [rows]), graph.whole([0])]),
        'float32',
      );
      // A whole number below the count: places are below 1, and casting cuts.
      const at = graph.cast(graph.add('Mul', [places, count]), 'int64');
      const output = graph.add('Gather', [rows, at], { axis: int(0) });
      graph.output(output);
      return {
        output,
        feed(samples) {
          const wantedHere = Math.ceil(rowsASample * samples);
          const all = Math.round(there * samples);
          return [places, placesOf(Math.min(wantedHere, all), all, random)];
        },
      };
    },
  };
}

/** One place in each of `count` equal parts of [0, 1); the middle of each where there is one for every row. */
function placesOf(count: number, all: number, random: Random): HostTensor {
  const places = Float32Array.from({ length: count }, (_, i) => {
    const within = count === all ? 0.5 : random.next();
    return Math.min((i + within) / count, ALMOST_ONE);
  });
  return { dataType: 'float32', dims: [count], bytes: new Uint8Array(places.buffer) };
}

/** place · rows stays below rows in float32 up to 2^22 rows. */
const ALMOST_ONE = 1 - 2 ** -23;
