/**
 * Specification of kthMagnitude and topMask: selection by magnitude, the core of pruning.
 *
 * The key of x is the bit pattern of |x|, which orders like |x|; NaN has the key of +Infinity.
 * - kthMagnitude: the k-th smallest key (k from 1) over all parts together, as a float.
 * - topMask: the `keep` elements with the largest keys stay; among equal keys the lower index stays. Exactly `keep` bits are
 *   set, bits after the last element are 0.
 */
import { checkWhole, maskBytes } from '../checks.ts';

const INFINITY_BITS = 0x7f800000;

/** Keys of x: bits of |x|, NaN as +Infinity. */
export function magnitudeKeys(x: Float32Array): Uint32Array<ArrayBuffer> {
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  return Uint32Array.from(bits, (b) => Math.min(b & 0x7fffffff, INFINITY_BITS));
}

/** The float whose magnitude bits are `key`. */
export function floatOfKey(key: number): number {
  return new Float32Array(Uint32Array.of(key).buffer)[0];
}

/** Elements of all parts together. */
export function totalLength(parts: readonly Float32Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** @throws RangeError when k is outside 1..total. */
export function kthMagnitude(parts: readonly Float32Array[], k: number): number {
  const total = totalLength(parts);
  checkWhole('k', k, 1, total);
  const keys = new Uint32Array(total);
  let at = 0;
  for (const part of parts) {
    keys.set(magnitudeKeys(part), at);
    at += part.length;
  }
  keys.sort();
  return floatOfKey(keys[k - 1]);
}

/** x: [n] → mask of n bits, `keep` of them 1. @throws RangeError when keep is outside 0..n. */
export function topMask(x: Float32Array, keep: number): Uint8Array {
  checkWhole('keep', keep, 0, x.length);
  const mask = new Uint8Array(maskBytes(x.length));
  if (keep === 0) return mask;
  const keys = magnitudeKeys(x);
  const threshold = keys.toSorted()[x.length - keep];
  let above = 0;
  for (const key of keys) if (key > threshold) above++;
  let tiesLeft = keep - above;
  for (let i = 0; i < keys.length; i++) {
    const stays = keys[i] > threshold || (keys[i] === threshold && tiesLeft-- > 0);
    if (stays) mask[i >> 3] |= 1 << (i & 7);
  }
  return mask;
}
