/**
 * What number crunching the passes may ask for. The core knows only this interface; src/kernels implements it three
 * times (plain TypeScript, the specification; WASM SIMD; WebGPU) and one conformance suite holds them together.
 *
 * Every kernel here is bit-exact across backends, so that one recipe gives one file everywhere. Where a sum is
 * involved its order is part of the specification. Matrices are row-major: `rows` × `columns`.
 */

export type Awaitable<T> = T | Promise<T>;
export type BackendName = 'reference' | 'wasm' | 'webgpu';

export interface HalfConversion {
  /** IEEE 754 binary16 bit patterns, round to nearest even. */
  readonly codes: Uint16Array;
  /** Finite values whose magnitude rounded beyond 65504; they are clamped to ±65504. */
  readonly overflowed: number;
  /** Non-zero values that became zero. */
  readonly flushed: number;
}

export interface ErrorSums {
  /** Σ x² and Σ (x − y)², accumulated in float64 in the order the kernel's specification gives. NaN where an element is NaN. */
  readonly signal: number;
  readonly noise: number;
  /** Largest |x − y|; NaN differences are ignored. SQNR in dB is 10·log10(signal / noise). */
  readonly maxError: number;
}

export interface Extremes {
  /** Per row. NaN elements are ignored; a row without a number gives 0, 0. −0 counts as smaller than +0. */
  readonly min: Float32Array;
  readonly max: Float32Array;
}

/**
 * Grids of a weight matrix, one row an output channel: element (r, c) may be (code − zero) · scale with the scale and
 * zero point of group `groupOf[c]` of row r.
 */
export interface RowGrids {
  /** rows × groups. A scale 0 means that every element of the group is 0. */
  readonly scales: Float32Array;
  /** rows × groups; absent = 0. */
  readonly zeroPoints?: Int32Array;
  readonly groups: number;
  /** By column, so that columns may be visited in any order (act-order with static groups). */
  readonly groupOf: Uint32Array;
  readonly low: number;
  readonly high: number;
}

/**
 * Awaited between steps of long work (some 10 ms) with the part done, 0 … 1; may throw to stop. Without it the work is done at once.
 */
export type KernelPause = (done: number) => Promise<void>;

/**
 * Second-order rounding of weights. The same inputs give the same bytes on reference and wasm; WebGPU may differ in the
 * last bits (its tolerance is derived beside its shader) and is never chosen where bytes are decided.
 */
export interface MatrixKernels {
  /**
   * gram += xᵀx, all of it (both triangles), in float32: element (i, j) adds x[r,i]·x[r,j] in the order of r.
   * @param x rows × columns @param gram columns × columns, symmetric, not written to (unless it is `into` as well).
   * @param into columns × columns, takes the sum instead of a new array. @returns the new sum.
   * @throws RangeError when sizes do not agree.
   */
  accumulateGram(
    x: Float32Array,
    rows: number,
    columns: number,
    gram: Float32Array,
    into?: Float32Array,
  ): Awaitable<Float32Array>;
  /**
   * Upper triangular U with H⁻¹ = UᵀU for a symmetric positive definite H (n × n, row-major); what GPTQ calls
   * cholesky(H⁻¹, upper). Null where a pivot is not positive (or U not finite): the caller damps H more and tries again.
   */
  inverseCholesky(h: Float32Array, n: number, pause?: KernelPause): Awaitable<Float32Array | null>;
  /**
   * GPTQ: columns from first to last; code of w, error (w − ŵ)/U_cc, later columns −= error · U_c·. Lazy in blocks.
   * Source: Frantar et al. 2022, arXiv:2210.17323.
   * @param w rows × columns, not written to. @returns codes, rows × columns.
   * @throws RangeError when sizes do not agree, a scale is negative or not finite, low..high is beyond int8, U_cc not positive.
   */
  gptqRows(
    w: Float32Array,
    rows: number,
    columns: number,
    u: Float32Array,
    grids: RowGrids,
    pause?: KernelPause,
  ): Awaitable<Int8Array>;
  /**
   * Cyclic coordinate descent on tr((w − ŵ) H (w − ŵ)ᵀ), rows independent, columns in order, starting from `codes`:
   * ŵ_c ← Q(ŵ_c + g_c / H_cc), g −= Δ H_c·. Stops early when a sweep changes nothing. Columns with H_cc ≤ 0 keep their code.
   * @throws RangeError when sizes do not agree, H is not finite, a scale is negative or not finite, a code is outside
   * low..high, or low..high is beyond int8.
   * Source: COMQ, arXiv:2403.07134; CDQuant, arXiv:2406.17542.
   */
  descendRows(
    w: Float32Array,
    rows: number,
    columns: number,
    h: Float32Array,
    codes: Int8Array,
    grids: RowGrids,
    sweeps: number,
    pause?: KernelPause,
  ): Awaitable<Int8Array>;
}

