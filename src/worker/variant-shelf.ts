/**
 * The variants that a worker keeps at hand, at most so many bytes of them: the least recently used goes first. What is
 * gone can be made again from its recipe. It must not know what a variant is.
 */

export interface Shelved {
  /** What keeping it costs. */
  readonly heldBytes: number;
}

export class VariantShelf<T extends Shelved> {
  readonly #limitBytes: number;
  /** In order of last use, oldest first: a Map keeps the order of insertion. */
  readonly #items = new Map<string, T>();

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get(id: string): T | undefined {
    const item = this.#items.get(id);
    if (item === undefined) return undefined;
    this.#items.delete(id);
    this.#items.set(id, item);
    return item;
  }

  /** Keeps `item`, whatever it costs, and drops others until the rest fits. */
  put(id: string, item: T): void {
    this.#items.delete(id);
    this.#items.set(id, item);
    let held = 0;
    for (const { heldBytes } of this.#items.values()) held += heldBytes;
    for (const [other, { heldBytes }] of this.#items) {
      if (held <= this.#limitBytes || other === id) break;
      this.#items.delete(other);
      held -= heldBytes;
    }
  }

  delete(id: string): void {
    this.#items.delete(id);
  }
}
