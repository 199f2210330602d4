/** The job layer against a fake worker and a fake clock: every call settles, whatever the worker does. */
import { describe, expect, it } from 'vitest';
import type { ErrorRecord, Result } from '../../core/errors.ts';
import { JobQueue } from './job-queue.ts';
import { Lifeline, STOP_GRACE_MILLIS, type WorkerLink } from './lifeline.ts';

type Work = (job: string) => Promise<Result<number>>;

/** A worker that does what the test says, and a clock that moves when the test says. */
function fakeHost(respond: Work) {
  const spawned: { terminated: boolean; stops: string[]; crash: (error: ErrorRecord) => void }[] = [];
  const timers: { millis: number; callback: () => void }[] = [];
  const spawn = (): Promise<WorkerLink<Work>> => {
    let crash: (error: ErrorRecord) => void = () => {};
    const crashed = new Promise<ErrorRecord>((resolve) => (crash = resolve));
    const record = { terminated: false, stops: [] as string[], crash };
    spawned.push(record);
    return Promise.resolve({
      api: respond,
      crashed,
      requestStop: (job) => record.stops.push(job),
      terminate: () => (record.terminated = true),
    });
  };
  const after = (millis: number, callback: () => void) => {
    const timer = { millis, callback };
    timers.push(timer);
    return () => {
      const place = timers.indexOf(timer);
      if (place >= 0) timers.splice(place, 1);
    };
  };
  return { lifeline: new Lifeline({ spawn, after }), spawned, timers };
}

const never = () => new Promise<never>(() => {});
const turns = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

describe('Lifeline', () => {
  it('makes the worker when it is first needed, and once', async () => {
    const { lifeline, spawned } = fakeHost(() => Promise.resolve({ ok: true, value: 7 }));
    expect(spawned).toHaveLength(0);
    expect(await lifeline.call((api, job) => api(job))).toEqual({ ok: true, value: 7 });
    await lifeline.call((api, job) => api(job));
    expect(spawned).toHaveLength(1);
  });

  it('asks first; a job that stops by itself keeps its worker', async () => {
    let answer: (result: Result<number>) => void = () => {};
    const { lifeline, spawned, timers } = fakeHost(() => new Promise((done) => (answer = done)));
    const abort = new AbortController();
    const call = lifeline.call((api, job) => api(job), abort.signal);
    await turns();
    abort.abort();
    await turns();
    expect(spawned[0].stops).toEqual(['1']);
    expect(timers.map((timer) => timer.millis)).toEqual([STOP_GRACE_MILLIS]);
    answer({ ok: false, error: { code: 'cancelled', message: 'stopped' } });
    expect(await call).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(spawned[0].terminated).toBe(false);
    // The kill was called off: a later job must not die of it.
    expect(timers).toHaveLength(0);
  });

  it('kills a deaf worker after the grace, settles the call, and makes a new worker for the next', async () => {
    let deaf = true;
    const { lifeline, spawned, timers } = fakeHost(() =>
      deaf ? never() : Promise.resolve({ ok: true, value: 2 }),
    );
    const abort = new AbortController();
    const call = lifeline.call((api, job) => api(job), abort.signal);
    await turns();
    abort.abort();
    timers[0].callback();
    expect(await call).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(spawned[0].terminated).toBe(true);
    deaf = false;
    expect(await lifeline.call((api, job) => api(job))).toEqual({ ok: true, value: 2 });
    expect(spawned).toHaveLength(2);
  });

  it('settles every pending call of a worker that dies by itself', async () => {
    const { lifeline, spawned } = fakeHost(never);
    const calls = [1, 2, 3].map(() => lifeline.call((api, job) => api(job)));
    await turns();
    spawned[0].crash({ code: 'runtime-crashed', message: 'gone' });
    for (const call of calls)
      expect(await call).toMatchObject({ ok: false, error: { code: 'runtime-crashed' } });
    expect(spawned[0].terminated).toBe(true);
  });

  it('settles every pending call on dispose, and every later one', async () => {
    const { lifeline, spawned } = fakeHost(never);
    const calls = [1, 2].map(() => lifeline.call((api, job) => api(job)));
    await turns();
    lifeline.dispose();
    for (const call of calls) expect(await call).toMatchObject({ ok: false, error: { code: 'cancelled' } });
    expect(spawned[0].terminated).toBe(true);
    expect(await lifeline.call((api, job) => api(job))).toMatchObject({ error: { code: 'cancelled' } });
  });

  it('reports a worker that cannot be made, and tries again next time', async () => {
    let attempts = 0;
    const lifeline = new Lifeline<Work>({
      spawn: () => {
        attempts++;
        return Promise.reject(new Error('no script'));
      },
    });
    expect(await lifeline.call((api, job) => api(job))).toMatchObject({ error: { message: 'no script' } });
    await lifeline.call((api, job) => api(job));
    expect(attempts).toBe(2);
  });

  it('turns a transport that throws into a result', async () => {
    const { lifeline } = fakeHost(() => Promise.reject(new TypeError('could not be cloned')));
    expect(await lifeline.call((api, job) => api(job))).toMatchObject({ error: { code: 'internal' } });
  });
});

