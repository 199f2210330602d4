/** The heap watcher and the estimate, with a heap that is filled from below as the runtime's is. */
import { describe, expect, it } from 'vitest';
import { memoryPerSession, watchMemories } from './memory.ts';

const MiB = 2 ** 20;
const clock = { now: () => 0 };
const breathe = () => Promise.resolve();

/** Bytes written so far; the first `holes` bytes of what is asked for are found below. */
function heapWith(holes: number) {
  let free = holes;
  let used = 10 * MiB;
  return {
    used: () => used,
    allocate: (bytes: number) => {
      const below = Math.min(free, bytes);
      free -= below;
      used += bytes - below;
      return Promise.resolve();
    },
  };
}

describe('memoryPerSession', () => {
  it.each([
    ['small sessions', 0, 0.1 * MiB],
    ['large sessions', 0, 11 * MiB],
    ['sessions that fill holes first', 3.7 * MiB, 1.5 * MiB],
  ])('finds the bytes of %s', async (_, holes, bytes) => {
    const heap = heapWith(holes);
    let sessions = 0;
    const add = () => {
      sessions++;
      return heap.allocate(bytes);
    };
    const found = await memoryPerSession(add, { clock, usedBytes: heap.used, budgetMillis: 1, breathe });
    expect(found!.bytes).toBe(Math.round(bytes));
    // Exactly alike, so only the allocator's page of 4 kB is left in doubt, and four that need memory are enough.
    expect(found!.resolutionBytes).toBe(4096);
    expect(sessions).toBe(Math.floor(holes / bytes) + 4);
  });

  it('averages sessions that differ, and leaves out one that found its room below', async () => {
    const growths = [9, 10, 12, 1, 10, 12, 10, 12, 10].map((size) => size * MiB);
    let used = 0;
    let at = 0;
    const found = await memoryPerSession(
      () => {
        used += growths[at++] ?? 0;
        return Promise.resolve();
      },
      { clock, usedBytes: () => used, budgetMillis: 1, breathe },
    );
    // Without the first and the 1: 10, 12, 10, 12, 10, 12, 10. The spread of 2 over 7 of them is in doubt.
    expect(found!.bytes).toBe(Math.round((76 / 7) * MiB));
    expect(found!.resolutionBytes).toBe(Math.round((2 / 7) * MiB));
  });

  it('says nothing when nothing is written', async () => {
    const add = () => Promise.resolve();
    expect(
      await memoryPerSession(add, { clock, usedBytes: () => 16 * MiB, budgetMillis: 1, breathe }),
    ).toBeUndefined();
  });

  it('ends with its time, but not before a first figure, and says how unsure one session is', async () => {
    const heap = heapWith(0);
    let time = 0;
    let sessions = 0;
    const found = await memoryPerSession(
      () => {
        sessions++;
        time += 40;
        return heap.allocate(MiB);
      },
      { clock: { now: () => time }, usedBytes: heap.used, budgetMillis: 30, breathe },
    );
    // One that does not count and one that does.
    expect(sessions).toBe(2);
    expect(found).toEqual({ bytes: MiB, resolutionBytes: MiB / 2 });
  });

  it('ends without a figure when its patience is over', async () => {
    let time = 0;
    let sessions = 0;
    const found = await memoryPerSession(
      () => {
        sessions++;
        time += 10;
        return Promise.resolve();
      },
      { clock: { now: () => time }, usedBytes: () => MiB, budgetMillis: 10, breathe },
    );
    // Four times the budget of 10 is exceeded by the fifth session.
    expect(sessions).toBe(5);
    expect(found).toBeUndefined();
  });
});

describe('watchMemories', () => {
  it('sees how far memories that are made later are written, grown ones included, and hands out real ones', () => {
    const namespace = { Memory: WebAssembly.Memory };
    const probe = watchMemories(namespace);
    expect(probe.usedBytes()).toBeUndefined();
    const memory = new namespace.Memory({ initial: 1, maximum: 4 });
    expect(memory).toBeInstanceOf(WebAssembly.Memory);
    expect(probe.usedBytes()).toBe(0);
    new Uint8Array(memory.buffer)[4095] = 1;
    expect(probe.usedBytes()).toBe(4096);
    // A page of WebAssembly is 65536 bytes; byte 65537 is in the word that ends at 65540.
    memory.grow(2);
    expect(probe.usedBytes()).toBe(4096);
    new Uint8Array(memory.buffer)[65537] = 1;
    expect(probe.usedBytes()).toBe(65540);
    // What was freed and wiped was needed all the same.
    new Uint8Array(memory.buffer).fill(0);
    expect(probe.usedBytes()).toBe(65540);
  });
});
