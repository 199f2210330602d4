/**
 * What the core may ask of a runtime: run a small model once. The host (worker, CLI) supplies it; tests use
 * onnxruntime-web in Node. The core must not know which runtime it is.
 */
import type { BytePart } from '../bytes/source.ts';
import type { DataType } from '../tensor/dtype.ts';

/** A dense value: little-endian packed bytes, row-major. Strings are not carried. */
export interface HostTensor {
  readonly dataType: DataType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

export interface GraphRunner {
  /**
   * Runs `model` (a serialized ModelProto) once with the optimizer off and returns the named outputs.
   * @throws PareError `runtime-refused` with the runtime's own words.
   */
  run(
    model: readonly BytePart[],
    feeds: ReadonlyMap<string, HostTensor>,
    outputs: readonly string[],
  ): Promise<ReadonlyMap<string, HostTensor>>;
  /**
   * Loads `model` for many runs. Whoever opens a session releases it.
   * @param optimization `off`: node by node as written; `basic`: constants folded, exact fusions; `all`: as users run it.
   * @throws PareError as `run` does.
   */
  open(model: readonly BytePart[], optimization: 'off' | 'basic' | 'all'): Promise<GraphSession>;
}

/** A loaded model. Runs are queued, one at a time. */
export interface GraphSession {
  /** @param outputs the ones that are fetched; others cost no copy. */
  run(
    feeds: ReadonlyMap<string, HostTensor>,
    outputs: readonly string[],
  ): Promise<ReadonlyMap<string, HostTensor>>;
  release(): Promise<void>;
}
