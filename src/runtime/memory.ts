/**
 * How much of the runtime's heap a session takes. The heap is a WebAssembly.Memory that only grows, in steps, so one
 * small session may not show at all: sessions are added until it does. It must not know models.
 */
import type { Clock } from './latency.ts';

/** The part of the WebAssembly namespace that is wrapped. */
export interface MemoryNamespace {
  Memory: typeof WebAssembly.Memory;
}

export interface MemoryProbe {
  /** Bytes of all memories made since the probe was set; undefined when none was. */
  heapBytes(): number | undefined;
}

/** Remembers every WebAssembly.Memory that is made from now on. Set it before the runtime starts. */
export function watchMemories(namespace: MemoryNamespace = WebAssembly): MemoryProbe {
  const memories: WebAssembly.Memory[] = [];
  // A proxy, not a subclass: the runtime posts its memory to its threads, and what it posts must be the real thing.
  namespace.Memory = new Proxy(namespace.Memory, {
    construct(target, args) {
      const memory = Reflect.construct(target, args) as WebAssembly.Memory;
      memories.push(memory);
      return memory;
    },
  });
  return {
    heapBytes: () =>
      memories.length === 0 ? undefined : memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0),
  };
}

export interface MemoryOptions {
  readonly clock: Clock;
  readonly heapBytes: () => number;
  readonly budgetMillis: number;
  readonly breathe: () => Promise<void>;
}

export interface SessionMemory {
  readonly bytes: number;
  /** What one step more or less would have made of `bytes`. */
  readonly resolutionBytes: number;
}

/** This many sessions between the first and the last step: the count is off by at most one, so 1/12. */
const ENOUGH_SESSIONS = 12;
const MAX_SESSIONS = 96;
/** The tab has other things to hold. */
const MAX_GROWTH_BYTES = 384 * 2 ** 20;

/**
 * Adds sessions and watches the heap. A step of the heap says that what it could hold before is used up, so between
 * the first and the last step, sessions × bytes = the difference of what it could hold before each.
 * @param add makes one more session and keeps it alive.
 * @returns undefined when the heap stepped fewer than twice: the session is too small to see here.
 */
export async function memoryPerSession(
  add: () => Promise<unknown>,
  { clock, heapBytes, budgetMillis, breathe }: MemoryOptions,
): Promise<SessionMemory | undefined> {
  const start = clock.now();
  const base = heapBytes();
  const steps: { readonly sessions: number; readonly full: number }[] = [];
  for (let sessions = 1; sessions <= MAX_SESSIONS; sessions++) {
    const before = heapBytes();
    await add();
    const after = heapBytes();
    if (after > before) steps.push({ sessions, full: before });
    const seen = (steps.at(-1)?.sessions ?? 0) - (steps[0]?.sessions ?? 0);
    if (seen >= ENOUGH_SESSIONS) break;
    if (after - base >= MAX_GROWTH_BYTES && seen > 0) break;
    if (clock.now() - start > budgetMillis) break;
    await breathe();
  }
  const first = steps[0];
  const last = steps.at(-1);
  if (first === undefined || last === undefined || last.sessions === first.sessions) return undefined;
  const sessions = last.sessions - first.sessions;
  const bytes = (last.full - first.full) / sessions;
  return { bytes: Math.round(bytes), resolutionBytes: Math.round(bytes / (sessions + 1)) };
}
