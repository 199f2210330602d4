/**
 * Model → bytes, and Model → exact size. An unchanged model is its own bytes; an unchanged message is copied as it is
 * and large ones are passed on unread. Decides which weights stand in the model file and which in a second one. It
 * must not change what the model means.
 */
import { partsLength } from '../bytes/spans.ts';
import type { BytePart, ByteSource, ByteSpan } from '../bytes/source.ts';
import { PareError } from '../errors.ts';
import type { LocalFunction, Model, Node, Tensor, TensorData } from './ir.ts';
import { verbatimOf } from './original.ts';
import { forEachTensor } from './walk.ts';
import { encodeFunction, encodeGraph, encodeModel, encodeNode, encodeTensor } from './write-messages.ts';
import type { WriteContext } from './write-messages.ts';
import { joinSmallParts, LengthSink, PartSink } from './wire-write.ts';
import type { FieldSink } from './wire-write.ts';

export interface WriteOptions {
  /**
   * `never`: one file, an error at 2 GiB. `keep` (default): weights that are in a second file stay in one. `above-2GiB`: one
   * file where it fits. Whatever is chosen except `never`: a model that would reach 2 GiB gets a data file.
   */
  readonly externalize?: 'never' | 'keep' | 'above-2GiB';
  /** Name of the data file that is written, without a folder. Default `model.onnx.data`. */
  readonly dataFileName?: string;
}

export interface DataFile {
  /** The location by which the model names it. */
  readonly name: string;
  readonly parts: readonly BytePart[];
}

export interface WrittenModel {
  readonly model: readonly BytePart[];
  /** Empty when all weights are in the model. An unchanged model keeps the files it came with. */
  readonly data: readonly DataFile[];
}

export interface ModelSizes {
  readonly modelBytes: number;
  readonly dataBytes: number;
}

/** Protobuf carries at most 2^31 − 1 bytes in one message. */
export const MAX_MESSAGE_BYTES = 2_147_483_647;
/** Below this a weight stays in the model, as ONNX tools do: shape inference reads small ones. */
const MIN_EXTERNAL_BYTES = 1024;
/** ONNX asks for page-aligned offsets, so that runtimes can map the file; not worth it for small weights. */
const PAGE_BYTES = 4096;
const PAGE_ALIGNED_FROM_BYTES = 1_048_576;
const SMALL_ALIGN_BYTES = 64;

/**
 * The bytes of a model.
 * @throws PareError `too-large` when one file must hold 2 GiB or more, `external-missing` when bytes that were never
 * given would have to be copied, `internal` when a tensor is still encoded.
 */
export function writeModel(model: Model, options: WriteOptions = {}): WrittenModel {
  const own = verbatimOf(model);
  const mode = options.externalize ?? 'keep';
  if (own !== undefined && mode === 'keep') return { model: [own], data: originalFiles(model) };
  const plan = planPlacement(model, options);
  if (own !== undefined && plan.placed.size === 0) return { model: [own], data: [] };
  const sink = new PartSink();
  encodeModel(sink, model, plan.context);
  const parts = joinSmallParts(sink.finish());
  refuseTooLarge(partsLength(parts));
  return { model: parts, data: plan.data === undefined ? [] : [plan.data] };
}

/** Every message encoded from its fields instead of copied: the test of the encoders. */
export function reencodeModel(model: Model): readonly BytePart[] {
  const sink = new PartSink();
  encodeModel(sink, model, { place: () => undefined, mayCopy: () => false, fromFields: true });
  return joinSmallParts(sink.finish());
}

/** Exact bytes of what `writeModel` would give, all files together. Reads no data: hollow tensors are enough. */
export function sizeOf(model: Model, options: WriteOptions = {}): number {
  const { modelBytes, dataBytes } = sizesOf(model, options);
  return modelBytes + dataBytes;
}

/** Exact bytes of the model file and of its data file. Reads no data. */
export function sizesOf(model: Model, options: WriteOptions = {}): ModelSizes {
  const own = verbatimOf(model);
  if (own !== undefined && (options.externalize ?? 'keep') === 'keep') {
    const data = originalFiles(model).map((file) => partsLength(file.parts));
    return { modelBytes: own.length, dataBytes: data.reduce((a, b) => a + b, 0) };
  }
  const plan = planPlacement(model, options);
  if (own !== undefined && plan.placed.size === 0) return { modelBytes: own.length, dataBytes: 0 };
  const modelBytes = lengthOf((sink) => encodeModel(sink, model, plan.context));
  return { modelBytes, dataBytes: plan.data === undefined ? 0 : partsLength(plan.data.parts) };
}

const AS_IS: WriteContext = { place: () => undefined, mayCopy: () => true, fromFields: false };

/** Bytes that a message takes, without tag and length, when it is encoded from its fields. Reads no data. */
export function messageLength(
  message:
    | { readonly tensor: Tensor }
    | { readonly node: Node }
    | { readonly graph: Model['graph'] }
    | { readonly function: LocalFunction },
): number {
  if ('tensor' in message) return lengthOf((sink) => encodeTensor(sink, message.tensor, AS_IS));
  if ('function' in message) return lengthOf((sink) => encodeFunction(sink, message.function, AS_IS));
  if ('graph' in message) return lengthOf((sink) => encodeGraph(sink, message.graph, AS_IS));
  return lengthOf((sink) => encodeNode(sink, message.node, AS_IS));
}

