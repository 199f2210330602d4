/**
 * The bytes of a lowered weight's constants, from its encoding: codes packed, masked, in stored order. It must not know
 * operators or names.
 */
import { layoutOf } from '../../tensor/encoding.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { halfAtLeast } from '../../tensor/half.ts';
import type { WeightView } from './view.ts';

type Codes = WeightEncoding['codes'];

function bytesOf(array: Codes | Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

export function isKept(mask: Uint8Array | undefined, i: number): boolean {
  return mask === undefined || ((mask[i >>> 3] >>> (i & 7)) & 1) === 1;
}

/** Natural index of the element at each stored place; undefined = the same. */
function storedOrder(
  view: WeightView,
  encoding: WeightEncoding,
  dims: readonly number[],
): Uint32Array | undefined {
  if (view.order === 'natural' || encoding.granularity.kind === 'tensor') return undefined;
  const { outer, channels, inner, reduction } = layoutOf(dims, encoding.granularity.axis);
  const order = new Uint32Array(encoding.codes.length);
  for (let c = 0; c < channels; c++) {
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) order[c * reduction + o * inner + i] = (o * channels + c) * inner + i;
    }
  }
  return order;
}

/** Code that decodes to 0, for the group of natural element i. Symmetric codes have one for all. */
function zeroCode(encoding: WeightEncoding, dims: readonly number[]): (i: number) => number {
  const { zeroPoints: zero, granularity } = encoding;
  if (zero === undefined) return () => 0;
  if (granularity.kind === 'tensor') return () => zero[0];
  const { channels, inner, reduction } = layoutOf(dims, granularity.axis);
  const size = granularity.kind === 'block' ? granularity.size : reduction;
  const blocks = Math.ceil(reduction / size);
  return (i) => {
    const c = Math.floor(i / inner) % channels;
    const o = Math.floor(i / (inner * channels));
    return zero[c * blocks + Math.floor((o * inner + (i % inner)) / size)];
  };
}

/** Every element's code in stored order, zeros at pruned places. */
export function denseCodes(encoding: WeightEncoding, view: WeightView, dims: readonly number[]): Codes {
  const { codes, mask } = encoding;
  const order = storedOrder(view, encoding, dims);
  if (mask === undefined && order === undefined) return codes;
  const out = codes.slice();
  const zero = zeroCode(encoding, dims);
  for (let at = 0; at < out.length; at++) {
    const i = order === undefined ? at : order[at];
    out[at] = isKept(mask, i) ? codes[i] : zero(i);
  }
  return out;
}

/** Every element's code in the order of the tensor, zeros at pruned places. */
export function naturalCodes(encoding: WeightEncoding, dims: readonly number[]): Codes {
  const { codes, mask } = encoding;
  if (mask === undefined) return codes;
  const zero = zeroCode(encoding, dims);
  return codes.map((code, i) => (isKept(mask, i) ? code : zero(i)));
}

/** A zero, then the kept codes in stored order: position p of the running count of kept elements is element p. */
export function keptCodes(encoding: WeightEncoding, view: WeightView, dims: readonly number[]): Codes {
  const { codes, mask, kept } = encoding;
  const order = storedOrder(view, encoding, dims);
  const out = emptyLike(codes, kept + 1);
  let count = 1;
  for (let at = 0; at < codes.length; at++) {
    const i = order === undefined ? at : order[at];
    if (isKept(mask, i)) out[count++] = codes[i];
  }
  return out;
}

function emptyLike(codes: Codes, length: number): Codes {
  if (codes instanceof Float32Array) return new Float32Array(length);
  if (codes instanceof Uint16Array) return new Uint16Array(length);
  return codes instanceof Int8Array ? new Int8Array(length) : new Uint8Array(length);
}

/** The mask in stored order, unused bits of the last byte 0. */
export function maskBytes(encoding: WeightEncoding, view: WeightView, dims: readonly number[]): Uint8Array {
  const { codes, mask } = encoding;
  const order = storedOrder(view, encoding, dims);
  const out = new Uint8Array(Math.ceil(codes.length / 8));
  for (let at = 0; at < codes.length; at++) {
    if (isKept(mask, order === undefined ? at : order[at])) out[at >>> 3] |= 1 << (at & 7);
  }
  return out;
}

/** Codes below a byte that stand in whole bytes together. */
const CODES_A_UNIT = { 2: 4, 3: 8, 4: 2, 6: 4 } as const;
export type PackedBits = keyof typeof CODES_A_UNIT;

/** Codes for which the packed bytes are read without a rest. */
export function codesAUnit(bits: PackedBits): number {
  return CODES_A_UNIT[bits];
}

/** Bytes of `count` packed codes, whole units. */
export function packedLength(count: number, bits: PackedBits): number {
  const unit = codesAUnit(bits);
  return (Math.ceil(count / unit) * unit * bits) / 8;
}

/** Codes plus `offset` as one run of bits, least significant first; the rest of the last unit is 0. */
export function packCodes(codes: Codes, bits: PackedBits, offset: number): Uint8Array {
  const out = new Uint8Array(packedLength(codes.length, bits));
  const lowest = 2 ** bits - 1;
  for (let i = 0, at = 0; i < codes.length; i++, at += bits) {
    const wide = ((codes[i] + offset) & lowest) << (at & 7);
    out[at >>> 3] |= wide;
    if (wide > 255) out[(at >>> 3) + 1] |= wide >>> 8;
  }
  return out;
}

/** Codes as little-endian bytes. */
export function plainBytes(codes: Codes): Uint8Array {
  return bytesOf(codes);
}

/** Groups in stored order. */
function storedGroups<T extends Float32Array | Uint8Array>(groups: T, view: WeightView): T {
  if (!view.scalesTransposed) return groups;
  const [blocks, , channels] = view.scaleDims;
  const out = groups.slice() as T;
  for (let c = 0; c < channels; c++) {
    for (let b = 0; b < blocks; b++) out[b * channels + c] = groups[c * blocks + b];
  }
  return out;
}

/** @param zeroScale what is written for a group of zeros: some runtimes refuse a scale of 0. */
export function scaleBytes(encoding: WeightEncoding, view: WeightView, zeroScale = 0): Uint8Array {
  const scales = storedGroups(encoding.scales ?? new Float32Array(0), view);
  return bytesOf(zeroScale === 0 ? scales : scales.map((scale) => (scale === 0 ? zeroScale : scale)));
}

/** Scales as binary16 relative to 2^scaleExponent: exact, because quantizing rounded them so. */
export function halfScaleBytes(encoding: WeightEncoding, view: WeightView): Uint8Array {
  const scales = storedGroups(encoding.scales ?? new Float32Array(0), view);
  const unit = 2 ** encoding.scaleExponent;
  return asHalfBytes(scales.map((scale) => scale / unit));
}

export function zeroPointBytes(encoding: WeightEncoding, view: WeightView): Uint8Array {
  const zeros = storedGroups(encoding.zeroPoints ?? new Uint8Array(0), view);
  return zeros instanceof Float32Array ? asHalfBytes(zeros) : zeros;
}

/** float32 values that are exactly representable in binary16, as such. */
export function asHalfBytes(values: Codes): Uint8Array {
  return bytesOf(
    Uint16Array.from(values, (x) => (x < 0 || Object.is(x, -0) ? 0x8000 : 0) | halfAtLeast(Math.abs(x))),
  );
}
