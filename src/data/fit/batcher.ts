/**
 * Samples of a set as batches of a model's inputs, as the description says. A sample that cannot be read or fitted is
 * reported and the batch goes on without it. It must not know runtimes or tasks.
 */
import type { DataConfig, ImageFit, InputFit } from '../../core/dataset/types.ts';
import type { ModelPort } from '../../core/dataset/predictor.ts';
import { PareError, toErrorRecord } from '../../core/errors.ts';
import type { FailedRecord } from '../../core/metrics/tasks/types.ts';
import type { HostTensor } from '../../core/onnx/graph-runner.ts';
import { bitsOf, elementCount } from '../../core/tensor/dtype.ts';
import type { Dataset, Label, RawValue } from '../types.ts';
import { placementOf, type Placement } from './picture-fit.ts';
import { pictureDims } from './picture-fit.ts';
import { allocate, feedType, type FeedType, type ValueArray } from './values.ts';
import { createWriter, type Writer } from './writers.ts';

/** Larger batches save little and cost memory. */
const MAX_BATCH = 32;
const MAX_BATCH_BYTES = 32 * 2 ** 20;
/** What one run may take when a single sample or a fixed batch is larger than that. */
const MOST_SAMPLE_BYTES = 1024 * 2 ** 20;

export interface BatchRow {
  /** Position in the set. */
  readonly index: number;
  readonly key: string;
  readonly label: Label | null;
  /** The first picture that was fed, before fitting. */
  readonly picture: {
    readonly width: number;
    readonly height: number;
    readonly placement: Placement;
    readonly fit: ImageFit;
  } | null;
  /** The sample's mask, where its label is one. */
  readonly mask: Extract<RawValue, { readonly kind: 'image' | 'array' }> | null;
}

export interface Batch {
  readonly feeds: ReadonlyMap<string, HostTensor>;
  /** One for each row that counts; a fixed batch may have more rows, which repeat the last one. */
  readonly rows: readonly BatchRow[];
  /** Rows of the tensors. */
  readonly size: number;
  readonly failed: readonly FailedRecord[];
}

export interface Batcher {
  /** Samples a batch. */
  readonly size: number;
  /** The model takes no other number. */
  readonly fixed: boolean;
  /** @param limit at most this many indices; the caller's batches may be smaller than `size`. */
  make(indices: ArrayLike<number>): Promise<Batch>;
}

interface Input {
  readonly port: ModelPort;
  readonly fit: InputFit;
  readonly type: FeedType;
  /** Of one sample. */
  readonly dims: readonly number[];
  readonly elements: number;
  /** Whether the samples of a batch stand along a first axis. */
  readonly batched: boolean;
  readonly writer: Writer;
}

/**
 * @throws PareError `data-invalid` when the description does not fit the inputs, `unsupported` for input types that no
 * data can be written as.
 */
export function createBatcher(
  dataset: Dataset,
  config: Pick<DataConfig, 'inputs'>,
  ports: readonly ModelPort[],
  limits: { readonly samples?: number } = {},
): Batcher {
  const inputs = ports.map((port) => readInput(port, config.inputs[port.name], dataset));
  const { size, fixed } = batchSize(inputs, limits.samples ?? MAX_BATCH);
  return { size, fixed, make: (indices) => makeBatch(dataset, inputs, indices, fixed ? size : undefined) };
}

function readInput(port: ModelPort, fit: InputFit | undefined, dataset: Dataset): Input {
  if (fit === undefined) {
    throw new PareError('data-invalid', `The description says nothing about the input '${port.name}'.`, {
      at: port.name,
      hint: 'Propose a description again for this model.',
    });
  }
  const type = feedType(port.dataType, port.name);
  const dims = dimsOf(fit);
  const rank = port.shape?.length;
  const batched = rank === undefined || rank === dims.length + 1;
  if (!batched && rank !== dims.length) throw misfit(port, dims);
  const expected = (port.shape ?? []).slice(batched ? 1 : 0);
  if (expected.some((d, axis) => typeof d === 'number' && d !== dims[axis])) throw misfit(port, dims);
  const elements = elementCount(dims);
  return { port, fit, type, dims, elements, batched, writer: createWriter(port, fit, type, dataset) };
}

function misfit(port: ModelPort, dims: readonly number[]): PareError {
  const shape = (port.shape ?? []).map((d) => d ?? '?').join(', ');
  return new PareError(
    'data-invalid',
    `The input '${port.name}' takes [${shape}]; the description gives samples of [${dims.join(', ')}].`,
    { at: port.name, hint: 'The description may belong to another model: propose one again.' },
  );
}

