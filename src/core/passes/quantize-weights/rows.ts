/**
 * A weight as a matrix: one row an output channel, or one row a group of weights that share a scale, and back. It must
 * not know how rows are quantized.
 */
import { blocksPerChannel, layoutOf } from '../../tensor/encoding.ts';
import type { Granularity } from '../../tensor/encoding.ts';

export interface Rows {
  readonly values: Float32Array;
  readonly count: number;
  readonly columns: number;
  /** Columns of a channel's last row that are weights; fewer than all where its last block is short. */
  readonly lastColumns: number;
  /** Rows of a channel. */
  readonly perChannel: number;
}

/** Columns of row r that are weights. */
export function usedColumns({ columns, lastColumns, perChannel }: Rows, r: number): number {
  return (r + 1) % perChannel === 0 ? lastColumns : columns;
}

/** One row a group; short last blocks are filled with zeros, which change neither range nor error. */
export function toRows(values: Float32Array, dims: readonly number[], granularity: Granularity): Rows {
  if (granularity.kind === 'tensor') {
    return { values, count: 1, columns: values.length, lastColumns: values.length, perChannel: 1 };
  }
  const layout = layoutOf(dims, granularity.axis);
  const { channels, reduction } = layout;
  const matrix = layout.outer === 1 ? values : channelMajor(values, layout, new Float32Array(values.length));
  if (granularity.kind === 'channel') {
    return { values: matrix, count: channels, columns: reduction, lastColumns: reduction, perChannel: 1 };
  }
  const { size } = granularity;
  const blocks = blocksPerChannel(reduction, size);
  const shape = {
    count: channels * blocks,
    columns: size,
    lastColumns: reduction - (blocks - 1) * size,
    perChannel: blocks,
  };
  if (reduction === blocks * size) return { values: matrix, ...shape };
  const padded = new Float32Array(channels * blocks * size);
  for (let c = 0; c < channels; c++) {
    padded.set(matrix.subarray(c * reduction, (c + 1) * reduction), c * blocks * size);
  }
  return { values: padded, ...shape };
}

type Codes = Int8Array | Uint8Array;

export function fromRows(codes: Codes, dims: readonly number[], granularity: Granularity): Codes {
  if (granularity.kind === 'tensor') return codes;
  const layout = layoutOf(dims, granularity.axis);
  const { channels, reduction } = layout;
  let matrix = codes;
  if (granularity.kind === 'block' && reduction % granularity.size !== 0) {
    const padded = blocksPerChannel(reduction, granularity.size) * granularity.size;
    matrix = sameKind(codes, channels * reduction);
    for (let c = 0; c < channels; c++) {
      matrix.set(codes.subarray(c * padded, c * padded + reduction), c * reduction);
    }
  }
  if (layout.outer === 1) return matrix;
  const out = sameKind(codes, channels * reduction);
  forEachRun(layout, (natural, major) => {
    for (let i = 0; i < layout.inner; i++) out[natural + i] = matrix[major + i];
  });
  return out;
}

function sameKind(like: Codes, length: number): Codes {
  return like instanceof Int8Array ? new Int8Array(length) : new Uint8Array(length);
}

type Layout = ReturnType<typeof layoutOf>;

/** Start of each inner run in row-major order and in channel-major order. */
function forEachRun(layout: Layout, visit: (natural: number, major: number) => void): void {
  const { outer, channels, inner, reduction } = layout;
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < channels; c++) visit((o * channels + c) * inner, c * reduction + o * inner);
  }
}

function channelMajor(values: Float32Array, layout: Layout, out: Float32Array): Float32Array {
  const { inner } = layout;
  forEachRun(layout, (natural, major) => {
    for (let i = 0; i < inner; i++) out[major + i] = values[natural + i];
  });
  return out;
}

/** [channels, reduction], whatever the axis: what Gram matrices are for. A view where the order is that already. */
export function channelRows(values: Float32Array, dims: readonly number[], axis: number): Float32Array {
  const layout = layoutOf(dims, axis);
  return layout.outer === 1 ? values : channelMajor(values, layout, new Float32Array(values.length));
}

/** Codes of [channels, reduction] in the order of the tensor. */
export function fromChannelRows(codes: Codes, dims: readonly number[], axis: number): Codes {
  return fromRows(codes, dims, { kind: 'channel', axis });
}
