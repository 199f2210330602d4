/** The heap watcher and the estimate, with a heap that grows in steps as the runtime's does. */
import { describe, expect, it } from 'vitest';
import { memoryPerSession, watchMemories } from './memory.ts';

/** A heap of `size` bytes that is `used` full and grows by a fifth, as Emscripten's does. */
function steppedHeap(size: number, used: number) {
  const heap = { size, used };
  const allocate = (bytes: number) => {
    heap.used += bytes;
    if (heap.used > heap.size) heap.size = Math.max(heap.used, heap.size * 1.2);
    return Promise.resolve();
  };
  return { heap, allocate };
}
const MiB = 2 ** 20;
const clock = { now: () => 0 };
const breathe = () => Promise.resolve();

describe('memoryPerSession', () => {
  it.each([
    ['small sessions in a half-empty heap', 16 * MiB, 8 * MiB, 0.7 * MiB],
    ['sessions larger than a step', 16 * MiB, 10 * MiB, 11 * MiB],
  ])('finds the bytes of %s', async (_, size, used, bytes) => {
    const { heap, allocate } = steppedHeap(size, used);
    const found = await memoryPerSession(() => allocate(bytes), {
      clock,
      heapBytes: () => heap.size,
      budgetMillis: 1,
      breathe,
    });
    // The count of sessions between two steps is off by at most one: that is what the resolution says.
    expect(Math.abs(found!.bytes - bytes)).toBeLessThanOrEqual(found!.resolutionBytes + 1);
    expect(found!.resolutionBytes).toBeLessThan(bytes * 0.2);
  });

  it('says nothing when the heap does not step', async () => {
    const found = await memoryPerSession(() => Promise.resolve(), {
      clock,
      heapBytes: () => 16 * MiB,
      budgetMillis: 1,
      breathe,
    });
    expect(found).toBeUndefined();
  });

  it('ends with its time', async () => {
    let time = 0;
    let sessions = 0;
    const { heap, allocate } = steppedHeap(16 * MiB, 0);
    await memoryPerSession(
      () => {
        sessions++;
        time += 10;
        return allocate(1000);
      },
      { clock: { now: () => time }, heapBytes: () => heap.size, budgetMillis: 55, breathe },
    );
    expect(sessions).toBe(6);
  });
});

describe('watchMemories', () => {
  it('sees memories that are made later, their growth included, and hands out real ones', () => {
    const namespace = { Memory: WebAssembly.Memory };
    const probe = watchMemories(namespace);
    expect(probe.heapBytes()).toBeUndefined();
    const memory = new namespace.Memory({ initial: 1, maximum: 4 });
    expect(memory).toBeInstanceOf(WebAssembly.Memory);
    // A page of WebAssembly is 65536 bytes.
    expect(probe.heapBytes()).toBe(65536);
    memory.grow(2);
    expect(probe.heapBytes()).toBe(3 * 65536);
  });
});
