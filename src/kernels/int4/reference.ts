/**
 * Specification of packInt4 and unpackInt4: two 4-bit codes a byte, the even element in the low nibble.
 *
 * - Codes outside their four bits are cut to the low four (−8..7 and 0..15 are what callers pass).
 * - An odd tail leaves the high nibble 0.
 *
 * Source: onnx.proto3, `TensorProto.raw_data` for INT4 / UINT4.
 */
import { checkWhole } from '../checks.ts';

/** codes: [n] → [ceil(n / 2)]. */
export function packInt4(codes: Int8Array | Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(codes.length / 2));
  for (let i = 0; i < codes.length; i++) out[i >> 1] |= (codes[i] & 15) << (4 * (i & 1));
  return out;
}

/** @throws RangeError when `count` codes are not in the bytes. */
export function checkUnpack(packed: Uint8Array, count: number): void {
  checkWhole('count', count, 0, packed.length * 2);
}

/** packed: [≥ ceil(count / 2)] → codes [count]; Int8Array −8..7 when signed, else Uint8Array 0..15. */
export function unpackInt4(packed: Uint8Array, count: number, signed: boolean): Int8Array | Uint8Array {
  checkUnpack(packed, count);
  const out = signed ? new Int8Array(count) : new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const nibble = (packed[i >> 1] >> (4 * (i & 1))) & 15;
    out[i] = signed && nibble > 7 ? nibble - 16 : nibble;
  }
  return out;
}
