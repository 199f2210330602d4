/**
 * The tensors that a model is fed with, as .npy files, so that another program can run the same model on the same
 * numbers. It must not know metrics.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataConfig } from '../../src/core/dataset/types.ts';
import type { Predictor } from '../../src/core/dataset/predictor.ts';
import type { DataType } from '../../src/core/tensor/dtype.ts';
import { createBatcher } from '../../src/data/fit/batcher.ts';
import type { Dataset } from '../../src/data/types.ts';

const NPY_TYPES: Partial<Record<DataType, string>> = {
  float32: '<f4',
  float64: '<f8',
  int32: '<i4',
  int64: '<i8',
  uint8: '|u1',
};

/** Writes `<input>.npy` for each input and meta.json: the description, and the position in the set of each row. */
export async function dumpInputs(
  folder: string,
  dataset: Dataset,
  config: DataConfig,
  predictor: Predictor,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const batcher = createBatcher(dataset, config, predictor.inputs);
  const chunks = new Map<string, { type: DataType; dims: readonly number[]; parts: Uint8Array[] }>();
  const indices: number[] = [];
  for (let from = 0; from < dataset.length; from += batcher.size) {
    const count = Math.min(batcher.size, dataset.length - from);
    const batch = await batcher.make(Array.from({ length: count }, (_, i) => from + i));
    indices.push(...batch.rows.map(({ index }) => index));
    for (const [name, { dataType, dims, bytes }] of batch.feeds) {
      const known = chunks.get(name) ?? { type: dataType, dims: dims.slice(1), parts: [] };
      const rowBytes = bytes.length / (dims[0] ?? 1);
      known.parts.push(bytes.slice(0, batch.rows.length * rowBytes));
      chunks.set(name, known);
    }
  }
  const inputs: Record<string, string> = {};
  for (const [i, [name, { type, dims, parts }]] of [...chunks].entries()) {
    inputs[name] = `input-${i}.npy`;
    const bytes = Buffer.concat(parts);
    writeFileSync(
      join(folder, inputs[name]),
      npy(NPY_TYPES[type] ?? '<f4', [indices.length, ...dims], bytes),
    );
  }
  writeFileSync(join(folder, 'meta.json'), JSON.stringify({ config, indices, inputs }));
}

/** Source: NumPy Enhancement Proposal 1, version 1.0. */
export function npy(descr: string, dims: readonly number[], bytes: Uint8Array): Buffer {
  const shape = dims.map((d) => `${d},`).join(' ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const padded = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11, ' ') + '\n';
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(padded.length, 8);
  return Buffer.concat([head, Buffer.from(padded, 'latin1'), bytes]);
}
