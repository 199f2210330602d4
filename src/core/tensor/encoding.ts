/**
 * A compressed weight as data: codes, scales, mask. Passes write it, lowering turns it into ONNX operators for a
 * target, metrics decode it. It must not know graphs.
 *
 * Value of element i: 0 where the mask says pruned, else (code_i − zeroPoint_g) · scale_g, g the group of i.
 */

export const PRECISIONS = ['fp32', 'fp16', 'int8', 'int4'] as const;
export type Precision = (typeof PRECISIONS)[number];

/**
 * How elements share a scale. The tensor is read as [rows, columns] around `axis`:
 * - tensor: one scale;
 * - channel: one scale per index of `axis` (the output channel);
 * - block: `size` consecutive elements along the flattened reduction dimension of one output channel.
 */
export type Granularity =
  | { readonly kind: 'tensor' }
  | { readonly kind: 'channel'; readonly axis: number }
  | { readonly kind: 'block'; readonly axis: number; readonly size: number };

/** How the weight is written to the file. */
export interface WeightStorage {
  /** `decode-at-load`: standard operators over constants that the runtime folds once, when the session is made. */
  readonly form: 'decode-at-load' | 'dequantize-linear';
  /** `bitmask`: one bit an element and only the kept values. Needs a mask. */
  readonly sparse: 'dense' | 'bitmask';
}

export interface WeightEncoding {
  readonly precision: Precision;
  /** Signed codes need no zero point. */
  readonly signed: boolean;
  /**
   * Dense codes in the tensor's own row-major order, one element each, pruned positions included:
   * fp32 → Float32Array, fp16 → Uint16Array (bit patterns), int8/int4 → Int8Array or Uint8Array (int4: −8..7 or
   * 0..15, not packed). Never written to after the encoding was made.
   */
  readonly codes: Float32Array | Uint16Array | Int8Array | Uint8Array;
  /** One per group, group-major as `granularity` says. Absent for fp32 and fp16. */
  readonly scales?: Float32Array;
  /** One per group, same sign as the codes. Absent = symmetric. */
  readonly zeroPoints?: Int8Array | Uint8Array;
  readonly granularity: Granularity;
  /** Bit i (least significant first) = 1 where element i is kept. Absent = nothing pruned. */
  readonly mask?: Uint8Array;
  /** Number of kept elements; equals the element count without a mask. */
  readonly kept: number;
  readonly storage: WeightStorage;
}
