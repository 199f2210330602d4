/**
 * One weight into its encoding, by the method that was asked for or that suits it: nearest codes, HQQ, second-order
 * rounding on second moments of the inputs, descent on assumed inputs, palettes. It must not know graphs.
 */
import type { LayerGram } from '../../calibration/types.ts';
import { decodeWeight } from '../../tensor/decode.ts';
import type { DataType } from '../../tensor/dtype.ts';
import { codeBits, isPalette, layoutOf } from '../../tensor/encoding.ts';
import type { IntegerPrecision, PalettePrecision, WeightEncoding } from '../../tensor/encoding.ts';
import type { KernelSet } from '../../tensor/kernel-set.ts';
import { chooseGrids, nearestCodes, stored } from './algorithm.ts';
import type { Grids, QuantizeSpec } from './algorithm.ts';
import { affineCodec, paletteCodec } from './codec.ts';
import type { Codec } from './codec.ts';
import { descendAssumed, descendDense } from './descend.ts';
import type { Matrix } from './descend.ts';
import { hqq } from './hqq.ts';
import { palettize } from './palette.ts';
import type { Method, QuantizePlan } from './plan.ts';
import { channelRows, fromChannelRows, toRows } from './rows.ts';
import { damped, gramProblem, relativeOutputError, secondOrderCodes } from './second-order.ts';

/** What was done in the end. */
export type DoneMethod = Method | 'assumed';

export interface EncodeTask {
  readonly values: Float32Array;
  readonly dims: readonly number[];
  readonly dataType: DataType;
  readonly axis: number | undefined;
  readonly plan: QuantizePlan & { readonly precision: IntegerPrecision | PalettePrecision };
  readonly masked: boolean;
  /** Second moments of its inputs, where they were asked for. */
  readonly gram: LayerGram | undefined;
  /** Columns of one kernel where a convolution reads it; undefined: nothing is assumed of its inputs. */
  readonly kernel: number | undefined;
}

export interface Encoded {
  readonly part: Pick<WeightEncoding, 'codes' | 'scales' | 'scaleExponent' | 'zeroPoints' | 'codebook'>;
  readonly method: DoneMethod;
  /** Where moments were at hand. */
  readonly outputError?: number;
  readonly note?: string;
}

type Pause = () => Promise<void>;

export async function encodeCodes(task: EncodeTask, kernels: KernelSet, pause: Pause): Promise<Encoded> {
  const { plan, gram } = task;
  const { method: suited, note } = methodFor(task);
  const found = isPalette(plan.precision)
    ? await encodePalette(task, suited, pause)
    : await encodeIntegers({ ...task, precision: plan.precision }, suited, kernels, pause);
  const { part, method } = found;
  const notes = [note, found.note].filter((one) => one !== undefined);
  await pause();
  const error = gram === undefined ? undefined : await outputErrorOf(task, part, gram, pause);
  return {
    part,
    method,
    ...(error === undefined ? {} : { outputError: error }),
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  };
}

/** Whether second-order methods can be had is known only now. */
function methodFor({ plan, gram, masked, kernel, axis }: EncodeTask): { method: DoneMethod; note?: string } {
  const asked = plan.method;
  if (asked === 'nearest') return { method: 'nearest' };
  if (asked === 'hqq') {
    if (!isPalette(plan.precision) && !plan.signed) return { method: 'hqq' };
    return { method: 'nearest', note: 'HQQ needs zero points: nearest codes' };
  }
  if (masked) {
    return asked === 'auto'
      ? { method: 'nearest' }
      : { method: 'nearest', note: 'pruned weights cannot make up for errors: nearest codes' };
  }
  if (gram !== undefined) return { method: asked === 'auto' ? 'gptq-descent' : asked };
  if (asked !== 'auto' || codeBits(plan.precision) === 8) return { method: 'nearest' };
  return { method: kernel === undefined || axis === undefined ? 'nearest' : 'assumed' };
}

/** Channels × reduction, and how groups lie in it. */
interface Layout {
  readonly matrix: Matrix;
  readonly axis: number;
  readonly size: number;
  readonly groups: number;
  readonly shared: boolean;
}

function layoutFor({ values, dims, axis, plan }: EncodeTask): Layout | undefined {
  if (axis === undefined) return undefined;
  const { channels, reduction } = layoutOf(dims, axis);
  const { granularity } = plan;
  const size = granularity.kind === 'block' ? granularity.size : reduction;
  return {
    matrix: { values: channelRows(values, dims, axis), rows: channels, columns: reduction },
    axis,
    size,
    groups: Math.ceil(reduction / size),
    shared: granularity.kind === 'tensor',
  };
}

/** Codes, and the method that they were really found by. */
type Codes = Pick<Encoded, 'part' | 'method' | 'note'>;

