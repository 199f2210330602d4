/**
 * A GraphRunner over any onnxruntime-web bundle: sessions for one run with the optimizer off, or kept for many.
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

const LEVELS = { off: 'disabled', basic: 'basic', all: 'all' } as const;
type Optimization = keyof typeof LEVELS;

async function load(
  ort: Ort,
  model: readonly BytePart[],
  optimization: Optimization,
  what: string,
): Promise<OrtSession> {
  try {
    return await ort.InferenceSession.create(joinParts(model), {
      executionProviders: ['wasm'],
      graphOptimizationLevel: LEVELS[optimization],
      logSeverityLevel: 4,
    });
  } catch (error) {
    throw runtimeError(error, `could not load ${what}`);
  }
}

async function runSession(
  ort: Ort,
  session: OrtSession,
  feeds: ReadonlyMap<string, HostTensor>,
  outputs: readonly string[],
  what: string,
): Promise<ReadonlyMap<string, HostTensor>> {
  try {
    const inputs: Record<string, OrtTensor> = {};
    for (const [name, tensor] of feeds) inputs[name] = toOrtTensor(ort, tensor);
    const values = await session.run(inputs, [...outputs], QUIET_RUN);
    const found = new Map<string, HostTensor>();
    for (const name of outputs) {
      const value = values[name];
      if (value === undefined) throw new PareError('runtime-refused', `The runtime gave no value '${name}'.`);
      found.set(name, fromOrtTensor(name, value));
    }
    return found;
  } catch (error) {
    throw runtimeError(error, `could not run ${what}`);
  }
}

const ONCE = 'a graph that was to be run once';
const KEPT = 'a graph over the samples';

/** `loadRuntime` gives the bundle; it is called on the first run only. Calls are queued: the runtime runs one at a time. */
export function createGraphRunner(loadRuntime: () => Promise<Ort>): GraphRunner {
  const queue = createSerialQueue();
  let crashed: PareError | undefined;
  const inTurn = <T>(work: (ort: Ort) => Promise<T>): Promise<T> =>
    queue.run(async () => {
      if (crashed !== undefined) throw crashed;
      try {
        return await work(await loadRuntime());
      } catch (error) {
        if (error instanceof PareError && error.code === 'runtime-crashed') crashed = error;
        throw error;
      }
    });
  return {
    run: (model, feeds, outputs) =>
      inTurn(async (ort) => {
        const session = await load(ort, model, 'off', ONCE);
        try {
          return await runSession(ort, session, feeds, outputs, ONCE);
        } finally {
          await session.release();
        }
      }),
    open: async (model, optimization) => {
      const session = await inTurn((ort) => load(ort, model, optimization, KEPT));
      return {
        run: (feeds, outputs) => inTurn((ort) => runSession(ort, session, feeds, outputs, KEPT)),
        release: () => inTurn(() => session.release()),
      };
    },
  };
}
