/**
 * Which data feeds which input, and in how many ways that can be done: `values` (scales, channel orders) times `sizes`
 * (crops). It must not run models.
 */
import type { DataSource, ImageFit, InputFit } from '../../core/dataset/types.ts';
import type { ModelPort } from '../../core/dataset/predictor.ts';
import type { Dataset } from '../types.ts';
import { arrayChoices, peekArrays, type ArrayPeek } from './array-choices.ts';
import { sizeChoices, valueChoices, type Custom } from './picture-choices.ts';
import { pictureShape, peekPictures, type PicturePeek } from './picture-shape.ts';

export interface InputPlan {
  /** Titles, the customary first. */
  readonly values: readonly string[];
  readonly sizes: readonly string[];
  /** For each of `values`: its channels stand in another order than those of the first. */
  readonly reordered: readonly boolean[];
  fits(values: number, size: number): Readonly<Record<string, InputFit>>;
}

/** Choices of one input; the model's choices are those of the input that has most. */
interface PortPlan {
  readonly port: ModelPort;
  readonly values: readonly string[];
  readonly sizes: readonly string[];
  readonly reordered?: readonly boolean[];
  fit(values: number, size: number): InputFit;
}

/** @returns a sentence when the data cannot feed the model. */
export async function planInputs(
  dataset: Dataset,
  ports: readonly ModelPort[],
  custom: Custom,
): Promise<InputPlan | string> {
  const pictures = dataset.sources.some(({ kind }) => kind === 'image')
    ? await peekPictures(dataset)
    : undefined;
  const arrays = dataset.sources.some(({ kind }) => kind === 'array' || kind === 'columns')
    ? await peekArrays(dataset)
    : undefined;
  const sampleRate = dataset.sources.some(({ kind }) => kind === 'audio')
    ? await peekRate(dataset)
    : undefined;
  const plans: PortPlan[] = [];
  const free = new Set(dataset.sources.map(({ name }) => name));
  free.delete('mask');
  const reasons: string[] = [];
  // Inputs that carry a source's name come first, so that no other input takes it.
  const order = ports.toSorted((a, b) => Number(free.has(b.name)) - Number(free.has(a.name)));
  for (const port of order) {
    const plan = planPort(dataset, port, custom, free, { pictures, arrays, sampleRate });
    if (typeof plan === 'string') reasons.push(plan);
    else plans.push(plan);
  }
  if (reasons.length > 0) return reasons.join(' ');
  if (plans.every((plan) => plan.fit(0, 0).kind === 'constant')) {
    return `Nothing in ${dataset.name} fits an input of the model (${ports.map(portText).join('; ')}).`;
  }
  const longest = (lists: readonly (readonly string[])[]): readonly string[] =>
    lists.reduce((best, list) => (list.length > best.length ? list : best));
  const values = longest(plans.map((plan) => plan.values));
  const reordered = plans.find((plan) => plan.values === values)?.reordered;
  return {
    values,
    reordered: values.map((_, i) => reordered?.[i] ?? false),
    sizes: longest(plans.map(({ sizes }) => sizes)),
    fits: (value, size) =>
      Object.fromEntries(
        plans.map((plan) => [
          plan.port.name,
          plan.fit(Math.min(value, plan.values.length - 1), Math.min(size, plan.sizes.length - 1)),
        ]),
      ),
  };
}

interface Peeks {
  /** A sentence = none can be read. */
  readonly pictures: PicturePeek | string | undefined;
  readonly arrays: ArrayPeek | undefined;
  /** Of the first sound that can be read, Hz. */
  readonly sampleRate: number | undefined;
}

async function peekRate(dataset: Dataset): Promise<number | undefined> {
  for (let index = 0; index < Math.min(PEEKED_SOUNDS, dataset.length); index++) {
    try {
      for (const value of (await dataset.read(index)).values())
        if (value.kind === 'audio') return value.sampleRate;
    } catch {
      // Reported where it is evaluated.
    }
  }
  return undefined;
}

const PEEKED_SOUNDS = 20;

function planPort(
  dataset: Dataset,
  port: ModelPort,
  custom: Custom,
  free: Set<string>,
  peeks: Peeks,
): PortPlan | string {
  const token = planTokens(dataset, port);
  if (token !== undefined) return token;
  const named = dataset.sources.filter(({ name }) => name === port.name && free.has(name));
  const others = dataset.sources.filter(({ name }) => free.has(name));
  let reason: string | undefined;
  for (const source of named.length > 0 ? named : others) {
    const plan = planSource(source, port, custom, peeks);
    if (typeof plan === 'string') {
      reason ??= plan;
      continue;
    }
    // A picture may feed several inputs only when it is the only one there is.
    free.delete(source.name);
    return plan;
  }
  return (
    planConstant(port, peeks.sampleRate) ??
    reason ??
    `Nothing in ${dataset.name} fits the input ${portText(port)}.`
  );
}