async function encodeIntegers(
  task: EncodeTask & { readonly precision: IntegerPrecision },
  method: DoneMethod,
  kernels: KernelSet,
  pause: Pause,
): Promise<Codes> {
  const { values, dims, plan, precision, gram } = task;
  if (method === 'hqq') {
    const part = await hqq(values, dims, { ...plan, precision }, plan.zeroType === undefined, pause);
    return { part, method };
  }
  const twoSided =
    plan.signed && precision !== 'int8' && plan.clip === 'mse' && plan.form !== 'dequantize-linear';
  // The nearest codes of int4 do better with one side: turned scales shift the mean of a channel's weights.
  const spec: QuantizeSpec = {
    ...plan,
    precision,
    twoSided: twoSided && (method !== 'nearest' || precision !== 'int4'),
  };
  const rows = toRows(values, dims, plan.granularity);
  const grids = await chooseGrids(rows, spec, kernels, pause);
  await pause();
  const nearest = await nearestCodes(rows, dims, plan.granularity, grids, kernels);
  const layout = method === 'nearest' ? undefined : layoutFor(task);
  if (layout === undefined) return { part: stored(nearest, grids, dims, spec), method: 'nearest' };
  const { axis, matrix } = layout;
  let codes = toChannelRows(nearest, dims, axis);
  let done: Pick<Codes, 'method' | 'note'> = { method };
  if (method === 'assumed') {
    await descendAssumed(matrix, codes, codecFor(grids, layout), task.kernel ?? 1, pause);
  } else if (gram !== undefined && method !== 'nearest') {
    const { size, groups, shared } = layout;
    const found = await secondOrderCodes(
      { matrix, grids, size, groups, shared, nearest: codes, gram, method },
      kernels,
      pause,
    );
    codes = found.codes;
    done = { method: found.method, ...(found.note === undefined ? {} : { note: found.note }) };
  }
  return { part: stored(fromChannelRows(codes, dims, axis) as Int8Array, grids, dims, spec), ...done };
}

function codecFor(grids: Grids, { size, groups, shared, matrix }: Layout): Codec {
  return shared ? affineCodec(oneRow(grids, matrix.rows), size, groups) : affineCodec(grids, size, groups);
}

/** The one grid of a tensor for each of its rows. */
function oneRow(grids: Grids, rows: number): Grids {
  return {
    ...grids,
    scales: new Float32Array(rows).fill(grids.scales[0]),
    zeroPoints: grids.zeroPoints === undefined ? undefined : new Int32Array(rows).fill(grids.zeroPoints[0]),
  };
}

function toChannelRows(codes: Int8Array, dims: readonly number[], axis: number): Int8Array {
  const { outer, channels, inner, reduction } = layoutOf(dims, axis);
  if (outer === 1) return codes.slice();
  const out = new Int8Array(codes.length);
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < channels; c++) {
      const from = (o * channels + c) * inner;
      out.set(codes.subarray(from, from + inner), c * reduction + o * inner);
    }
  }
  return out;
}

/** Descent on a palette needs a row's products at every step in plain code. */
const MOST_PALETTE_COLUMNS = 1152;

async function encodePalette(task: EncodeTask, method: DoneMethod, pause: Pause): Promise<Codes> {
  const { values, dims, plan, gram } = task;
  const precision = plan.precision as PalettePrecision;
  const first = await palettize(values, dims, { ...plan, precision }, pause);
  const layout = method === 'nearest' || method === 'hqq' ? undefined : layoutFor(task);
  if (layout === undefined) return { part: first, method: 'nearest' };
  const { axis, matrix, size, groups, shared } = layout;
  if (method !== 'assumed' && matrix.columns > MOST_PALETTE_COLUMNS) {
    const note = 'too many inputs to a channel for descent on a palette: nearest codes';
    return { part: first, method: 'nearest', note };
  }
  const scales = shared ? new Float32Array(matrix.rows).fill(first.scales[0]) : first.scales;
  const codec = paletteCodec(first.codebook, scales, size, groups);
  const codes = Uint8Array.from(toChannelRows(new Int8Array(first.codes.buffer), dims, axis), (c) => c & 255);
  if (method === 'assumed') await descendAssumed(matrix, codes, codec, task.kernel ?? 1, pause);
  else if (gram !== undefined) await descendGroups(matrix, codes, codec, gram, pause);
  const part = { ...first, codes: fromChannelRows(codes, dims, axis) as Uint8Array };
  if (method === 'assumed') return { part, method };
  // GPTQ needs grids of equal steps: a palette has none, whatever was asked for.
  const asked = plan.method === 'auto' || plan.method === 'descent';
  return { part, method: 'descent', ...(asked ? {} : { note: 'a palette has no GPTQ: descent alone' }) };
}

async function descendGroups(
  { values, rows, columns }: Matrix,
  codes: Uint8Array,
  codec: Codec,
  gram: LayerGram,
  pause: Pause,
): Promise<void> {
  const each = rows / gram.groups;
  for (let g = 0; g < gram.groups; g++) {
    const h = damped(gram.values.subarray(g * columns * columns, (g + 1) * columns * columns), columns);
    const from = g * each;
    const part = values.subarray(from * columns, (from + each) * columns);
    const shifted: Codec = {
      nearest: (row, column, x) => codec.nearest(from + row, column, x),
      value: (row, column, code) => codec.value(from + row, column, code),
    };
    await descendDense(
      { values: part, rows: each, columns },
      codes.subarray(from * columns, (from + each) * columns),
      shifted,
      h,
      pause,
    );
  }
}

async function outputErrorOf(
  { values, dims, dataType, axis, plan, masked }: EncodeTask,
  part: Encoded['part'],
  gram: LayerGram,
  pause: Pause,
): Promise<number | undefined> {
  if (axis === undefined) return undefined;
  const { channels, reduction } = layoutOf(dims, axis);
  const encoding: WeightEncoding = {
    ...plan,
    ...part,
    masked,
    kept: values.length,
    storage: { form: plan.form, sparse: 'dense' },
  };
  const matrix = { values: channelRows(values, dims, axis), rows: channels, columns: reduction };
  return relativeOutputError(
    matrix,
    channelRows(decodeWeight(encoding, dims, dataType), dims, axis),
    gram,
    pause,
  );
}

/** Why the moments of a layer's inputs cannot be used for it; undefined = they can. */
export function momentsProblem(gram: LayerGram, dims: readonly number[], axis: number): string | undefined {
  const { channels, reduction } = layoutOf(dims, axis);
  return gramProblem(gram, channels, reduction);
}
