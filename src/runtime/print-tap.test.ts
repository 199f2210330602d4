/** What is caught and what goes through, on a console and a file system of the test's own. */
import { describe, expect, it } from 'vitest';
import { tapConsole, tapStdout } from './print-tap.ts';

const EVENT = '{"cat" : "Node","name" :"a"},';

function fakeConsole() {
  const printed: unknown[][] = [];
  return { printed, target: { log: (...values: unknown[]) => void printed.push(values) } };
}

describe('tap on a console', () => {
  it('keeps the profile, also for whoever bound the function before', () => {
    const { printed, target } = fakeConsole();
    const tap = tapConsole(target);
    // As the runtime does when its WebAssembly is made.
    const bound = target.log.bind(target);
    const text = tap.collect(() => ['[', EVENT, EVENT, ']'].forEach((line) => bound(line)));
    expect(text).toBe(['[', EVENT, EVENT, ']'].join('\n'));
    expect(printed).toEqual([]);
  });

  it('passes everything else on: before, between profiles, and after', () => {
    const { printed, target } = fakeConsole();
    const tap = tapConsole(target);
    target.log('before', 1);
    const text = tap.collect(() => {
      target.log('early');
      ['[', EVENT, 'second line of a name"},', ']'].forEach((line) => target.log(line));
      target.log('late', { an: 'object' });
      target.log('late');
    });
    target.log('[');
    expect(text).toBe(['[', EVENT, 'second line of a name"},', ']'].join('\n'));
    expect(printed).toEqual([['before', 1], ['early'], ['late', { an: 'object' }], ['late'], ['[']]);
  });

  it('stops collecting when the work throws', () => {
    const { printed, target } = fakeConsole();
    const tap = tapConsole(target);
    expect(() =>
      tap.collect(() => {
        target.log('[');
        throw new Error('broken');
      }),
    ).toThrow('broken');
    target.log(EVENT);
    expect(printed).toEqual([[EVENT]]);
  });
});

describe('tap on standard output', () => {
  function fakeFs() {
    const written: unknown[][] = [];
    const writeSync = (...values: [number, ...unknown[]]): number => {
      written.push(values);
      return 1;
    };
    return { written, fs: { writeSync }, writeSync };
  }

  it('keeps the profile and puts the function back', () => {
    const { written, fs, writeSync } = fakeFs();
    const text = tapStdout(fs).collect(() => {
      for (const line of ['[', EVENT, ']']) expect(fs.writeSync(1, `${line}\n`)).toBe(line.length + 1);
      // Standard error, bytes, and lines that are no profile are somebody else's.
      fs.writeSync(2, `${EVENT}\n`);
      fs.writeSync(1, new Uint8Array([91]));
      fs.writeSync(1, 'a table\n');
    });
    expect(text).toBe(`[\n${EVENT}\n]`);
    expect(written).toEqual([
      [2, `${EVENT}\n`],
      [1, new Uint8Array([91])],
      [1, 'a table\n'],
    ]);
    expect(fs.writeSync).toBe(writeSync);
  });

  it('puts the function back when the work throws', () => {
    const { fs, writeSync } = fakeFs();
    expect(() =>
      tapStdout(fs).collect(() => {
        throw new Error('broken');
      }),
    ).toThrow('broken');
    expect(fs.writeSync).toBe(writeSync);
  });
});
