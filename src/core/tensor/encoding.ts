/**
 * A compressed weight as data: codes, scales, mask. Passes write it, lowering turns it into ONNX operators for a
 * target, metrics decode it (decode.ts). It must not know graphs.
 *
 * Value of element i: 0 where the mask says pruned, else (code_i − zeroPoint_g) · scale_g, g the group of i; of a palette
 * codebook[code_i] · scale_g.
 */
import { elementCount } from './dtype.ts';

export const PRECISIONS = [
  'fp32',
  'fp16',
  'int8',
  'int4',
  'int3',
  'int2',
  'palette16',
  'palette64',
  'palette256',
] as const;
export type Precision = (typeof PRECISIONS)[number];
export type IntegerPrecision = 'int8' | 'int4' | 'int3' | 'int2';
export type PalettePrecision = 'palette16' | 'palette64' | 'palette256';
export type CodePrecision = IntegerPrecision | PalettePrecision;

const CODE_BITS = {
  int8: 8,
  int4: 4,
  int3: 3,
  int2: 2,
  palette16: 4,
  palette64: 6,
  palette256: 8,
} as const satisfies Readonly<Record<CodePrecision, number>>;
export type CodeBits = (typeof CODE_BITS)[CodePrecision];

/** Bits of a stored code. */
export function codeBits(precision: CodePrecision): CodeBits {
  return CODE_BITS[precision];
}

export function isPalette(precision: Precision): precision is PalettePrecision {
  return precision === 'palette16' || precision === 'palette64' || precision === 'palette256';
}

/** Whether values are codes with scales, not floats. */
export function hasCodes(precision: Precision): precision is CodePrecision {
  return precision !== 'fp32' && precision !== 'fp16';
}

/**
 * How elements share a scale. The tensor is read around its output-channel `axis` as [outer, channels, inner]:
 * - tensor: one scale;
 * - channel: one scale per index of `axis`;
 * - block: `size` consecutive elements along the flattened reduction dimension (outer, inner) of one output channel;
 *   the last block of a channel may be short.
 */
export type Granularity =
  | { readonly kind: 'tensor' }
  | { readonly kind: 'channel'; readonly axis: number }
  | { readonly kind: 'block'; readonly axis: number; readonly size: number };

/** How the weight is written to the file. */
export interface WeightStorage {
  /**
   * `decode-at-load`: standard operators over constants that the runtime folds once, when the session is made.
   * `matmul-nbits`: com.microsoft.MatMulNBits in place of the MatMul or Gemm that reads the weight.
   */
  readonly form: 'decode-at-load' | 'dequantize-linear' | 'matmul-nbits';
  /** `bitmask`: one bit an element and only the kept values. Needs a mask. `auto`: whichever is smaller. */
  readonly sparse: 'dense' | 'bitmask' | 'auto';
  /** Of MatMulNBits: the least precision in which products are summed; 4 = 8-bit integers, absent = that of the inputs. */
  readonly accuracyLevel?: 4;
}

/** What decides the size of an encoded weight: everything but the values. Enough to predict its bytes. */
export interface EncodingShape {
  readonly precision: Precision;
  /** Signed codes need no zero point. */
  readonly signed: boolean;
  readonly granularity: Granularity;
  /** What a scale takes in the file. float16: scale = half · 2^scaleExponent, exactly. */
  readonly scaleType: 'float32' | 'float16';
  /** Zero points are halves and need not be whole. Absent: bytes. */
  readonly zeroType?: 'float16';
  readonly masked: boolean;
  /** Number of kept elements; equals the element count without a mask. */
  readonly kept: number;
  readonly storage: WeightStorage;
}

