/** Profiling in Node: the command line's host for profileModel(). It must not be reached by the page. */
import fs from 'node:fs';
import type { ProfileRequest, ProfileResult } from './contract.ts';
import type { NodeMeasureOptions } from './node-measure.ts';
import { NO_GPU_IN_NODE } from './node-measure.ts';
import { loadNodeRuntime } from './node-ort.ts';
import { tapStdout } from './print-tap.ts';
import { profileModel } from './profile.ts';

/** @throws PareError as profileModel does. */
export async function profileInNode(
  request: ProfileRequest,
  { checkpoint = () => Promise.resolve(), clock = performance }: NodeMeasureOptions = {},
): Promise<ProfileResult> {
  const { ort } = await loadNodeRuntime(request.threads);
  return profileModel(
    {
      ort,
      providers: { wasm: true, webgpu: NO_GPU_IN_NODE },
      clock,
      threads: ort.env.wasm.numThreads ?? 1,
      checkpoint,
      prints: tapStdout(fs as unknown as Parameters<typeof tapStdout>[0]),
    },
    request,
  );
}