/** Of one sample; of all of them for a constant that has the input's full rank. */
function dimsOf(fit: InputFit): readonly number[] {
  switch (fit.kind) {
    case 'image':
      return pictureDims(fit);
    case 'text':
      return [fit.length];
    case 'array':
    case 'columns':
    case 'audio':
    case 'constant':
      return fit.dims;
    default:
      return fit satisfies never;
  }
}

/** As many as the model takes, or as fit in 32 MB of inputs. */
function batchSize(inputs: readonly Input[], most: number): { size: number; fixed: boolean } {
  const fixed = new Set<number>();
  let bytes = 0;
  let single = false;
  for (const { port, fit, batched, elements } of inputs) {
    const first = port.shape?.[0];
    if (batched && typeof first === 'number') fixed.add(first);
    if (batched) bytes += (elements * bitsOf(port.dataType)) / 8;
    // Without an axis for them, samples go one at a time; so does a state whose batch axis is not the first.
    if (!batched && (fit.kind !== 'constant' || fit.dims.length > 1)) single = true;
  }
  if (fixed.size > 1) {
    throw new PareError(
      'data-invalid',
      `The inputs take different numbers of samples at once: ${[...fixed].join(', ')}.`,
    );
  }
  const [only = 1] = fixed;
  if (bytes * only > MOST_SAMPLE_BYTES) {
    throw new PareError(
      'too-large',
      `One run takes ${((bytes * only) / 2 ** 20).toFixed(0)} MB of inputs; at most ${MOST_SAMPLE_BYTES / 2 ** 20} MB are fed.`,
      { hint: 'Choose a smaller size for the inputs.' },
    );
  }
  if (fixed.size === 1) {
    if (single && only !== 1) {
      throw new PareError('data-invalid', `One input takes ${only} samples at once and another takes one.`);
    }
    return { size: only, fixed: true };
  }
  if (single) return { size: 1, fixed: true };
  const fitting = Math.floor(MAX_BATCH_BYTES / Math.max(1, bytes));
  return { size: Math.max(1, Math.min(most, MAX_BATCH, fitting)), fixed: false };
}

async function makeBatch(
  dataset: Dataset,
  inputs: readonly Input[],
  indices: ArrayLike<number>,
  fixedSize: number | undefined,
): Promise<Batch> {
  const room = fixedSize ?? indices.length;
  const arrays = inputs.map(({ type, elements, batched }) =>
    allocate(type, batched ? room * elements : elements),
  );
  const rows: BatchRow[] = [];
  const failed: FailedRecord[] = [];
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i];
    try {
      rows.push(await writeSample(dataset, inputs, arrays, index, rows.length));
    } catch (error) {
      failed.push({ kind: 'failed', index, key: keyOf(dataset, index), reason: reasonOf(error) });
    }
  }
  const size = fixedSize ?? rows.length;
  const feeds = new Map<string, HostTensor>();
  for (const [i, input] of inputs.entries()) {
    const array = arrays[i];
    if (input.batched) repeatLast(array, input.elements, rows.length, size);
    const count = input.batched ? size * input.elements : input.elements;
    feeds.set(input.port.name, {
      dataType: input.port.dataType,
      dims: input.batched ? [size, ...input.dims] : input.dims,
      bytes: new Uint8Array(array.buffer, 0, count * array.BYTES_PER_ELEMENT),
    });
  }
  return { feeds, rows, size, failed };
}

async function writeSample(
  dataset: Dataset,
  inputs: readonly Input[],
  arrays: readonly ValueArray[],
  index: number,
  row: number,
): Promise<BatchRow> {
  const info = dataset.info(index);
  const sample = await dataset.read(index);
  let picture: BatchRow['picture'] = null;
  for (const [i, input] of inputs.entries()) {
    input.writer(sample, arrays[i], input.batched ? row * input.elements : 0);
    if (picture === null && input.fit.kind === 'image') {
      const source = sample.get(input.fit.source);
      if (source?.kind === 'image') {
        const { width, height } = source.picture;
        picture = { width, height, placement: placementOf(source.picture, input.fit), fit: input.fit };
      }
    }
  }
  const mask = info.label?.kind === 'mask' ? sample.get('mask') : undefined;
  return {
    index,
    key: info.key,
    label: info.label,
    picture,
    mask: mask?.kind === 'image' || mask?.kind === 'array' ? mask : null,
  };
}

/** Rows that only fill a fixed batch are real samples too, so that the model meets nothing strange. */
function repeatLast(array: ValueArray, elements: number, filled: number, size: number): void {
  if (filled === 0) return;
  const last = (filled - 1) * elements;
  for (let row = filled; row < size; row++) array.copyWithin(row * elements, last, last + elements);
}

function keyOf(dataset: Dataset, index: number): string {
  try {
    return dataset.info(index).key;
  } catch {
    return `#${index}`;
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = toErrorRecord(error);
  // A stop is no property of a sample.
  if (code === 'cancelled') throw error;
  return message;
}
