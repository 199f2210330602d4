/** Pare's own variants for the quantization table. */
import type { GraphRunner } from '../../src/core/onnx/graph-runner.ts';
import type { DataConfig } from '../../src/core/dataset/types.ts';
import type { Dataset } from '../../src/data/types.ts';
import type { OpenedModel } from './variants.ts';

export async function* pareVariants(
  _opened: OpenedModel,
  _from: { readonly dataset: Dataset; readonly config: DataConfig; readonly runner: GraphRunner },
): AsyncGenerator<{
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly note: string;
}> {}
