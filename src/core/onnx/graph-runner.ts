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
}
