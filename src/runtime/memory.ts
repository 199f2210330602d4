/**
 * How much of the runtime's heap a session takes. The heap itself grows in large steps, so what is watched is how far it
 * was ever written: memory that nothing has used yet is zero. It must not know models.
 */
import type { Clock } from './latency.ts';

/** The part of the WebAssembly namespace that is wrapped. */
export interface MemoryNamespace {
  Memory: typeof WebAssembly.Memory;
}

export interface MemoryProbe {
  /** Bytes below the highest one ever written, over all memories made since the probe was set; undefined when none was. */
  usedBytes(): number | undefined;
}

/** Remembers every WebAssembly.Memory that is made from now on. Set it before the runtime starts. */
export function watchMemories(namespace: MemoryNamespace = WebAssembly): MemoryProbe {
  const memories: { readonly memory: WebAssembly.Memory; used: number }[] = [];
  // A proxy, not a subclass: the runtime posts its memory to its threads, and what it posts must be the real thing.
  namespace.Memory = new Proxy(namespace.Memory, {
    construct(target, args) {
      const memory = Reflect.construct(target, args) as WebAssembly.Memory;
      memories.push({ memory, used: 0 });
      return memory;
    },
  });
  return {
    usedBytes: () => {
      if (memories.length === 0) return undefined;
      for (const watched of memories) watched.used = highestWritten(watched.memory.buffer, watched.used);
      return memories.reduce((sum, { used }) => sum + used, 0);
    },
  };
}

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** The allocator hands out memory from below and leaves its own marks at the top of it, so the end of it is not zero. */
function highestWritten(buffer: ArrayBufferLike, known: number): number {
  // A memory is whole pages of 64 kB, so words always fit.
  const words = new Int32Array(buffer);
  const floor = known / WORD_BYTES;
  let end = words.length;
  while (end > floor && words[end - 1] === 0) end--;
  return end * WORD_BYTES;
}

export interface MemoryOptions {
  readonly clock: Clock;
  readonly usedBytes: () => number;
  readonly budgetMillis: number;
  readonly breathe: () => Promise<void>;
}

export interface SessionMemory {
  readonly bytes: number;
  /** Differences below this mean nothing. */
  readonly resolutionBytes: number;
}

/** Alike to within a hundredth, that many are enough; else this many are averaged. */
const FEW_SESSIONS = 3;
const ENOUGH_SESSIONS = 16;
const ALIKE = 0.01;
/** The first ones may only fill room that others left behind; those do not count. */
const MAX_SESSIONS = 48;
/** The tab has other things to hold. */
const MAX_GROWTH_BYTES = 384 * 2 ** 20;
/** On a busy machine no figure at all would come out of the budget: it may be exceeded this many times for the first. */
const PATIENCE = 4;
/** The allocator takes memory in pages of that size. */
const PAGE_BYTES = 4096;

/**
 * Adds sessions and watches how far the heap is written. The first that needs new memory may have found part of its
 * room below, so it does not count; all after it do, also those that fit between the earlier ones.
 * @param add makes one more session and keeps it alive.
 * @returns undefined when no session needed new memory, or only the last one.
 */
export async function memoryPerSession(
  add: () => Promise<unknown>,
  { clock, usedBytes, budgetMillis, breathe }: MemoryOptions,
): Promise<SessionMemory | undefined> {
  const start = clock.now();
  const base = usedBytes();
  /** Since the first session that needed new memory. */
  const growths: number[] = [];
  let used = base;
  for (let sessions = 1; sessions <= MAX_SESSIONS; sessions++) {
    await add();
    const after = usedBytes();
    if (used > base) growths.push(after - used);
    used = after;
    if (growths.length >= ENOUGH_SESSIONS) break;
    if (growths.length >= FEW_SESSIONS && areAlike(growths)) break;
    if (growths.length > 0 && used - base >= MAX_GROWTH_BYTES) break;
    if (clock.now() - start > budgetMillis * (growths.length > 0 ? 1 : PATIENCE)) break;
    await breathe();
  }
  return summarize(growths);
}

const spreadOf = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function areAlike(growths: readonly number[]): boolean {
  return spreadOf(growths) <= Math.max(PAGE_BYTES, ALIKE * meanOf(growths));
}

function summarize(growths: readonly number[]): SessionMemory | undefined {
  const bytes = growths.length === 0 ? 0 : meanOf(growths);
  if (bytes === 0) return undefined;
  // How far the sum strays from a straight line is how far each of its two ends may be off; the mean divides that by
  // the sessions.
  const strays = [0];
  for (const growth of growths) strays.push((strays.at(-1) ?? 0) + growth - bytes);
  // One alone may have been helped by up to half, and nothing says whether it was.
  const unsure = growths.length === 1 ? bytes / 2 : (2 * spreadOf(strays)) / growths.length;
  return { bytes: Math.round(bytes), resolutionBytes: Math.round(Math.max(PAGE_BYTES, unsure)) };
}
