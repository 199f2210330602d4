/**
 * How long layers take in floats and in integers on a device, from a handful of constants. Pure numbers; the page runs it
 * too. It must not know graphs, recipes or runtimes.
 *
 * Floats: outputs · K / floatMacs. Integers: outputs · (K / integerMacs + requantize), more where a Relu follows (half of
 * the results are clamped, with branches that nobody can predict), and for a product the weights once (with few rows that
 * is most of it). Depthwise convolutions cost by the output element, in
 * floats by the row as well (the kernel starts anew at each). Where floats and integers meet:
 * quantize or dequantize each element, and for convolutions move it to the order NHWC or back.
 * The form follows onnxruntime's WASM kernels (MLAS sgemm and qgemm, QLinearConv); bench/cost-model.ts compares it with
 * whole networks.
 */
import type { DeviceSpeed } from './types.ts';

export type LayerKind = 'convolution' | 'depthwise' | 'product' | 'other';

/** One layer's work in one run. */
export interface LayerWork {
  readonly layer: string;
  readonly kind: LayerKind;
  /** K: products in one output element. */
  readonly fanIn: number;
  /** Elements that it writes and reads. */
  readonly outputs: number;
  readonly inputs: number;
  readonly weights: number;
  /** Rows of output planes, of all channels together. Absent = not known, none. */
  readonly rows?: number;
  /** A Relu or Clip follows, which integers do by clamping. Absent = not known: as usual behind convolutions. */
  readonly rectified?: boolean;
  /** Elements of sums, averages and the like between the layers that feed it and this one. */
  readonly joined?: number;
}

/** Layers and what flows between them, through operators that compute on codes as well. */
export interface WorkGraph {
  readonly layers: readonly LayerWork[];
  /** Indices of layers whose outputs a layer reads; −1 = something that is no layer, floats in any case. */
  readonly feeds: readonly (readonly number[])[];
  /** Elements that everything else writes, in floats in any case. */
  readonly rest: number;
}

/** Where no device was measured: the constants of a common laptop, to name a break-even with. */
const USUAL_BREAK_EVEN = 140;

/** A 3×3 window: what depthwise constants are for. */
const DEPTHWISE_TAPS = 9;

export function floatNanos(work: LayerWork, speed: DeviceSpeed): number {
  if (work.kind === 'depthwise') {
    const rows = (work.rows ?? 0) * (speed.depthwiseFloatRowNanos ?? 0);
    return ((work.outputs * speed.depthwiseFloatNanos + rows) * work.fanIn) / DEPTHWISE_TAPS;
  }
  return nanosOf(work.outputs * work.fanIn, speed.floatMacs);
}

/** Infinite for what has no integer kernel. */
export function integerNanos(work: LayerWork, speed: DeviceSpeed): number {
  switch (work.kind) {
    case 'depthwise':
      return (
        (work.outputs * speed.depthwiseIntegerNanos * work.fanIn) / DEPTHWISE_TAPS + rectifyNanos(work, speed)
      );
    case 'convolution':
    case 'product':
      return (
        nanosOf(work.outputs * work.fanIn, speed.integerMacs) +
        work.outputs * speed.requantizeNanos +
        rectifyNanos(work, speed) +
        (work.kind === 'product' ? work.weights * (speed.integerWeightNanos ?? 0) : 0)
      );
    case 'other':
      return Infinity;
    default:
      return work.kind satisfies never;
  }
}

function rectifyNanos({ kind, outputs, rectified }: LayerWork, speed: DeviceSpeed): number {
  return (rectified ?? kind !== 'product') ? outputs * (speed.rectifyNanos ?? 0) : 0;
}

/** From floats to the codes that a layer reads. */
export function enterNanos(work: LayerWork, speed: DeviceSpeed): number {
  return work.inputs * (speed.quantizeNanos + moveNanos(work, speed));
}

/** Sums and averages in front of a layer, when codes come in and codes are wanted. */
export function joinNanos(work: LayerWork, speed: DeviceSpeed): number {
  return (work.joined ?? 0) * (speed.joinNanos ?? 0);
}

/** From the codes that a layer writes to floats. */
export function leaveNanos(work: LayerWork, speed: DeviceSpeed): number {
  return work.outputs * (speed.dequantizeNanos + moveNanos(work, speed));
}

function moveNanos({ kind }: LayerWork, speed: DeviceSpeed): number {
  return kind === 'product' ? 0 : speed.transposeNanos;
}

function nanosOf(macs: number, perSecond: number): number {
  return (1e9 * macs) / perSecond;
}

/**
 * K from which a dense layer among integer layers is as fast in integers: below it requantizing costs more than shorter
 * products save. With a Relu behind it, as most have. Infinity where integers are never faster.
 */
export function breakEvenFanIn(speed: DeviceSpeed | null): number {
  if (speed === null) return USUAL_BREAK_EVEN;
  const saved = 1e9 / speed.floatMacs - 1e9 / speed.integerMacs;
  return saved <= 0 ? Infinity : (speed.requantizeNanos + (speed.rectifyNanos ?? 0)) / saved;
}

export interface LayerTime {
  readonly layer: string;
  readonly floatNanos: number;
  /** As chosen, without borders. */
  readonly nanos: number;
  /** Borders that this layer pays. */
  readonly borderNanos: number;
}

export interface TimedChoice {
  readonly layers: readonly LayerTime[];
  readonly floatNanos: number;
  readonly nanos: number;
}

/**
 * @param integer by index of the graph's layers: computes in integers.
 * @param measured nanoseconds of layers in floats, from a profile; they stand for the model's own.
 */
export function timeOf(
  graph: WorkGraph,
  integer: readonly boolean[],
  speed: DeviceSpeed,
  measured?: ReadonlyMap<string, number>,
): TimedChoice {
  const leaves = leaving(graph, integer);
  let floats = graph.rest * (speed.elementwiseNanos ?? speed.dequantizeNanos) + (speed.runNanos ?? 0);
  let chosen = floats;
  const layers = graph.layers.map((work, i): LayerTime => {
    const predicted = floatNanos(work, speed);
    const own = measured?.get(work.layer) ?? predicted;
    let nanos = own;
    let borderNanos = 0;
    if (integer[i]) {
      // What a profile says of floats holds in the same proportion for integers.
      nanos = predicted > 0 ? (integerNanos(work, speed) * own) / predicted : integerNanos(work, speed);
      if (graph.feeds[i].some((from) => from < 0 || !integer[from]) || graph.feeds[i].length === 0)
        borderNanos += enterNanos(work, speed);
      else borderNanos += joinNanos(work, speed);
      if (leaves[i]) borderNanos += leaveNanos(work, speed);
    }
    floats += own;
    chosen += nanos + borderNanos;
    return { layer: work.layer, floatNanos: own, nanos, borderNanos };
  });
  return { layers, floatNanos: floats, nanos: chosen };
}

/** Layers whose codes something reads as floats: a float layer, or nothing but the output. */
function leaving(graph: WorkGraph, integer: readonly boolean[]): boolean[] {
  const readers: number[][] = graph.layers.map(() => []);
  graph.feeds.forEach((feeds, to) => {
    for (const from of feeds) if (from >= 0) readers[from].push(to);
  });
  return readers.map((to) => to.length === 0 || to.some((i) => !integer[i]));
}
