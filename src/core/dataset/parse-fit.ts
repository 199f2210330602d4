/** One input's fit, checked value by value and bounded: a description can ask for no more memory than a model could use. */
import type { JsonReader } from '../json-reader.ts';
import type { ArrayFit, AudioFit, ColumnsFit, ConstantFit, ImageFit, InputFit, TextFit } from './types.ts';

const FIT_KINDS = [
  'image',
  'array',
  'columns',
  'audio',
  'text',
  'constant',
] as const satisfies InputFit['kind'][];
/** Pixels of one side. */
const MOST_SIDE = 16_384;
/** Elements of one sample: 256 MiB of floats. */
const MOST_ELEMENTS = 2 ** 26;
const MOST_AXES = 8;
const MOST_NAME = 1000;
const MOST_COLUMNS = 100_000;
/** Hertz; the highest rate that sound is recorded at. */
const MOST_RATE = 768_000;
const MOST_TOKENS = 1_000_000;

export function parseFit(json: JsonReader, input: unknown, at: string): InputFit {
  const kind = json.choice(json.record(input, at)['kind'], `${at}.kind`, FIT_KINDS);
  switch (kind) {
    case 'image':
      return imageFit(json, input, at);
    case 'array':
      return arrayFit(json, input, at);
    case 'columns':
      return columnsFit(json, input, at);
    case 'audio':
      return audioFit(json, input, at);
    case 'text':
      return textFit(json, input, at);
    case 'constant':
      return constantFit(json, input, at);
    default:
      return kind satisfies never;
  }
}

const IMAGE_KEYS = [
  'kind',
  'source',
  'width',
  'height',
  'resize',
  'shortSide',
  'padValue',
  'channels',
  'layout',
  'scale',
  'mean',
  'std',
];

function imageFit(json: JsonReader, input: unknown, at: string): ImageFit {
  const fit = json.record(input, at, IMAGE_KEYS);
  const width = json.whole(fit['width'], `${at}.width`, 1, MOST_SIDE);
  const height = json.whole(fit['height'], `${at}.height`, 1, MOST_SIDE);
  const channels = json.choice(fit['channels'], `${at}.channels`, ['rgb', 'bgr', 'gray'] as const);
  const layout = json.choice(fit['layout'], `${at}.layout`, ['nchw', 'nhwc', 'hw'] as const);
  const count = channels === 'gray' ? 1 : 3;
  bounded(json, [width, height, count], at);
  if (layout === 'hw' && count !== 1) {
    throw json.invalid(`${at}.layout`, `"hw" has room for one channel, and "${channels}" has three`);
  }
  return {
    kind: 'image',
    source: name(json, fit['source'], `${at}.source`),
    width,
    height,
    resize: json.choice(fit['resize'], `${at}.resize`, ['stretch', 'crop', 'pad', 'none'] as const),
    ...optional('shortSide', fit['shortSide'], (value) => json.whole(value, `${at}.shortSide`, 1, MOST_SIDE)),
    ...optional('padValue', fit['padValue'], (value) => json.number(value, `${at}.padValue`, 0, 255)),
    channels,
    layout,
    scale: json.number(fit['scale'], `${at}.scale`),
    mean: numbers(json, fit['mean'], `${at}.mean`, count),
    std: divisors(json, fit['std'], `${at}.std`, count),
  };
}

function arrayFit(json: JsonReader, input: unknown, at: string): ArrayFit {
  const fit = json.record(input, at, ['kind', 'source', 'dims', 'transpose', 'scale', 'mean', 'std']);
  return {
    kind: 'array',
    source: name(json, fit['source'], `${at}.source`),
    dims: dims(json, fit['dims'], `${at}.dims`),
    ...optional('transpose', fit['transpose'], (value) => permutation(json, value, `${at}.transpose`)),
    scale: json.number(fit['scale'], `${at}.scale`),
    mean: json.number(fit['mean'], `${at}.mean`),
    std: divisor(json, fit['std'], `${at}.std`),
  };
}

