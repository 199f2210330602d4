/**
 * Made-up inputs that fit a model: seeded, the same in page and command line. They say nothing about accuracy; they
 * only make two models comparable. It must not run anything.
 */
import { PareError } from '../errors.ts';
import type { HostTensor } from '../onnx/graph-runner.ts';
import { byteLengthOf, elementCount } from '../tensor/dtype.ts';
import type { DataType } from '../tensor/dtype.ts';
import { dimsOf, isState } from './model-inputs.ts';
import type { DimensionSizes, ModelInput } from './model-inputs.ts';
import { seededRandom } from '../random.ts';
import type { Random } from '../random.ts';

/** What float inputs span. Models differ in what they were trained on. */
export type ValueRange = 'signed-unit' | 'bytes';

/** Most elements of one made-up input: 64 million floats are 256 MB. */
export const MAX_INPUT_ELEMENTS = 2 ** 26;

/**
 * One sample. The numbers depend on seed, sample, and the position of the input only, so that samples can be made in
 * any order.
 */
export function makeFeeds(
  inputs: readonly ModelInput[],
  sizes: DimensionSizes,
  seed: number,
  sample: number,
  range: ValueRange = 'signed-unit',
): Map<string, HostTensor> {
  const feeds = new Map<string, HostTensor>();
  for (const [position, input] of inputs.entries()) {
    // Two odd multipliers keep the streams of neighbouring samples and inputs apart.
    const random = seededRandom(
      (Math.imul(seed, 0x9e3779b1) + Math.imul(sample, 0x85ebca6b) + Math.imul(position, 0xc2b2ae35)) >>> 0,
    );
    const dims = dimsOf(input, sizes);
    refuseHuge(input.name, elementCount(dims));
    const values = isState(input)
      ? undefined
      : valuesOf(input, dims, sequenceLength(inputs, sizes), random, range);
    feeds.set(input.name, pack(input.dataType, dims, values));
  }
  return feeds;
}

function refuseHuge(name: string, count: number): void {
  if (count <= MAX_INPUT_ELEMENTS) return;
  throw new PareError('unsupported', `The input "${name}" cannot be made up: it has ${count} values.`, {
    at: name,
    hint: 'Give samples of your own, or smaller sizes for the free dimensions.',
  });
}

/** Largest number of elements among the inputs under these sizes. */
export function largestInput(inputs: readonly ModelInput[], sizes: DimensionSizes): number {
  return Math.max(0, ...inputs.map((input) => elementCount(dimsOf(input, sizes))));
}

/** What an input named "length" should say: the second axis of the largest input. */
function sequenceLength(inputs: readonly ModelInput[], sizes: DimensionSizes): number {
  const shapes = inputs.map((input) => dimsOf(input, sizes));
  const largest = shapes.toSorted((a, b) => elementCount(b) - elementCount(a))[0] ?? [];
  return largest[1] ?? largest[0] ?? 1;
}

function valuesOf(
  input: ModelInput,
  dims: readonly number[],
  length: number,
  random: Random,
  range: ValueRange,
): ArrayLike<number> {
  const count = elementCount(dims);
  const { name, dataType } = input;
  const fill = (value: () => number): number[] => Array.from({ length: count }, value);
  if (dataType.startsWith('float')) {
    if (/mask/i.test(name)) return fill(() => 1);
    return smoothNoise(dims, random, range);
  }
  if (/mask/i.test(name)) return fill(() => 1);
  if (dataType === 'bool') return fill(() => Math.floor(random.next() * 2));
  if (/^sr$|sampl(e|ing).?rate/i.test(name)) return fill(() => 16000);
  if (/len(gth)?s?$/i.test(name)) return fill(() => length);
  // 0 and 1 are inside every vocabulary and every axis of at least two.
  return fill(() => Math.floor(random.next() * 2));
}

/**
 * Waves with a little noise, one set of waves a plane (the last two axes), each sample with its own contrast and
 * brightness: nearer to pictures and sound than white noise, on which many models give one and the same answer.
 * Values in [−1, 1], or whole numbers 0..255.
 */
function smoothNoise(dims: readonly number[], random: Random, range: ValueRange): Float32Array {
  const count = elementCount(dims);
  const values = new Float32Array(count);
  const width = Math.max(1, dims.at(-1) ?? 1);
  const height = Math.max(1, dims.at(-2) ?? 1);
  const plane = width * height;
  const contrast = 0.3 + 0.7 * random.next();
  const brightness = random.next() - 0.5;
  const WAVES = 3;
  for (let start = 0; start < count; start += plane) {
    const waves = Array.from({ length: WAVES }, () => ({
      fx: (random.next() * 8 * Math.PI) / width,
      fy: (random.next() * 8 * Math.PI) / height,
      phase: random.next() * 2 * Math.PI,
    }));
    for (let i = 0; i < plane && start + i < count; i++) {
      const x = i % width;
      const y = (i - x) / width;
      let value = 0;
      for (const { fx, fy, phase } of waves) value += Math.cos(x * fx + y * fy + phase);
      value = brightness + (contrast * value) / WAVES + 0.2 * (random.next() - 0.5);
      const unit = Math.max(-1, Math.min(1, value));
      values[start + i] = range === 'bytes' ? Math.round((unit + 1) * 127.5) : unit;
    }
  }
  return values;
}

/** Values as packed bytes; absent = zeros. */
function pack(
  dataType: DataType,
  dims: readonly number[],
  values: ArrayLike<number> | undefined,
): HostTensor {
  const count = elementCount(dims);
  const bytes = new Uint8Array(byteLengthOf(dataType, count));
  if (values === undefined) return { dataType, dims, bytes };
  const put = PUT[dataType];
  if (put === undefined) throw new PareError('internal', `Inputs of type ${dataType} are not made up.`);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) put(view, i, values[i]);
  return { dataType, dims, bytes };
}

type Put = (view: DataView, i: number, value: number) => void;

function putNibble(view: DataView, i: number, value: number): void {
  const at = i >> 1;
  view.setUint8(at, view.getUint8(at) | ((value & 15) << (4 * (i & 1))));
}

/** Writes element i. The types that readInputs lets through. */
const PUT: Readonly<Partial<Record<DataType, Put>>> = {
  float32: (view, i, value) => view.setFloat32(i * 4, value, true),
  float64: (view, i, value) => view.setFloat64(i * 8, value, true),
  float16: (view, i, value) => view.setUint16(i * 2, halfBits(value), true),
  int64: (view, i, value) => view.setBigInt64(i * 8, BigInt(value), true),
  uint64: (view, i, value) => view.setBigUint64(i * 8, BigInt(value), true),
  int32: (view, i, value) => view.setInt32(i * 4, value, true),
  uint32: (view, i, value) => view.setUint32(i * 4, value, true),
  int16: (view, i, value) => view.setInt16(i * 2, value, true),
  uint16: (view, i, value) => view.setUint16(i * 2, value, true),
  int8: (view, i, value) => view.setInt8(i, value),
  uint8: (view, i, value) => view.setUint8(i, value),
  bool: (view, i, value) => view.setUint8(i, value),
  int4: putNibble,
  uint4: putNibble,
};

/** Binary16 by truncation: made-up inputs need no exact rounding, |value| ≤ 255, and tiny values may become zero. */
function halfBits(value: number): number {
  const f = new DataView(new ArrayBuffer(4));
  f.setFloat32(0, value);
  const bits = f.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  if (exponent <= 0) return sign;
  return sign | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}
