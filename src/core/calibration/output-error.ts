/**
 * How far a changed model's outputs are from those of the model it came from, on the calibration samples: the yardstick
 * by which corrections are kept or dropped. It must not know passes or labels.
 */
import type { BytePart } from '../bytes/source.ts';
import type { GraphRunner, HostTensor } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';
import { writeModel } from '../onnx/write.ts';
import { plainModel } from './plain-model.ts';
import { BatchFeeder, noneReadable } from './sweep.ts';
import type { CalibrationSamples, Checkpoint } from './types.ts';

/**
 * Noise-to-signal ratio Σ(y − ŷ)² / Σy² over all float32 outputs that keep their shape and all samples; NaN where there is none;
 * ∞ where the candidate gives a value that is not finite and the reference's is.
 * @param reference its encoded weights are read as the floats that they were
 * @param candidate its encoded weights are read as they are now
 * @throws PareError as GraphRunner does; `data-invalid` where no sample can be read
 */
export async function outputError(
  runner: GraphRunner,
  samples: CalibrationSamples,
  reference: Model,
  candidate: Model,
  checkpoint: Checkpoint,
): Promise<number> {
  const names = reference.graph.outputs.flatMap(({ name, type }) =>
    type?.elementType === 'float32' ? [name] : [],
  );
  if (names.length === 0) return NaN;
  const first = await runner.open(bytesOf(plainModel(reference, 'floats')), 'basic');
  try {
    const second = await runner.open(bytesOf(plainModel(candidate, 'encoded')), 'basic');
    try {
      const sums = { signal: 0, noise: 0 };
      let done = 0;
      const feeder = new BatchFeeder(reference, async ({ feeds, rows }) => {
        const expected = await first.run(feeds, names);
        const found = await second.run(feeds, names);
        for (const name of names) addError(sums, expected.get(name), found.get(name), rows);
        done += rows;
      });
      for (let i = 0; i < samples.batches; i++) {
        await checkpoint(i / samples.batches, 'comparing outputs');
        await feeder.run(await samples.batch(i));
      }
      if (done === 0) throw noneReadable(samples);
      if (sums.noise === Infinity) return Infinity;
      return sums.signal > 0 ? sums.noise / sums.signal : NaN;
    } finally {
      await second.release();
    }
  } finally {
    await first.release();
  }
}

/** Rows of a fixed batch behind the ones that count are left out where the batch is the first axis. */
function addError(
  sums: { signal: number; noise: number },
  expected: HostTensor | undefined,
  found: HostTensor | undefined,
  rows: number,
): void {
  if (expected === undefined || found?.bytes.length !== expected.bytes.length) return;
  const [y, z] = [floatsOf(expected), floatsOf(found)];
  const batch = expected.dims[0] ?? 1;
  const length = rows < batch ? (y.length / batch) * rows : y.length;
  for (let i = 0; i < length; i++) {
    // Where the reference is not finite there is nothing to come close to.
    if (!Number.isFinite(y[i])) continue;
    const error = Number.isFinite(z[i]) ? y[i] - z[i] : Infinity;
    sums.signal += y[i] * y[i];
    sums.noise += error * error;
  }
}

function bytesOf(model: Model): readonly BytePart[] {
  return writeModel(model, { externalize: 'never' }).model;
}

function floatsOf({ bytes }: HostTensor): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