function columnsFit(json: JsonReader, input: unknown, at: string): ColumnsFit {
  const fit = json.record(input, at, ['kind', 'columns', 'dims', 'scale', 'mean', 'std']);
  const columns = json
    .list(fit['columns'], `${at}.columns`, MOST_COLUMNS)
    .map((column, i) => name(json, column, `${at}.columns[${i}]`));
  if (columns.length === 0) throw json.invalid(`${at}.columns`, 'at least one column is expected');
  return {
    kind: 'columns',
    columns,
    dims: dims(json, fit['dims'], `${at}.dims`),
    scale: json.number(fit['scale'], `${at}.scale`),
    mean: numbers(json, fit['mean'], `${at}.mean`, columns.length),
    std: divisors(json, fit['std'], `${at}.std`, columns.length),
  };
}

function audioFit(json: JsonReader, input: unknown, at: string): AudioFit {
  const fit = json.record(input, at, ['kind', 'source', 'sampleRate', 'length', 'dims', 'scale']);
  return {
    kind: 'audio',
    source: name(json, fit['source'], `${at}.source`),
    sampleRate: json.whole(fit['sampleRate'], `${at}.sampleRate`, 1, MOST_RATE),
    length: json.whole(fit['length'], `${at}.length`, 1, MOST_ELEMENTS),
    dims: dims(json, fit['dims'], `${at}.dims`),
    scale: json.number(fit['scale'], `${at}.scale`),
  };
}

function textFit(json: JsonReader, input: unknown, at: string): TextFit {
  const fit = json.record(input, at, ['kind', 'source', 'role', 'length']);
  return {
    kind: 'text',
    source: name(json, fit['source'], `${at}.source`),
    role: json.choice(fit['role'], `${at}.role`, ['ids', 'mask', 'types', 'positions'] as const),
    length: json.whole(fit['length'], `${at}.length`, 1, MOST_TOKENS),
  };
}

function constantFit(json: JsonReader, input: unknown, at: string): ConstantFit {
  const fit = json.record(input, at, ['kind', 'dims', 'value']);
  return {
    kind: 'constant',
    dims: dims(json, fit['dims'], `${at}.dims`),
    value: json.number(fit['value'], `${at}.value`),
  };
}

/** An optional field: nothing where it is absent. */
function optional<K extends string, T>(
  key: K,
  value: unknown,
  read: (value: unknown) => T,
): { readonly [P in K]?: T } {
  const field: { [P in K]?: T } = {};
  if (value !== undefined) field[key] = read(value);
  return field;
}

function name(json: JsonReader, input: unknown, at: string): string {
  return json.text(input, at, MOST_NAME);
}

/** No axes = one number. */
function dims(json: JsonReader, input: unknown, at: string): number[] {
  const sizes = json
    .list(input, at, MOST_AXES)
    .map((size, i) => json.whole(size, `${at}[${i}]`, 1, MOST_ELEMENTS));
  bounded(json, sizes, at);
  return sizes;
}

function bounded(json: JsonReader, sizes: readonly number[], at: string): void {
  const elements = sizes.reduce((product, size) => product * size, 1);
  if (elements > MOST_ELEMENTS) {
    throw json.invalid(
      at,
      `${sizes.join(' × ')} elements for one sample are more than the ${MOST_ELEMENTS} that are taken`,
    );
  }
}

function permutation(json: JsonReader, input: unknown, at: string): number[] {
  const axes = json.list(input, at, MOST_AXES);
  const found = axes.map((axis, i) => json.whole(axis, `${at}[${i}]`, 0, axes.length - 1));
  if (new Set(found).size !== found.length) {
    throw json.invalid(at, `each axis once is expected, [${found.join(', ')}] was found`);
  }
  return found;
}

/** One for each, or one for all. */
function numbers(json: JsonReader, input: unknown, at: string, count: number): number[] {
  const found = json.list(input, at, count).map((each, i) => json.number(each, `${at}[${i}]`));
  if (found.length !== count && found.length !== 1) {
    throw json.invalid(at, `1 or ${count} values are expected, ${found.length} were found`);
  }
  return found;
}

function divisors(json: JsonReader, input: unknown, at: string, count: number): number[] {
  return numbers(json, input, at, count).map((each, i) => divisor(json, each, `${at}[${i}]`));
}

function divisor(json: JsonReader, input: unknown, at: string): number {
  const value = json.number(input, at);
  if (value === 0) throw json.invalid(at, 'values are divided by it, and 0 was found');
  return value;
}
