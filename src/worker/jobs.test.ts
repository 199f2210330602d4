/** The worker's side of a job, with a fake clock and a fake event loop. */
import { describe, expect, it } from 'vitest';
import type { JobProgressMessage } from './api.ts';
import { createJobDesk } from './jobs.ts';

function fakeDesk(cancelCell?: Int32Array) {
  let time = 0;
  let breaths = 0;
  const posted: JobProgressMessage[] = [];
  const onBreath: (() => void)[] = [];
  const desk = createJobDesk({
    post: (message) => posted.push(message),
    cancelCell,
    now: () => time,
    breathe: () => {
      breaths++;
      onBreath.shift()?.();
      return Promise.resolve();
    },
  });
  return { desk, posted, onBreath, breaths: () => breaths, pass: (millis: number) => (time += millis) };
}

describe('JobDesk', () => {
  it('stops at the next checkpoint when the shared cell names the job or a later one', async () => {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const { desk } = fakeDesk(cell);
    let steps = 0;
    const result = await desk.run('3', async (checkpoint) => {
      for (;;) {
        await checkpoint(0, 'working');
        if (++steps === 5) Atomics.store(cell, 0, 3);
      }
    });
    expect(result).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(steps).toBe(5);
    expect(await desk.run('4', () => 'next')).toEqual({ ok: true, value: 'next' });
  });

  it('hears a cancel message when it breathes, at the latest after 20 ms of work', async () => {
    const { desk, onBreath, pass, breaths } = fakeDesk();
    onBreath.push(() => desk.cancel('1'));
    let steps = 0;
    const result = await desk.run('1', async (checkpoint) => {
      for (;;) {
        pass(7);
        steps++;
        await checkpoint(0, 'working');
      }
    });
    expect(result).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    // 7 and 14 ms are too soon; at 21 ms the job breathes and hears it.
    expect(steps).toBe(3);
    expect(breaths()).toBe(1);
  });

  it('does not start a job that was cancelled before', async () => {
    const { desk } = fakeDesk();
    desk.cancel('2');
    let ran = false;
    expect(await desk.run('2', () => (ran = true))).toMatchObject({ error: { code: 'cancelled' } });
    expect(ran).toBe(false);
  });

  it('posts at most 20 messages a second, within 0..1', async () => {
    const { desk, posted, pass } = fakeDesk();
    await desk.run('1', async (checkpoint) => {
      for (let i = 0; i <= 100; i++) {
        await checkpoint(i === 0 ? -1 : i / 50, 'working');
        pass(10);
      }
    });
    // 101 checkpoints over 1 s, one message each 50 ms: at 0, 50, …, 1000 ms.
    expect(posted).toHaveLength(21);
    expect(posted[0]).toEqual({ job: '1', fraction: 0, doing: 'working' });
    expect(posted[20].fraction).toBe(1);
  });

  it('carries typed errors, and calls everything else internal', async () => {
    const { desk } = fakeDesk();
    const result = await desk.run('1', () => {
      throw new TypeError('x is not a function');
    });
    expect(result).toMatchObject({ ok: false, error: { code: 'internal', message: 'x is not a function' } });
  });
});