export interface WeightEncoding extends EncodingShape {
  /**
   * Dense codes in the tensor's own row-major order, one element each, pruned positions included (they decode to 0):
   * fp32 → Float32Array, fp16 → Uint16Array (bit patterns), integers → Int8Array or Uint8Array (int4: −8..7 or
   * 0..15, not packed), palettes → Uint8Array. Never written to after the encoding was made.
   */
  readonly codes: Float32Array | Uint16Array | Int8Array | Uint8Array;
  /**
   * One per group: [1], [channels] or [channels · blocks of a channel], channel-major. Absent for fp32 and fp16.
   * May be negative with signed codes below 8 bits: −8..7 reaches one step further on the side that needs it.
   */
  readonly scales?: Float32Array;
  /** Of a palette: one value a code, each exactly a half; the first is 0, what pruned elements read. */
  readonly codebook?: Float32Array;
  /** Power of two that float16 scales are stored relative to; 0 for float32 scales. */
  readonly scaleExponent: number;
  /** One per group, unsigned like the codes; floats (exact halves) where `zeroType` says so. Absent = symmetric. */
  readonly zeroPoints?: Uint8Array | Float32Array;
  /** Bit i (least significant first) = 1 where element i is kept. Absent = nothing pruned. */
  readonly mask?: Uint8Array;
}

/** A tensor read around an axis: element (o, c, i) stands at (o · channels + c) · inner + i. */
export interface AxisLayout {
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
  /** outer · inner: elements of one channel. */
  readonly reduction: number;
}

/** @param axis output-channel axis of a tensor of shape `dims`. */
export function layoutOf(dims: readonly number[], axis: number): AxisLayout {
  const outer = elementCount(dims.slice(0, axis));
  const inner = elementCount(dims.slice(axis + 1));
  return { outer, channels: dims[axis], inner, reduction: outer * inner };
}

/** Blocks along one channel's reduction. */
export function blocksPerChannel(reduction: number, size: number): number {
  return Math.ceil(reduction / size);
}

/** How many scales a tensor of shape `dims` has. */
export function groupCount(granularity: Granularity, dims: readonly number[]): number {
  switch (granularity.kind) {
    case 'tensor':
      return 1;
    case 'channel':
      return dims[granularity.axis];
    case 'block': {
      const { channels, reduction } = layoutOf(dims, granularity.axis);
      return channels * blocksPerChannel(reduction, granularity.size);
    }
    default:
      return granularity satisfies never;
  }
}

/** Runs of neighbouring elements (start, end exclusive) that share group g. */
export function forEachGroupRun(
  granularity: Granularity,
  dims: readonly number[],
  visit: (start: number, end: number, g: number) => void,
): void {
  if (granularity.kind === 'tensor') {
    visit(0, elementCount(dims), 0);
    return;
  }
  const { outer, channels, inner, reduction } = layoutOf(dims, granularity.axis);
  const size = granularity.kind === 'block' ? granularity.size : Math.max(1, reduction);
  const blocks = Math.max(1, blocksPerChannel(reduction, size));
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < channels; c++) {
      const start = (o * channels + c) * inner;
      for (let i = 0; i < inner;) {
        const block = Math.floor((o * inner + i) / size);
        const end = Math.min(inner, (block + 1) * size - o * inner);
        visit(start + i, start + end, c * blocks + block);
        i = end;
      }
    }
  }
}

/** Smallest and largest code of an integer precision. int8 leaves −128 out, so that the range is symmetric. */
export function codeRange(precision: IntegerPrecision, signed: boolean): { low: number; high: number } {
  const levels = 2 ** codeBits(precision);
  if (!signed) return { low: 0, high: levels - 1 };
  return precision === 'int8' ? { low: -127, high: 127 } : { low: -levels / 2, high: levels / 2 - 1 };
}

/** For a table's cell: 'int8 ch', 'int4 b32', 'palette16 ch', 'fp16'. */
export function precisionLabel(shape: Pick<EncodingShape, 'precision' | 'granularity'>): string {
  if (shape.precision === 'fp32' || shape.precision === 'fp16') return shape.precision;
  switch (shape.granularity.kind) {
    case 'tensor':
      return shape.precision;
    case 'channel':
      return `${shape.precision} ch`;
    case 'block':
      return `${shape.precision} b${shape.granularity.size}`;
    default:
      return shape.granularity satisfies never;
  }
}
