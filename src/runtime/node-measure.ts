/**
 * Measuring in Node: the command line's host for measure(). One process measures with one thread count, because the
 * runtime makes its threads once. It must not be reached by the page.
 */
import { availableParallelism } from 'node:os';
import type { MeasureRequest, MeasureResult } from './contract.ts';
import { measure } from './measure.ts';
import type { SampleSource } from './find-feeds.ts';
import type { Clock } from './latency.ts';
import { loadNodeRuntime } from './node-ort.ts';
import { RUNTIME_NAME } from './ort.ts';

export const NO_GPU_IN_NODE = 'Node has no WebGPU: measure on the GPU in the browser.';

export interface NodeMeasureOptions {
  /** Between runs; throws PareError `cancelled` to stop. */
  readonly checkpoint?: (fraction: number, doing: string) => Promise<void>;
  /** For tests: time that does not depend on the machine. */
  readonly clock?: Clock;
  /** The user's own data; absent = inputs are made up. */
  readonly samples?: SampleSource;
}

/** @throws PareError `cancelled` from the checkpoint; everything else is in the result. */
export async function measureInNode(
  request: MeasureRequest,
  { checkpoint = () => Promise.resolve(), clock = performance, samples }: NodeMeasureOptions = {},
): Promise<MeasureResult> {
  const { ort, memory } = await loadNodeRuntime(request.threads);
  return measure(
    {
      ort,
      providers: { wasm: true, webgpu: NO_GPU_IN_NODE },
      memory,
      clock,
      threads: ort.env.wasm.numThreads ?? 1,
      machine: {
        cores: availableParallelism(),
        userAgent: `Node ${process.versions.node}`,
        runtime: RUNTIME_NAME,
        crossOriginIsolated: true,
      },
      checkpoint,
      ...(samples === undefined ? {} : { samples }),
    },
    request,
  );
}
