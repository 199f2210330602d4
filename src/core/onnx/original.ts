/**
 * Which message objects are exactly what the reader made. Only those may be written as their `verbatim` bytes: a copy
 * by spread carries `verbatim` along, and would silently undo its own change. The span knows its one owner; a WeakSet
 * of owners would do the same, but takes minutes of garbage collection with a million members. It must not know the
 * wire format.
 */
import type { ByteSource, ByteSpan } from '../bytes/source.ts';

/** The bytes of a message that was read, and which object stands for them. */
export class OwnedSpan implements ByteSpan {
  readonly source: ByteSource;
  readonly start: number;
  readonly length: number;
  #owner: object | undefined;

  constructor(source: ByteSource, start: number, length: number) {
    this.source = source;
    this.start = start;
    this.length = length;
  }

  belongTo(owner: object): void {
    this.#owner = owner;
  }

  belongsTo(message: object): boolean {
    return this.#owner === message;
  }
}

/** Makes a message that was just read the owner of its bytes; returns it. */
export function markOriginal<T extends { readonly verbatim: OwnedSpan }>(message: T): T {
  message.verbatim.belongTo(message);
  return message;
}

/** The bytes of a message that nobody changed; undefined for everything else. */
export function verbatimOf(message: { readonly verbatim?: ByteSpan }): ByteSpan | undefined {
  const own = message.verbatim;
  return own instanceof OwnedSpan && own.belongsTo(message) ? own : undefined;
}