function lengthOf(encode: (sink: FieldSink) => void): number {
  const sink = new LengthSink();
  encode(sink);
  return sink.length;
}

function refuseTooLarge(bytes: number): void {
  if (bytes <= MAX_MESSAGE_BYTES) return;
  throw new PareError('too-large', `The model file would have ${bytes} bytes; ONNX files end at 2 GiB.`, {
    hint: 'Write it with external data, or choose a smaller precision.',
  });
}

/** The data files of an unchanged model: whole, under the names it uses. */
function originalFiles(model: Model): DataFile[] {
  const files = new Map<string, ByteSource>();
  forEachTensor(model, ({ data }) => {
    if (data.kind === 'external' && data.bytes !== undefined) files.set(data.location, data.bytes.source);
  });
  return [...files].map(([name, source]) => ({ name, parts: [{ source, start: 0, length: source.size }] }));
}

interface Placement {
  readonly placed: ReadonlyMap<Tensor, TensorData>;
  readonly data: DataFile | undefined;
  readonly context: WriteContext;
}

function planPlacement(model: Model, options: WriteOptions): Placement {
  const mode = options.externalize ?? 'keep';
  let anyExternal = false;
  forEachTensor(model, ({ data }) => (anyExternal ||= data.kind === 'external'));
  const inline = anyExternal ? inlineAll(model, mode === 'never') : NOTHING_PLACED;
  if (mode === 'never') return inline;
  if (mode === 'keep' && anyExternal) return moveOut(model, options);
  const own = verbatimOf(model);
  const bytes =
    own !== undefined && inline.placed.size === 0
      ? own.length
      : lengthOf((sink) => encodeModel(sink, model, inline.context));
  return bytes > MAX_MESSAGE_BYTES ? moveOut(model, options) : inline;
}

const NOTHING_PLACED: Placement = { placed: new Map(), data: undefined, context: AS_IS };

function placement(
  placed: ReadonlyMap<Tensor, TensorData>,
  touched: ReadonlySet<object>,
  data: DataFile | undefined,
): Placement {
  const context: WriteContext = {
    place: (tensor) => placed.get(tensor),
    mayCopy: (message) => !touched.has(message),
    fromFields: false,
  };
  return { placed, data, context };
}

function inlineAll(model: Model, strict: boolean): Placement {
  const placed = new Map<Tensor, TensorData>();
  const touched = new Set<object>();
  forEachTensor(model, (tensor, { holders }) => {
    if (tensor.data.kind !== 'external') return;
    const bytes = tensor.data.bytes;
    if (bytes === undefined) {
      if (strict) throw notGiven(tensor, tensor.data.location);
      return;
    }
    placed.set(tensor, { kind: 'raw', bytes });
    touched.add(tensor);
    for (const holder of holders) touched.add(holder);
  });
  return placement(placed, touched, undefined);
}

function moveOut(model: Model, options: WriteOptions): Placement {
  const name = options.dataFileName ?? 'model.onnx.data';
  const placed = new Map<Tensor, TensorData>();
  const touched = new Set<object>();
  const parts: BytePart[] = [];
  let offset = 0;
  forEachTensor(model, (tensor, { holders, isInitializer }) => {
    const bytes = bytesToMove(tensor, isInitializer, name);
    if (bytes === undefined || placed.has(tensor)) return;
    const align = bytes.length >= PAGE_ALIGNED_FROM_BYTES ? PAGE_BYTES : SMALL_ALIGN_BYTES;
    const gap = (align - (offset % align)) % align;
    if (gap > 0) parts.push(new Uint8Array(gap));
    offset += gap;
    parts.push(bytes);
    placed.set(tensor, externalAt(name, offset, bytes));
    offset += bytes.length;
    touched.add(tensor);
    for (const holder of holders) touched.add(holder);
  });
  return placement(placed, touched, parts.length === 0 ? undefined : { name, parts });
}

/** What goes to the new file. A tensor whose file was not given stays where it is, unless that name is now taken. */
function bytesToMove(tensor: Tensor, isInitializer: boolean, newName: string): ByteSpan | undefined {
  const { data } = tensor;
  if (data.kind === 'external') {
    if (data.bytes === undefined && data.location === newName) throw notGiven(tensor, data.location);
    return data.bytes;
  }
  const movable = isInitializer && data.kind === 'raw' && data.bytes.length >= MIN_EXTERNAL_BYTES;
  return movable ? data.bytes : undefined;
}

function externalAt(location: string, offset: number, bytes: ByteSpan): TensorData {
  const entries = [
    { key: 'location', value: location },
    { key: 'offset', value: String(offset) },
    { key: 'length', value: String(bytes.length) },
  ];
  return { kind: 'external', location, offset, length: bytes.length, entries, bytes };
}

function notGiven(tensor: Tensor, location: string): PareError {
  return new PareError(
    'external-missing',
    `The values of "${tensor.name}" are in "${location}", which was not given.`,
    {
      at: `tensor ${tensor.name}`,
      hint: `Open the model together with "${location}".`,
    },
  );
}
