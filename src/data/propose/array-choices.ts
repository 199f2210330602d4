/** The ways to turn stored arrays or columns into a model's input. It must not run models. */
import type { DataSource, InputFit } from '../../core/dataset/types.ts';
import type { ModelPort } from '../../core/dataset/predictor.ts';
import { toErrorRecord } from '../../core/errors.ts';
import { elementCount } from '../../core/tensor/dtype.ts';
import type { Dataset } from '../types.ts';
import type { Choice } from './picture-choices.ts';

/** What the values of a source look like on some samples. */
interface Range {
  readonly dims: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
  /** Of each position, for columns. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** By source; a source is absent when no sample of it can be read. */
export interface ArrayPeek {
  get(source: string): Range | undefined;
  has(source: string): boolean;
  /** Why the first unreadable sample could not be read. */
  readonly unread: string | undefined;
}

const PEEKED = 200;

/** Ranges over samples spread over the set. Samples that cannot be read are reported where they are evaluated. */
export async function peekArrays(dataset: Dataset): Promise<ArrayPeek> {
  const seen = new Map<string, { dims: readonly number[]; values: number[][] }>();
  const step = Math.max(1, Math.floor(dataset.length / PEEKED));
  let unread: string | undefined;
  for (let index = 0, count = 0; index < dataset.length && count < PEEKED; index += step, count++) {
    try {
      for (const [name, value] of await dataset.read(index)) {
        if (value.kind !== 'array') continue;
        const one = seen.get(name) ?? { dims: value.dims, values: [] };
        seen.set(name, one);
        one.values.push(Array.from(value.values as ArrayLike<number>, Number));
      }
    } catch (error) {
      unread ??= toErrorRecord(error).message;
    }
  }
  const ranges = new Map([...seen].map(([name, { dims, values }]) => [name, rangeOf(dims, values)]));
  return { get: (name) => ranges.get(name), has: (name) => ranges.has(name), unread };
}

function rangeOf(dims: readonly number[], samples: readonly (readonly number[])[]): Range {
  let low = Infinity;
  let high = -Infinity;
  let whole = true;
  for (const sample of samples) {
    for (const x of sample) {
      if (!Number.isFinite(x)) continue;
      if (x < low) low = x;
      if (x > high) high = x;
      whole &&= Number.isInteger(x);
    }
  }
  // Only columns are few enough to be told apart.
  const positions = elementCount(dims) <= 4096 ? elementCount(dims) : 0;
  const mean: number[] = [];
  const std: number[] = [];
  for (let i = 0; i < positions; i++) {
    const column = samples.map((sample) => sample[i]).filter(Number.isFinite);
    const m = column.reduce((a, b) => a + b, 0) / Math.max(1, column.length);
    const variance = column.reduce((a, b) => a + (b - m) ** 2, 0) / Math.max(1, column.length);
    mean.push(m);
    std.push(variance > 0 ? Math.sqrt(variance) : 1);
  }
  return { dims, low, high, whole, mean, std };
}

/** Undefined when the sizes do not fit. The simplest first. */
export function arrayChoices(
  source: DataSource,
  port: ModelPort,
  peek: ArrayPeek,
): Choice<InputFit>[] | undefined {
  const range = peek.get(source.name);
  const stored = source.dims ?? range?.dims;
  if (range === undefined || stored === undefined) return undefined;
  if (source.kind === 'columns') return columnChoices(source, port, range);
  const found: Choice<InputFit>[] = [];
  for (const order of arrangements(stored, port)) {
    for (const { title, scale, mean, std } of scalings(range, port)) {
      found.push({
        title: `${title}${order.title}`,
        value: {
          kind: 'array',
          source: source.name,
          dims: order.dims,
          ...(order.transpose === undefined ? {} : { transpose: order.transpose }),
          scale,
          mean,
          std,
        },
      });
    }
  }
  return found.length === 0 ? undefined : found;
}

interface Arrangement {
  readonly title: string;
  readonly dims: readonly number[];
  readonly transpose?: readonly number[];
}

function arrangements(stored: readonly number[], port: ModelPort): Arrangement[] {
  if (port.shape === null) return [{ title: '', dims: stored }];
  const wanted = port.shape.slice(1);
  const found: Arrangement[] = [];
  const same = filled(stored, wanted);
  if (same !== undefined) found.push({ title: '', dims: same });
  if (stored.length === 3 && !agrees(stored, wanted)) {
    const turns = [
      [[2, 0, 1], ', channels moved to the front'],
      [[1, 2, 0], ', channels moved to the end'],
    ] as const;
    for (const [transpose, title] of turns) {
      const dims = transpose.map((axis) => stored[axis]);
      const differs = dims.some((d, i) => d !== stored[i]);
      if (differs && agrees(dims, wanted)) found.push({ title, dims, transpose });
    }
  }
  if (found.length === 0) {
    const count = elementCount(stored);
    const fixed = wanted.every((d) => typeof d === 'number');
    if (fixed && elementCount(wanted) === count) found.push({ title: ', reshaped', dims: wanted });
  }
  return found;
}

function agrees(have: readonly number[], wanted: readonly (number | string | null)[]): boolean {
  return (
    have.length === wanted.length && have.every((d, i) => typeof wanted[i] !== 'number' || wanted[i] === d)
  );
}

/** The wanted dims with free ones taken from the stored, where both are equal but for ones. */
function filled(
  stored: readonly number[],
  wanted: readonly (number | string | null)[],
): readonly number[] | undefined {
  if (agrees(stored, wanted)) return stored;
  const rest = stored.filter((d) => d !== 1);
  const dims: number[] = [];
  let at = 0;
  for (const d of wanted) {
    if (d === 1) dims.push(1);
    else if (at < rest.length && (typeof d !== 'number' || d === rest[at])) dims.push(rest[at++]);
    else if (typeof d !== 'number') dims.push(1);
    else return undefined;
  }
  return at === rest.length ? dims : undefined;
}

interface Scaling {
  readonly title: string;
  readonly scale: number;
  readonly mean: number;
  readonly std: number;
}

const asStored: Scaling = { title: 'values as stored', scale: 1, mean: 0, std: 1 };

function scalings({ low, high, whole }: Range, port: ModelPort): Scaling[] {
  if (!port.dataType.startsWith('float')) return [asStored];
  if (whole && low >= 0 && high > 1 && high <= 255) {
    return [
      { ...asStored, title: '0..255' },
      { title: '0..1', scale: 1 / 255, mean: 0, std: 1 },
      { title: '−1..1', scale: 1, mean: 127.5, std: 127.5 },
    ];
  }
  if (low >= 0 && high <= 1 && high > 0) {
    return [
      { ...asStored, title: '0..1' },
      { title: '0..255', scale: 255, mean: 0, std: 1 },
      { title: '−1..1', scale: 2, mean: 1, std: 1 },
    ];
  }
  return [asStored];
}

function columnChoices(source: DataSource, port: ModelPort, range: Range): Choice<InputFit>[] | undefined {
  const columns = source.columns ?? [];
  const wanted = port.shape?.slice(1) ?? [columns.length];
  const single = columns.length === 1 && wanted.every((d) => typeof d !== 'number' || d === 1);
  const dims = filled([columns.length], wanted) ?? (single ? wanted.map(() => 1) : undefined);
  if (dims === undefined || columns.length !== elementCount(dims)) return undefined;
  const base = { kind: 'columns', columns, dims, scale: 1 } as const;
  return [
    { title: 'columns as they are', value: { ...base, mean: [0], std: [1] } },
    { title: 'columns standardized', value: { ...base, mean: range.mean, std: range.std } },
  ];
}
