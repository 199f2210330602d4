/**
 * Catches the profile that onnxruntime-web prints when profiling ends: it has no other way out. Everything else that is
 * printed goes where it would have gone. It must not know what a profile means.
 */

export interface PrintTap {
  /** The profile that is printed while `work` runs; '' when none was. */
  collect(work: () => void): string;
}

/** Text beyond this is not kept: a profile of that length says nothing to anybody. */
const MAX_CHARACTERS = 96 * 2 ** 20;
const OPENS = '[';
const CLOSES = ']';
const EVENT = '{"cat" :';

/** Sorts printed lines: those of a profile are kept, the others are not taken. */
class ProfileLines {
  readonly #lines: string[] = [];
  #characters = 0;
  #inside = false;

  /** @returns whether the line belongs to the profile. Between its brackets everything does: names have line breaks. */
  take(line: string): boolean {
    if (!this.#inside) {
      if (line !== OPENS && !line.startsWith(EVENT)) return false;
      this.#inside = true;
    }
    if (line === CLOSES) this.#inside = false;
    if (this.#characters + line.length <= MAX_CHARACTERS) {
      this.#lines.push(line);
      this.#characters += line.length + 1;
    }
    return true;
  }

  text(): string {
    return this.#lines.join('\n');
  }
}

type Log = (...values: unknown[]) => void;

/**
 * The runtime of a browser binds `console.log` when its WebAssembly is made, so this must be set before the first
 * session is. It stays in place and passes everything on but what is printed during `collect`.
 */
export function tapConsole(target: { log: Log }): PrintTap {
  const original: Log = target.log.bind(target);
  let lines: ProfileLines | undefined;
  target.log = (...values) => {
    const [line] = values;
    const taken = values.length === 1 && typeof line === 'string' && lines?.take(line) === true;
    if (!taken) original(...values);
  };
  return {
    collect(work) {
      lines = new ProfileLines();
      try {
        work();
        return lines.text();
      } finally {
        lines = undefined;
      }
    },
  };
}

type WriteSync = (fd: number, ...rest: unknown[]) => number;

const STDOUT = 1;

/** In Node the runtime calls `fs.writeSync` on standard output: replaced during `collect`, and put back. */
export function tapStdout(fs: { writeSync: WriteSync }): PrintTap {
  return {
    collect(work) {
      const original = fs.writeSync;
      const lines = new ProfileLines();
      fs.writeSync = (fd, ...rest) => {
        const [data] = rest;
        if (fd === STDOUT && typeof data === 'string' && rest.length === 1) {
          const line = data.endsWith('\n') ? data.slice(0, -1) : data;
          if (lines.take(line)) return new TextEncoder().encode(data).length;
        }
        return original.call(fs, fd, ...rest);
      };
      try {
        work();
      } finally {
        fs.writeSync = original;
      }
      return lines.text();
    },
  };
}
