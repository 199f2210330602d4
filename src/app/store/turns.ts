/**
 * Commands of the user's, one after the other: the next begins when the one before has ended, a later one of the same
 * key stops an earlier. It must not know what they do.
 */

interface Turn {
  readonly key: string;
  readonly controller: AbortController;
}

export class Turns {
  private readonly waiting: Turn[] = [];
  private last: Promise<void> = Promise.resolve();

  /** Some command runs or waits. */
  get busy(): boolean {
    return this.waiting.length > 0;
  }

  /** `work` is not called where the turn was stopped before it came. Settles when it has ended. */
  async take(key: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.stop((other) => other === key);
    const controller = new AbortController();
    const { signal } = controller;
    const turn: Turn = { key, controller };
    const start = async () => {
      if (!signal.aborted) await work(signal);
    };
    // The first begins at once, in the same turn of the loop: what a click shows is on screen with its first frame.
    const mine = this.waiting.length === 0 ? start() : this.last.then(start);
    this.waiting.push(turn);
    this.last = mine.catch(() => undefined);
    try {
      await mine;
    } finally {
      this.waiting.splice(this.waiting.indexOf(turn), 1);
    }
  }

  stop(which: (key: string) => boolean): void {
    for (const { key, controller } of this.waiting) if (which(key)) controller.abort();
  }

  /** Stops the one that runs. False where none does. */
  stopFirst(): boolean {
    const [first] = this.waiting;
    first?.controller.abort();
    return first !== undefined;
  }
}
