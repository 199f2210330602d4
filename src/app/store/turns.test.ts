import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

/** Work that ends when told to. */
function work(log: string[], name: string) {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return {
    end,
    run: async (signal: AbortSignal) => {
      log.push(`${name} begins`);
      signal.addEventListener('abort', () => log.push(`${name} stopped`));
      await ended;
    },
  };
}

const settle = () => new Promise((done) => setTimeout(done));

describe('turns', () => {
  it('begin one after the other, the first at once', async () => {
    const log: string[] = [];
    const turns = new Turns();
    const [a, b] = [work(log, 'a'), work(log, 'b')];
    void turns.take('a', a.run);
    void turns.take('b', b.run);
    expect(log).toEqual(['a begins']);
    a.end();
    await settle();
    expect(log).toEqual(['a begins', 'b begins']);
    expect(turns.busy).toBe(true);
    b.end();
    await settle();
    expect(turns.busy).toBe(false);
  });

  it('let the latest of a key win, running or waiting', async () => {
    const log: string[] = [];
    const turns = new Turns();
    const [a, b, c] = [work(log, 'a'), work(log, 'b'), work(log, 'c')];
    void turns.take('one', a.run);
    void turns.take('one', b.run);
    void turns.take('one', c.run);
    a.end();
    c.end();
    await settle();
    expect(log).toEqual(['a begins', 'a stopped', 'c begins']);
  });

  it('go on after one that fails', async () => {
    const log: string[] = [];
    const turns = new Turns();
    const failing = turns.take('a', () => Promise.reject(new Error('broken')));
    const b = work(log, 'b');
    b.end();
    const next = turns.take('b', b.run);
    await expect(failing).rejects.toThrow('broken');
    await next;
    expect(log).toEqual(['b begins']);
  });

  it('stop the one that runs and leave the next', async () => {
    const log: string[] = [];
    const turns = new Turns();
    expect(turns.stopFirst()).toBe(false);
    const [a, b] = [work(log, 'a'), work(log, 'b')];
    void turns.take('a', a.run);
    const next = turns.take('b', b.run);
    expect(turns.stopFirst()).toBe(true);
    a.end();
    b.end();
    await next;
    expect(log).toEqual(['a begins', 'a stopped', 'b begins']);
  });
});
