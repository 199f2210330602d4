/** One line of progress for a person at a terminal; silent everywhere else. It must not know what is going on. */

export interface ProgressLine {
  show(fraction: number, doing: string): void;
  clear(): void;
}

const EVERY_MILLIS = 100;

export function showProgress(wanted: boolean, stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  let shown = -Infinity;
  if (!wanted || !stream.isTTY) return { show: () => undefined, clear: () => undefined };
  return {
    show(fraction, doing) {
      const now = performance.now();
      if (now - shown < EVERY_MILLIS) return;
      shown = now;
      stream.write(`\r\x1b[K${String(Math.round(fraction * 100)).padStart(3)} %  ${doing}`);
    },
    clear() {
      if (shown > -Infinity) stream.write('\r\x1b[K');
      shown = -Infinity;
    },
  };
}
