/**
 * Which message objects are exactly what the reader made. Only those may be written as their `verbatim` bytes: a copy
 * by spread carries `verbatim` along, and would silently undo its own change. It must not know the wire format.
 */
import type { ByteSpan } from '../bytes/source.ts';
import type { Dimension } from './ir.ts';

const originals = new WeakSet();
const shapeBytes = new WeakMap<readonly Dimension[], ByteSpan>();

/** Marks what the reader made; returns it. */
export function markOriginal<T extends { readonly verbatim?: ByteSpan }>(message: T): T {
  originals.add(message);
  return message;
}

/** The bytes of a message that nobody changed; undefined for everything else. */
export function verbatimOf(message: { readonly verbatim?: ByteSpan }): ByteSpan | undefined {
  return message.verbatim !== undefined && originals.has(message) ? message.verbatim : undefined;
}

/** Remembers the TensorShapeProto of a shape: its denotations are not modelled. */
export function keepShapeBytes(shape: readonly Dimension[], bytes: ByteSpan): void {
  shapeBytes.set(shape, bytes);
}

export function shapeBytesOf(shape: readonly Dimension[]): ByteSpan | undefined {
  return shapeBytes.get(shape);
}
