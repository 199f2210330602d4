/** Written bytes as one Blob: what the user's own file already has is passed on by reference, unread. Only for browsers. */
import { MemorySource, slicesOf } from '../core/bytes/spans.ts';
import type { BytePart } from '../core/bytes/source.ts';

/** The browser keeps the bytes from here on; the worker's heap does not. */
export function blobOf(parts: readonly BytePart[]): Blob {
  return new Blob(parts.flatMap(blobParts));
}

function blobParts(part: BytePart): BlobPart[] {
  if (part instanceof Uint8Array) return [owned(part)];
  const { source, start, length } = part;
  if (source.backing instanceof Blob) return [source.backing.slice(start, start + length)];
  if (source instanceof MemorySource) return [owned(source.read(start, length))];
  return [...slicesOf([part])].map(owned);
}

/** Blobs refuse memory that another thread could change. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
}
