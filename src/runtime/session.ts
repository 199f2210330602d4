/**
 * One model loaded in the runtime: made, run, released, with errors in words. It must not know what is measured.
 */
import { PareError } from '../core/errors.ts';
import type { HostTensor } from '../core/onnx/graph-runner.ts';
import { runtimeError } from './errors.ts';
import type { Ort, OrtSession, OrtTensor, OrtValues, SessionOptions } from './ort.ts';
import { MAX_BUFFER_BYTES } from './parts.ts';
import { borrowOrtTensor, toOrtTensor } from './tensors.ts';

/** A whole model in memory. */
export interface ModelBytes {
  readonly model: Uint8Array;
  /** External data by the path that the model names. */
  readonly external: readonly { readonly path: string; readonly data: Uint8Array }[];
}

export type Provider = 'wasm' | 'webgpu';

export interface Session {
  readonly ort: OrtSession;
  /** Milliseconds that making it took. */
  readonly createMillis: number;
  /** Milliseconds of the first run that worked; undefined before it. */
  readonly firstRunMillis: () => number | undefined;
  /** Feeds as the runtime wants them; made once, used for many runs. */
  feeds(tensors: ReadonlyMap<string, HostTensor>): Record<string, OrtTensor>;
  /** Like `feeds` without copies where possible: for one run, during which nobody writes into the bytes. */
  borrow(tensors: ReadonlyMap<string, HostTensor>): Record<string, OrtTensor>;
  /**
   * @param names outputs that are wanted; absent = all.
   * @throws PareError `runtime-refused`, `runtime-crashed`, `out-of-memory`.
   */
  run(feeds: Record<string, OrtTensor>, names?: readonly string[]): Promise<OrtValues>;
  release(): Promise<void>;
}

/** A refused run is an answer here, not a line in somebody's console. 4 = fatal only. */
export const QUIET_RUN = { logSeverityLevel: 4 } as const;

/**
 * @param who 'the original', 'the variant': the subject of an error's sentence.
 * @throws PareError `runtime-refused`, `runtime-crashed`, `out-of-memory`.
 */
export async function openSession(
  ort: Ort,
  bytes: ModelBytes,
  provider: Provider,
  who: string,
  now: () => number,
  options: Pick<SessionOptions, 'enableProfiling'> = {},
): Promise<Session> {
  if (bytes.model.length > MAX_BUFFER_BYTES) {
    throw new PareError(
      'out-of-memory',
      `onnxruntime-web takes at most ${MAX_BUFFER_BYTES} bytes in one piece; ${who} has ${bytes.model.length}.`,
    );
  }
  const start = now();
  let session: OrtSession;
  try {
    session = await ort.InferenceSession.create(bytes.model, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
      ...options,
      ...(bytes.external.length === 0 ? {} : { externalData: bytes.external }),
    });
  } catch (error) {
    throw runtimeError(error, `could not load ${who}`);
  }
  const createMillis = now() - start;
  let firstRunMillis: number | undefined;
  return {
    ort: session,
    createMillis,
    firstRunMillis: () => firstRunMillis,
    feeds: (tensors) =>
      Object.fromEntries([...tensors].map(([name, tensor]) => [name, toOrtTensor(ort, tensor)])),
    borrow: (tensors) =>
      Object.fromEntries([...tensors].map(([name, tensor]) => [name, borrowOrtTensor(ort, tensor)])),
    async run(feeds, names) {
      try {
        const before = firstRunMillis === undefined ? now() : 0;
        const values = await (names === undefined
          ? session.run(feeds, QUIET_RUN)
          : session.run(feeds, names, QUIET_RUN));
        firstRunMillis ??= now() - before;
        return values;
      } catch (error) {
        throw runtimeError(error, `could not run ${who}`);
      }
    },
    async release() {
      try {
        await session.release();
      } catch (error) {
        throw runtimeError(error, `could not let go of ${who}`);
      }
    },
  };
}

/** Protobuf: a length-delimited field of fewer than 128 bytes, and a varint field below 128. */
const field = (number: number, body: readonly number[]): number[] => [number * 8 + 2, body.length, ...body];
const varint = (number: number, value: number): number[] => [number * 8, value];
const text = (value: string): number[] => [...new TextEncoder().encode(value)];

/** c = Identity(a) on float32 [1]: the smallest model that runs. Field numbers: onnx.proto3. */
function smallestModel(): Uint8Array {
  const type = field(1, [...varint(1, 1), ...field(2, field(1, varint(1, 1)))]);
  const value = (name: string): number[] => [...field(1, text(name)), ...field(2, type)];
  const node = [...field(1, text('a')), ...field(2, text('c')), ...field(4, text('Identity'))];
  const graph = [
    ...field(1, node),
    ...field(2, text('g')),
    ...field(11, value('a')),
    ...field(12, value('c')),
  ];
  return Uint8Array.from([...varint(1, 8), ...field(7, graph), ...field(8, varint(2, 13))]);
}

/**
 * Starts the runtime by loading the smallest model, so that the time to make the first real session is its own.
 * @throws PareError when the runtime cannot start here.
 */
export async function startRuntime(ort: Ort, provider: Provider): Promise<void> {
  try {
    const session = await ort.InferenceSession.create(smallestModel(), {
      executionProviders: [provider],
      logSeverityLevel: 4,
    });
    await session.release();
  } catch (error) {
    throw runtimeError(error, provider === 'webgpu' ? 'could not start on the GPU' : 'could not start');
  }
}
