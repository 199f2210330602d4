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

/** What is found where each session in turn needs so many MiB more. */
function grownBy(sizes: readonly number[]) {
  let used = 0;
  let at = 0;
  const add = () => {
    used += (sizes[at++] ?? 0) * MiB;
    return Promise.resolve();
  };
  return memoryPerSession(add, { clock, usedBytes: () => used, budgetMillis: 1, breathe });
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

  it('averages sessions that differ, those included that fit between others', async () => {
    const found = await grownBy([1, 5, ...Array.from({ length: 8 }, () => [14, 6]).flat(), 99]);
    // Sixteen after the first that grew: 5, then 14 and 6 in turn, 14 the last: (5 + 8 · 14 + 7 · 6) / 16.
    expect(found!.bytes).toBe(Math.round((159 / 16) * MiB));
    // The sum strays from its line by 9.9375 − 5 = 4.9375 below it at first, and 4.9375 − 4.0625 = 0.875 at the next;
    // each pair adds 0.125 to that, and it ends at 0: the widest is 4.9375. Either end may be that far off, over sixteen sessions.
    expect(found!.resolutionBytes).toBe(Math.round(((2 * 4.9375) / 16) * MiB));
  });

  it('counts a session that needed nothing new', async () => {
    const found = await grownBy([1, ...Array.from({ length: 8 }, () => [4, 0]).flat()]);
    expect(found!.bytes).toBe(2 * MiB);
    // Up to 4 − 2 above the line after every other session.
    expect(found!.resolutionBytes).toBe(Math.round(((2 * 2) / 16) * MiB));
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
