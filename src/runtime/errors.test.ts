/** What the runtime throws, as coded sentences; and the queue that a failure must not stop. */
import { describe, expect, it } from 'vitest';
import { PareError } from '../core/errors.ts';
import { runtimeError } from './errors.ts';
import { createSerialQueue } from './queue.ts';

const doing = 'could not load the variant';

describe('runtimeError', () => {
  it('puts the numeric code into words and keeps what the runtime said', () => {
    const error = runtimeError(
      new Error(
        "Can't create a session. ERROR_CODE: 9, ERROR_MESSAGE: Could not find\n an implementation for Foo(1)",
      ),
      doing,
    );
    expect(error.code).toBe('runtime-refused');
    expect(error.message).toBe(
      'onnxruntime-web could not load the variant: not implemented: Could not find an implementation for Foo(1)',
    );
    expect(error.hint).toMatch(/still be compressed/);
  });
  it('leaves out where the runtime was built', () => {
    const error = runtimeError(
      new Error(
        'failed. ERROR_CODE: 6, ERROR_MESSAGE: /mnt/vss/_work/1/s/onnxruntime/core/graph/x.cc:12 bad',
      ),
      doing,
    );
    expect(error.message).not.toContain('/mnt');
    expect(error.message).toContain('core/graph/x.cc:12 bad');
  });
  it('tells a full heap, a broken runtime and a bare number apart', () => {
    expect(runtimeError(new Error('std::bad_alloc'), doing).code).toBe('out-of-memory');
    expect(runtimeError(new RangeError('Array buffer allocation failed'), doing).code).toBe('out-of-memory');
    expect(runtimeError(new WebAssembly.RuntimeError('unreachable'), doing).code).toBe('runtime-crashed');
    expect(runtimeError(new RangeError('Maximum call stack size exceeded'), doing).code).toBe(
      'runtime-crashed',
    );
    const bare = runtimeError(5312040, doing);
    expect(bare.code).toBe('runtime-crashed');
    expect(bare.message).toMatch(/carries no text/);
  });
  it('cuts what is too long and passes a PareError through', () => {
    expect(runtimeError(new Error('x'.repeat(5000)), doing).message.length).toBeLessThan(700);
    const own = new PareError('cancelled', 'Stopped.');
    expect(runtimeError(own, doing)).toBe(own);
  });
});

describe('serial queue', () => {
  it('runs in order, one at a time, and a failure reaches only its own caller', async () => {
    const queue = createSerialQueue();
    const log: string[] = [];
    const task =
      (name: string, fails = false) =>
      async () => {
        log.push(`${name} starts`);
        await Promise.resolve();
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const a = queue.run(task('a'));
    const b = queue.run(task('b', true));
    const c = queue.run(task('c'));
    await expect(b).rejects.toThrow('b');
    expect(await a).toBe('a');
    expect(await c).toBe('c');
    expect(log).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
  });
});
