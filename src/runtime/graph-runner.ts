/**
 * A GraphRunner over any onnxruntime-web bundle: one session a call, optimizer off, released at once.
 * It must not know which bundle it is given or what the graph is for.
 */
import type { BytePart } from '../core/bytes/source.ts';
import { PareError } from '../core/errors.ts';
import type { GraphRunner, HostTensor } from '../core/onnx/graph-runner.ts';
import { runtimeError } from './errors.ts';
import type { Ort, OrtSession, OrtTensor } from './ort.ts';
import { joinParts } from './parts.ts';
import { createSerialQueue } from './queue.ts';
import { QUIET_RUN } from './session.ts';
import { fromOrtTensor, toOrtTensor } from './tensors.ts';

async function runOnce(
  ort: Ort,
  model: readonly BytePart[],
  feeds: ReadonlyMap<string, HostTensor>,
  outputs: readonly string[],
): Promise<ReadonlyMap<string, HostTensor>> {
  const inputs: Record<string, OrtTensor> = {};
  for (const [name, tensor] of feeds) inputs[name] = toOrtTensor(ort, tensor);
  let session: OrtSession | undefined;
  try {
    session = await ort.InferenceSession.create(joinParts(model), {
      executionProviders: ['wasm'],
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 4,
    });
  } catch (error) {
    throw runtimeError(error, 'could not load a graph that was to be run once');
  }
  try {
    const values = await session.run(inputs, [...outputs], QUIET_RUN);
    const found = new Map<string, HostTensor>();
    for (const name of outputs) {
      const value = values[name];
      if (value === undefined) throw new PareError('runtime-refused', `The runtime gave no value '${name}'.`);
      found.set(name, fromOrtTensor(name, value));
    }
    return found;
  } catch (error) {
    throw runtimeError(error, 'could not run a graph once');
  } finally {
    await session.release();
  }
}

/** `load` gives the bundle; it is called on the first run only. Calls are queued: the runtime runs one at a time. */
export function createGraphRunner(load: () => Promise<Ort>): GraphRunner {
  const queue = createSerialQueue();
  let crashed: PareError | undefined;
  return {
    run: (model, feeds, outputs) =>
      queue.run(async () => {
        if (crashed !== undefined) throw crashed;
        try {
          return await runOnce(await load(), model, feeds, outputs);
        } catch (error) {
          if (error instanceof PareError && error.code === 'runtime-crashed') crashed = error;
          throw error;
        }
      }),
  };
}
