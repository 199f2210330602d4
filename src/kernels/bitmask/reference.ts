/**
 * Specification of packMask, applyMask and compress: what pruning does with its mask.
 *
 * Bit i of a mask, least significant first, is element i. Bits after the last element are written as 0 and ignored when read.
 * - packMask: bit 1 where the flag byte is not zero.
 * - applyMask: x bit for bit (NaN payloads too) where the bit is 1, +0 elsewhere.
 * - compress: the codes whose bit is 1, in order. `kept` must be their number: a wrong count would make a corrupt file.
 */
import { checkMask, checkWhole, maskBytes } from '../checks.ts';

/** flags: [n] → mask of n bits. */
export function packMask(flags: Uint8Array): Uint8Array {
  const mask = new Uint8Array(maskBytes(flags.length));
  for (let i = 0; i < flags.length; i++) if (flags[i] !== 0) mask[i >> 3] |= 1 << (i & 7);
  return mask;
}

/** x: [n], mask: n bits → [n]. */
export function applyMask(x: Float32Array, mask: Uint8Array): Float32Array {
  checkMask(mask, x.length);
  const bits = new Uint32Array(x.buffer, x.byteOffset, x.length);
  const out = new Float32Array(x.length);
  const outBits = new Uint32Array(out.buffer);
  for (let i = 0; i < bits.length; i++) outBits[i] = (mask[i >> 3] >> (i & 7)) & 1 ? bits[i] : 0;
  return out;
}

/** The error of a wrong `kept`; every backend throws this one. */
export function wrongKept(kept: number, found: number): RangeError {
  return new RangeError(`the mask keeps ${found} elements, the caller said ${kept}`);
}

/** codes: [n], mask: n bits → [kept], of the type of the codes. */
export function compress(
  codes: Int8Array | Uint8Array,
  mask: Uint8Array,
  kept: number,
): Int8Array | Uint8Array {
  checkMask(mask, codes.length);
  checkWhole('kept', kept, 0, codes.length);
  const out = codes instanceof Int8Array ? new Int8Array(kept) : new Uint8Array(kept);
  let at = 0;
  for (let i = 0; i < codes.length; i++) {
    if (((mask[i >> 3] >> (i & 7)) & 1) === 0) continue;
    if (at < kept) out[at] = codes[i];
    at++;
  }
  if (at !== kept) throw wrongKept(kept, at);
  return out;
}
