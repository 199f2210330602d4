/**
 * Has a graph laid out in a worker of its own. Always gives a layout: where the worker fails or takes too long, the
 * simple one, and says so. It must not know what is drawn.
 */
import { fetchOnce, workerAddress } from '../../bridge/worker-script.ts';
import layoutScript from './layout-worker.ts?worker&url';
import type { Layout, LayoutGraph } from './layout-types.ts';
import { simpleLayout } from './simple-layout.ts';

export type LayoutAnswer =
  | { readonly ok: true; readonly layout: Layout; readonly millis: number }
  | { readonly ok: false; readonly message: string };

export interface LaidOut {
  readonly layout: Layout;
  readonly millis: number;
  /** Why all of it was placed simply; null where it was not. */
  readonly fault: string | null;
}

/** Longer than any layout that ends; what is left is a graph that the library does not manage. */
const LIMIT_MILLIS = 20_000;

/** Fetches what the first drawing will need, so that nothing is requested while the user works. */
export function prepareLayout(): void {
  // A failure here is met again, and told, by the first drawing.
  void fetchOnce(layoutScript).catch(() => undefined);
}

/** @param signal aborting ends the worker; the promise then never settles */
export async function layOutInWorker(graph: LayoutGraph, signal: AbortSignal): Promise<LaidOut> {
  const start = performance.now();
  const answer = await askWorker(graph, signal);
  if (answer.ok) return { layout: answer.layout, millis: answer.millis, fault: null };
  const layout = { ...simpleLayout(graph), simpleNodes: graph.sizes.length };
  return { layout, millis: performance.now() - start, fault: answer.message };
}

async function askWorker(graph: LayoutGraph, signal: AbortSignal): Promise<LayoutAnswer> {
  let address: string;
  try {
    address = await workerAddress(layoutScript);
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
  return new Promise((resolve) => {
    if (signal.aborted) return;
    const worker = new Worker(address, { type: 'module', name: 'pare-layout' });
    const end = (answer: LayoutAnswer): void => {
      clearTimeout(timer);
      worker.terminate();
      resolve(answer);
    };
    const timer = setTimeout(
      () => end({ ok: false, message: `it took longer than ${LIMIT_MILLIS / 1000} s` }),
      LIMIT_MILLIS,
    );
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      worker.terminate();
    });
    worker.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => end(data);
    worker.onerror = (event) => {
      event.preventDefault();
      end({ ok: false, message: event.message || 'the worker could not be started' });
    };
    worker.postMessage(graph);
  });
}
