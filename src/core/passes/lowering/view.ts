/**
 * How the elements of a weight are laid out in the file so that one Mul with broadcast scales decodes them, and how
 * the decoded view becomes the tensor again. It must not know operators' names or values.
 */
import { blocksPerChannel, layoutOf } from '../../tensor/encoding.ts';
import type { Granularity } from '../../tensor/encoding.ts';

export interface WeightView {
  /** `channel-major`: elements are stored as [channels, outer, inner], because a block crosses `outer`. */
  readonly order: 'natural' | 'channel-major';
  /** Shape in which codes meet scales. */
  readonly dims: readonly number[];
  /** Shape of the stored scales; broadcasts against `dims` unless `spread` is set. */
  readonly scaleDims: readonly number[];
  /** Scales are stored [blocks, channels] instead of [channels, blocks]. */
  readonly scalesTransposed: boolean;
  /** The last block of a channel is short: scales are repeated to whole blocks, flattened to two axes, cut to `dims`. */
  readonly spread?: {
    readonly repeated: readonly number[];
    readonly flat: readonly number[];
    readonly axis: 0 | 1;
    readonly length: number;
  };
  /** Reshape, then Transpose, that give the tensor's own shape back. */
  readonly back?: { readonly dims: readonly number[]; readonly perm: readonly number[] };
}

export function viewOf(granularity: Granularity, dims: readonly number[]): WeightView {
  switch (granularity.kind) {
    case 'tensor':
      return { order: 'natural', dims, scaleDims: [], scalesTransposed: false };
    case 'channel': {
      const { axis } = granularity;
      const scaleDims = [dims[axis], ...dims.slice(axis + 1).map(() => 1)];
      return { order: 'natural', dims, scaleDims, scalesTransposed: false };
    }
    case 'block':
      return blockView(dims, granularity.axis, granularity.size);
    default:
      return granularity satisfies never;
  }
}

function blockView(dims: readonly number[], axis: number, size: number): WeightView {
  const { outer, channels, inner, reduction } = layoutOf(dims, axis);
  const blocks = blocksPerChannel(reduction, size);
  const whole = reduction === blocks * size;
  if (inner === 1 && outer > 1) {
    const scaleDims = [blocks, 1, channels];
    const view = { order: 'natural' as const, scaleDims, scalesTransposed: true };
    if (whole) return { ...view, dims: [blocks, size, channels] };
    return {
      ...view,
      dims: [reduction, channels],
      spread: {
        repeated: [blocks, size, channels],
        flat: [blocks * size, channels],
        axis: 0,
        length: reduction,
      },
    };
  }
  const view = {
    order: outer === 1 ? ('natural' as const) : ('channel-major' as const),
    scaleDims: [channels, blocks, 1],
    scalesTransposed: false,
    ...(outer === 1 ? {} : { back: backFrom(dims, axis) }),
  };
  if (whole) return { ...view, dims: [channels, blocks, size] };
  return {
    ...view,
    dims: [channels, reduction],
    spread: {
      repeated: [channels, blocks, size],
      flat: [channels, blocks * size],
      axis: 1,
      length: reduction,
    },
  };
}

function backFrom(
  dims: readonly number[],
  axis: number,
): { dims: readonly number[]; perm: readonly number[] } {
  const others = dims.filter((_, i) => i !== axis);
  return {
    dims: [dims[axis], ...others],
    perm: dims.map((_, i) => (i < axis ? i + 1 : i === axis ? 0 : i)),
  };
}

export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}
