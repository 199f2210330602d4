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

export interface KernelSet {
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