function planSource(
  source: DataSource,
  port: ModelPort,
  custom: Custom,
  { pictures, arrays, sampleRate }: Peeks,
): PortPlan | string {
  switch (source.kind) {
    case 'image':
      if (pictures === undefined) return 'No picture could be read.';
      return typeof pictures === 'string' ? pictures : planPicture(source, port, custom, pictures);
    case 'array':
    case 'columns': {
      const choices = arrays === undefined ? undefined : arrayChoices(source, port, arrays);
      if (choices === undefined) {
        const unread = arrays?.has(source.name) === false ? arrays.unread : undefined;
        if (unread !== undefined) return `No sample of '${source.name}' could be read: ${unread}`;
        return `'${source.name}' has samples of [${(source.dims ?? []).join(', ')}], which are no ${portText(port)}.`;
      }
      return {
        port,
        values: choices.map(({ title }) => title),
        sizes: [''],
        fit: (values) => choices[values].value,
      };
    }
    case 'audio':
      return planAudio(source, port, sampleRate) ?? `Sound does not fit the input ${portText(port)}.`;
    case 'text':
      return `Text does not fit the input ${portText(port)}.`;
    default:
      return source.kind satisfies never;
  }
}

function planPicture(
  source: DataSource,
  port: ModelPort,
  custom: Custom,
  peek: PicturePeek,
): PortPlan | string {
  const shape = pictureShape(port, peek, custom);
  if (typeof shape === 'string') return shape;
  const { width, height, channels, layout } = shape;
  const exact = peek.sizes.every((size) => size.width === width && size.height === height);
  const bytes = { uint8: 'unsigned', int8: 'signed' } as const;
  const whole = port.dataType === 'uint8' || port.dataType === 'int8' ? bytes[port.dataType] : null;
  const values = valueChoices(custom, channels, width, whole);
  const sizes = sizeChoices(custom, width, height, exact);
  return {
    port,
    values: values.map(({ title }) => title),
    reordered: values.map(({ reordered = false }) => reordered),
    sizes: sizes.map(({ title }) => title),
    fit: (v, s): ImageFit => ({
      kind: 'image',
      source: source.name,
      layout,
      ...sizes[s].value,
      ...values[v].value,
    }),
  };
}

/** Waveforms go into the longest axis; a free one takes a second. */
function planAudio(source: DataSource, port: ModelPort, sampleRate = SPEECH_RATE): PortPlan | undefined {
  const shape = port.shape?.slice(1);
  if (shape === undefined || shape.length === 0 || !port.dataType.startsWith('float')) return undefined;
  const fixed = shape.map((d) => (typeof d === 'number' ? d : 0));
  const longest = fixed.indexOf(Math.max(...fixed));
  const wave = fixed.includes(0) ? fixed.indexOf(0) : longest;
  const dims = fixed.map((d, axis) => (axis === wave ? (d === 0 ? sampleRate : d) : Math.max(1, d)));
  const length = dims[wave];
  // An axis of a few dozen holds features, not a waveform.
  if (length < 400 || dims.some((d, axis) => axis !== wave && d !== 1)) return undefined;
  return {
    port,
    values: ['waveform'],
    sizes: [''],
    fit: () => ({ kind: 'audio', source: source.name, sampleRate, length, dims, scale: 1 }),
  };
}

/** What speech models take where nothing says otherwise, Hz. */
const SPEECH_RATE = 16_000;

const TOKEN_ROLES = [
  [/(^|_)mask/, 'mask'],
  [/type|segment/, 'types'],
  [/position/, 'positions'],
  [/ids|token|input/, 'ids'],
] as const;

/** Inputs of whole numbers of a model that reads text. */
function planTokens(dataset: Dataset, port: ModelPort): PortPlan | undefined {
  const source = dataset.sources.find(({ kind }) => kind === 'text');
  if (source === undefined || !/^int(32|64)$/.test(port.dataType) || port.shape?.length !== 2)
    return undefined;
  const role = TOKEN_ROLES.find(([pattern]) => pattern.test(port.name.toLowerCase()))?.[1];
  if (role === undefined) return undefined;
  const declared = port.shape[1];
  const length = typeof declared === 'number' ? declared : FREE_TOKENS;
  return {
    port,
    values: ['tokens'],
    sizes: [''],
    fit: () => ({ kind: 'text', source: source.name, role, length }),
  };
}

/** Tokens where the model takes any number of them; most sentences are shorter. */
const FREE_TOKENS = 128;

/** Flags, states and thresholds: zero, and the sampling rate where the input asks for it. */
function planConstant(port: ModelPort, sampleRate = SPEECH_RATE): PortPlan | undefined {
  const name = port.name.toLowerCase();
  const shape = port.shape ?? [];
  const rate = /^(sr|sample_?rate|sampling_?rate)$/.test(name);
  const state = /(^|_)(h|c|hn|cn|h0|c0|state|hidden|cell|cache|context|past|memory|mask)\d*($|_)|state/.test(
    name,
  );
  const flag = /train|dropout|phase|threshold|iou|score/.test(name) || shape.length === 0;
  // A second input that only fixed numbers describe is a state more often than data.
  if (!rate && !state && !flag) return undefined;
  const dims = shape.map((d) => (typeof d === 'number' ? d : 1));
  const value = rate ? sampleRate : 0;
  return { port, values: ['zero'], sizes: [''], fit: () => ({ kind: 'constant', dims, value }) };
}

export function portText({ name, shape }: ModelPort): string {
  return `'${name}' [${(shape ?? []).map((d) => d ?? '?').join(', ')}]`;
}
