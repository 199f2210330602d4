/**
 * One thing at a time, in order. It must not know what is queued. A failure reaches its own caller and nobody else:
 * the queue swallows it before the next task is chained.
 */

export interface SerialQueue {
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function createSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run<T>(task: () => Promise<T>): Promise<T> {
      const mine = last.then(task);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