export interface KernelSet extends MatrixKernels {
  readonly backend: BackendName;
  /** Largest |x| of each row; NaN ignored, Infinity kept. */
  absmaxRows(x: Float32Array, rows: number, columns: number): Awaitable<Float32Array>;
  minmaxRows(x: Float32Array, rows: number, columns: number): Awaitable<Extremes>;
  /** Counts of x in `bins` equal bins over [low, high]; NaN and values outside are not counted; x = high falls in the last bin. */
  histogram(x: Float32Array, low: number, high: number, bins: number): Awaitable<Uint32Array>;
  /**
   * code = clamp(roundTiesToEven(x · (1/scale)) + zeroPoint, low, high), one scale a row, all steps in float32.
   * NaN → zeroPoint; scale 0 → zeroPoint. `zeroPoints` absent = 0. low/high are the code range (−127..127, 0..255, −8..7, 0..15 …).
   */
  quantizeRows(
    x: Float32Array,
    rows: number,
    columns: number,
    scales: Float32Array,
    zeroPoints: Int32Array | undefined,
    low: number,
    high: number,
  ): Awaitable<Int8Array | Uint8Array>;
  /** (code − zeroPoint) · scale in float32. Int8Array for signed codes, Uint8Array for unsigned. */
  dequantizeRows(
    codes: Int8Array | Uint8Array,
    rows: number,
    columns: number,
    scales: Float32Array,
    zeroPoints: Int32Array | undefined,
  ): Awaitable<Float32Array>;
  /**
   * Per row, the clip factor f of `candidates` that minimises Σ (x − Q(x; scale = f·absmax/limit))² with signed codes in
   * [low, high] and limit = high (int4 with 8 levels below zero: low −8, high 7). First of equal candidates wins.
   * NaN and ±Infinity count as 0. Returns the chosen scale per row (f·absmax/limit, 0 for an all-zero row).
   */
  mseScaleRows(
    x: Float32Array,
    rows: number,
    columns: number,
    low: number,
    high: number,
    candidates: Float32Array,
  ): Awaitable<Float32Array>;
  /** Two codes a byte, the even element in the low nibble; an odd tail leaves the high nibble 0. */
  packInt4(codes: Int8Array | Uint8Array): Awaitable<Uint8Array>;
  /** The first `count` codes of packed nibbles; `signed` reads 8..15 as −8..−1. */
  unpackInt4(packed: Uint8Array, count: number, signed: boolean): Awaitable<Int8Array | Uint8Array>;
  toHalf(x: Float32Array): Awaitable<HalfConversion>;
  fromHalf(codes: Uint16Array): Awaitable<Float32Array>;
  /**
   * The k-th smallest magnitude (k counted from 1) over all `parts` together. NaN counts as +Infinity.
   * @throws RangeError when k is outside 1..total.
   */
  kthMagnitude(parts: readonly Float32Array[], k: number): Awaitable<number>;
  /**
   * Keep-mask (bit i, least significant first): exactly `keep` elements stay, those of largest magnitude; among equals the lower
   * index stays. NaN counts as +Infinity.
   * @throws RangeError when `keep` is outside 0..length.
   */
  topMask(x: Float32Array, keep: number): Awaitable<Uint8Array>;
  /** Keep-mask of N:M sparsity along each row: of every `m` consecutive columns the `n` largest magnitudes stay (a short tail keeps min(n, tail)). */
  nmMask(x: Float32Array, rows: number, columns: number, n: number, m: number): Awaitable<Uint8Array>;
  /** One bit an element, least significant first: 1 where the flag is not zero. Bits after the last element are 0. */
  packMask(flags: Uint8Array): Awaitable<Uint8Array>;
  /** x where the bit is 1, +0 elsewhere. */
  applyMask(x: Float32Array, mask: Uint8Array): Awaitable<Float32Array>;
  /**
   * The elements whose bit is 1, in order.
   * @throws RangeError when `kept` is not the number of set bits.
   */
  compress(codes: Int8Array | Uint8Array, mask: Uint8Array, kept: number): Awaitable<Int8Array | Uint8Array>;
  errorSums(x: Float32Array, y: Float32Array): Awaitable<ErrorSums>;
}
