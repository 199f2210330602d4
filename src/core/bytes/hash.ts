/** SHA-256 of parts, read a slice at a time. It must not know what the bytes mean. */
import { sha256 } from '@noble/hashes/sha2.js';
import { slicesOf, spanOf } from './spans.ts';
import type { BytePart, ByteSource } from './source.ts';

/** Lower-case hexadecimal SHA-256 of the bytes in order; 4 MiB in memory at a time. */
export function sha256Hex(input: readonly BytePart[] | ByteSource | Uint8Array): string {
  const parts = isPartList(input) ? input : [spanOf(input)];
  const hash = sha256.create();
  for (const slice of slicesOf(parts)) hash.update(slice);
  let text = '';
  for (const byte of hash.digest()) text += byte.toString(16).padStart(2, '0');
  return text;
}

function isPartList(input: readonly BytePart[] | ByteSource | Uint8Array): input is readonly BytePart[] {
  return Array.isArray(input);
}
