/** Numbers as a model's input type: arrays to write into, with rounding and clamping. It must not know data or models. */
import { PareError } from '../../core/errors.ts';
import type { DataType } from '../../core/tensor/dtype.ts';
import { floatToHalf, halfToFloat } from '../../core/tensor/float16.ts';

type NumberArray =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;
type BigArray = BigInt64Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>;
export type ValueArray = NumberArray | BigArray;

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const;
export type FeedType = keyof typeof ARRAYS;

const RANGES: Readonly<Partial<Record<FeedType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  // The largest float64 below 2^63 and 2^64.
  int64: [-(2 ** 63), 2 ** 63 - 1024],
  uint64: [0, 2 ** 64 - 2048],
};

/** @throws PareError `unsupported` for types that no data can be written as. */
export function feedType(type: DataType, input: string): FeedType {
  if (type in ARRAYS) return type as FeedType;
  throw new PareError(
    'unsupported',
    `Input '${input}' takes ${type} values, which cannot be made from data.`,
    {
      at: input,
    },
  );
}

export function allocate(type: FeedType, count: number): ValueArray {
  return new ARRAYS[type](count);
}

/** The value as the type holds it: rounded to nearest and clamped to its range for integers, NaN = 0 there. */
export function encode(type: FeedType, value: number): number | bigint {
  if (type === 'float32' || type === 'float64') return value;
  if (type === 'float16') return floatToHalf(value);
  if (type === 'bool') return value === 0 || Number.isNaN(value) ? 0 : 1;
  const [low, high] = RANGES[type] ?? [0, 0];
  const whole = Number.isNaN(value) ? 0 : Math.min(high, Math.max(low, Math.round(value)));
  return type === 'int64' || type === 'uint64' ? BigInt(whole) : whole;
}

/** What `encode` made, as a number again. */
export function decode(type: FeedType, stored: number | bigint): number {
  return type === 'float16' ? halfToFloat(Number(stored)) : Number(stored);
}

/** Writes one value. The caller encoded it for this array's type. */
export function store(out: ValueArray, at: number, encoded: number | bigint): void {
  (out as unknown as (number | bigint)[])[at] = encoded;
}

/** Bytes of a tensor as the array that they were written through. */
export function viewValues(type: FeedType, bytes: Uint8Array, count: number): ValueArray {
  const buffer = bytes.slice().buffer;
  return new ARRAYS[type](buffer, 0, count);
}
