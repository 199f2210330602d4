/**
 * Measuring in Node: the command line's host for measure(). One process measures with one thread count, because the
 * runtime makes its threads once. It must not be reached by the page.
 */
import { availableParallelism } from 'node:os';
import type { MeasureRequest, MeasureResult } from './contract.ts';
import { measure } from './measure.ts';
import { loadNodeRuntime } from './node-ort.ts';
import { RUNTIME_NAME } from './ort.ts';

export interface NodeMeasureOptions {
  /** Between runs; throws PareError `cancelled` to stop. */
  readonly checkpoint?: (fraction: number, doing: string) => Promise<void>;
}

/** @throws PareError `cancelled` from the checkpoint; everything else is in the result. */
export async function measureInNode(
  request: MeasureRequest,
  { checkpoint = () => Promise.resolve() }: NodeMeasureOptions = {},
): Promise<MeasureResult> {
  const { ort, memory } = await loadNodeRuntime(request.threads);
  return measure(
    {
      ort,
      providers: { wasm: true, webgpu: 'Node has no WebGPU: measure on the GPU in the browser.' },
      memory,
      clock: performance,
      threads: ort.env.wasm.numThreads ?? 1,
      machine: {
        cores: availableParallelism(),
        userAgent: `Node ${process.versions.node}`,
        runtime: RUNTIME_NAME,
        crossOriginIsolated: true,
      },
      checkpoint,
    },
    request,
  );
}
