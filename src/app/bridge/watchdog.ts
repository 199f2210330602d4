/**
 * Notices that somebody has said nothing for too long. It must not know who, or what is done about it.
 */

export class Watchdog {
  /** Resolves when nothing was heard for the given time; never after `stop`. */
  readonly silent: Promise<void>;
  readonly #millis: number;
  #resolve: () => void = () => undefined;
  #timer: ReturnType<typeof setTimeout>;

  constructor(millis: number) {
    this.#millis = millis;
    this.silent = new Promise((resolve) => (this.#resolve = resolve));
    this.#timer = setTimeout(this.#resolve, millis);
  }

  heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#resolve, this.#millis);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
