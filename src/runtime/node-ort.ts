/**
 * onnxruntime-web for Node: its Node entry, which has the CPU provider only. It must not be reached by the page.
 * Loaded on first use; 1 thread unless told otherwise before that, because its threads keep a process alive.
 */
import { watchMemories } from './memory.ts';
import type { MemoryProbe } from './memory.ts';
import type { Ort } from './ort.ts';

export interface NodeRuntime {
  readonly ort: Ort;
  readonly memory: MemoryProbe;
}

let loading: Promise<NodeRuntime> | undefined;

/** The thread count of the first call holds: the runtime makes its pool once a process. */
export function loadNodeRuntime(threads = 1): Promise<NodeRuntime> {
  loading ??= load(threads);
  return loading;
}

async function load(threads: number): Promise<NodeRuntime> {
  const memory = watchMemories();
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'fatal';
  return { ort, memory };
}
