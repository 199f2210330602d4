/**
 * Calibration samples in batches of a handy size: joined where the model takes any number at once, because each run costs
 * something of its own; never more rows than asked for. It must not know what is run.
 */
import type { CalibrationBatch, CalibrationSamples } from '../calibration/types.ts';
import type { HostTensor } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';

/** Larger batches are not faster, and their activations fill the memory. */
const MAX_ROWS = 32;
const MAX_BYTES = 16 * 1024 * 1024;

/** The first `count` samples that can be read. */
export async function readBatches(
  model: Model,
  samples: CalibrationSamples,
  count: number,
): Promise<CalibrationBatch[]> {
  const batches: CalibrationBatch[] = [];
  let rows = 0;
  for (let i = 0; i < samples.batches && rows < count; i++) {
    const batch = await samples.batch(i);
    if (batch.rows === 0) continue;
    const wanted = Math.min(batch.rows, count - rows);
    const free = isFree(model, batch);
    const cut = free && wanted < batch.rows ? slice(batch, 0, wanted) : { ...batch, rows: wanted };
    const last = batches.at(-1);
    if (free && last !== undefined && fitsTogether(last, cut)) batches[batches.length - 1] = join(last, cut);
    else batches.push(cut);
    rows += wanted;
  }
  return batches;
}

/** Every input has one row a sample, and the model does not say how many. */
function isFree(model: Model, { feeds, rows }: CalibrationBatch): boolean {
  return [...feeds].every(([name, { dims }]) => {
    const declared = model.graph.inputs.find((input) => input.name === name)?.type?.shape?.[0];
    return dims[0] === rows && typeof declared !== 'number';
  });
}

function fitsTogether(a: CalibrationBatch, b: CalibrationBatch): boolean {
  if (a.rows + b.rows > MAX_ROWS || bytesOf(a) + bytesOf(b) > MAX_BYTES) return false;
  return [...a.feeds].every(([name, tensor]) => {
    const other = b.feeds.get(name);
    return other?.dataType === tensor.dataType && other.dims.slice(1).join() === tensor.dims.slice(1).join();
  });
}

function bytesOf({ feeds }: CalibrationBatch): number {
  return [...feeds.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function join(a: CalibrationBatch, b: CalibrationBatch): CalibrationBatch {
  const rows = a.rows + b.rows;
  const feeds = new Map<string, HostTensor>();
  for (const [name, first] of a.feeds) {
    const second = b.feeds.get(name) ?? first;
    const bytes = new Uint8Array(first.bytes.length + second.bytes.length);
    bytes.set(first.bytes);
    bytes.set(second.bytes, first.bytes.length);
    feeds.set(name, { ...first, dims: [rows, ...first.dims.slice(1)], bytes });
  }
  return { feeds, rows };
}

function slice({ feeds, rows }: CalibrationBatch, from: number, to: number): CalibrationBatch {
  const cut = [...feeds].map(([name, tensor]): [string, HostTensor] => {
    const rowBytes = tensor.bytes.length / rows;
    const bytes = tensor.bytes.slice(from * rowBytes, to * rowBytes);
    return [name, { ...tensor, dims: [to - from, ...tensor.dims.slice(1)], bytes }];
  });
  return { feeds: new Map(cut), rows: to - from };
}
