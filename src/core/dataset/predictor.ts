/** A model that can be run on batches, as the data layer sees it. The host supplies it; it must not know which runtime it is. */
import type { HostTensor } from '../onnx/graph-runner.ts';
import type { DataType } from '../tensor/dtype.ts';

/** An input or output. A free axis is a name, or null where it has none. */
export interface ModelPort {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly (number | string | null)[] | null;
}

export interface Predictor {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  /** @throws PareError `runtime-refused`, `runtime-crashed`, `out-of-memory`, with the runtime's own words. */
  run(feeds: ReadonlyMap<string, HostTensor>): Promise<ReadonlyMap<string, HostTensor>>;
}