describe('JobQueue', () => {
  it('runs one at a time, in order, and survives failures of both kinds', async () => {
    const queue = new JobQueue();
    const order: string[] = [];
    let running = 0;
    const job = (name: string, end: () => Result<string>) =>
      queue.run(async () => {
        expect(++running).toBe(1);
        await turns();
        order.push(name);
        running--;
        return end();
      });
    const results = await Promise.all([
      job('a', () => ({ ok: true, value: 'a' })),
      job('b', () => {
        throw new Error('boom');
      }),
      job('c', () => ({ ok: false, error: { code: 'malformed', message: 'bad' } })),
      job('d', () => ({ ok: true, value: 'd' })),
    ]);
    expect(order).toEqual(['a', 'b', 'c', 'd']);
    expect(results.map((result) => (result.ok ? result.value : result.error.code))).toEqual([
      'a',
      'internal',
      'malformed',
      'd',
    ]);
  });

  it('latest wins: the running one is aborted, the waiting ones never start', async () => {
    const queue = new JobQueue();
    const started: number[] = [];
    const slider = (n: number) =>
      queue.run<number>(
        (signal) => {
          started.push(n);
          return new Promise((done) => {
            if (n === 4) done({ ok: true, value: n });
            signal.addEventListener('abort', () =>
              done({ ok: false, error: { code: 'cancelled', message: 'stopped' } }),
            );
          });
        },
        { supersede: 'slider' },
      );
    const results = await Promise.all([1, 2, 3, 4].map(slider));
    expect(started).toEqual([1, 4]);
    expect(results.map((result) => (result.ok ? result.value : result.error.code))).toEqual([
      'cancelled',
      'cancelled',
      'cancelled',
      4,
    ]);
  });

  it('lets short questions pass the jobs that wait', async () => {
    const queue = new JobQueue();
    const order: string[] = [];
    const job = (name: string, urgent = false) =>
      queue.run(
        async () => {
          await turns();
          order.push(name);
          return { ok: true, value: null };
        },
        { urgent },
      );
    await Promise.all([job('running'), job('long'), job('question', true)]);
    expect(order).toEqual(['running', 'question', 'long']);
  });

  it('settles what waits when its signal aborts or the queue ends', async () => {
    const queue = new JobQueue();
    const abort = new AbortController();
    const running = queue.run<null>(
      (signal) =>
        new Promise((done) =>
          signal.addEventListener('abort', () =>
            done({ ok: false, error: { code: 'cancelled', message: 'stopped' } }),
          ),
        ),
    );
    const waiting = queue.run(() => Promise.resolve({ ok: true, value: 1 }), { signal: abort.signal });
    const behind = queue.run(() => Promise.resolve({ ok: true, value: 2 }));
    abort.abort();
    expect(await waiting).toMatchObject({ error: { code: 'cancelled' } });
    queue.dispose();
    expect(await running).toMatchObject({ error: { code: 'cancelled' } });
    expect(await behind).toMatchObject({ error: { code: 'cancelled' } });
    expect(await queue.run(() => Promise.resolve({ ok: true, value: 3 }))).toMatchObject({
      error: { code: 'cancelled' },
    });
  });
});
