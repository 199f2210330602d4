/**
 * What a model wants to be fed, and how its free dimensions may be filled: fixed sizes, the user's settings, then
 * sensible guesses in order. It must not run anything.
 */
import type { DataType } from '../tensor/dtype.ts';

/** A size, the name of a free size, or nothing known (no name, or a literal −1). */
export type InputDimension = number | string | null;

export interface ModelInput {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly InputDimension[];
}

/** Sizes by key: the symbolic name, or 'input:axis' where there is none. */
export type DimensionSizes = Readonly<Record<string, number>>;

/** The settings key of a free dimension. */
export function dimensionKey(input: ModelInput, axis: number): string {
  const d = input.shape[axis];
  return typeof d === 'string' ? d : `${input.name}:${axis}`;
}

/** Recurrent state that goes in and comes out again: starts as zeros, its batch is 1. */
export function isState(input: Pick<ModelInput, 'name'>): boolean {
  return /state|hidden|^(h|c|hn|cn|h_?0|c_?0|h_in|c_in|past.*|cache.*)$/i.test(input.name);
}

type Kind = 'batch' | 'picture' | 'channels' | 'samples' | 'tokens' | 'other';

/**
 * Guesses in order. Pictures: 224 is the usual training size and a multiple of 32, the largest common stride.
 * Samples: 512 is a window of speech at 16 kHz, 16000 a second of it.
 */
const GUESSES: Readonly<Record<Kind, readonly number[]>> = {
  batch: [1],
  picture: [224, 64, 320, 32, 256, 128, 416, 512, 640, 96, 160, 299, 48, 16, 28, 1],
  channels: [3, 1, 4, 2, 16, 32, 64],
  samples: [512, 16000, 1024, 256, 4096, 16, 32000, 80, 64, 128, 1],
  tokens: [16, 1, 8, 32, 64, 128, 256, 512, 2, 7],
  other: [16, 1, 32, 64, 224, 80, 128, 256, 512, 2, 3, 4, 8, 40],
};

function kindOf(input: ModelInput, axis: number): Kind {
  const { shape, dataType } = input;
  const name = shape[axis];
  if (isState(input) || (typeof name === 'string' && /batch|^(n|b|bs)$/i.test(name))) return 'batch';
  if (axis === 0 && shape.length >= 2) return 'batch';
  if (shape.length >= 4) {
    const last = shape[shape.length - 1];
    const channelsLast = last === 1 || last === 3 || last === 4;
    return axis === 1 && !channelsLast ? 'channels' : 'picture';
  }
  if (typeof name === 'string' && /channel/i.test(name)) return 'channels';
  if (!dataType.startsWith('float')) return 'tokens';
  return axis === shape.length - 1 && shape.length <= 2 ? 'samples' : 'other';
}

/** Most sets of sizes that are tried on one model: a wrong guess costs a failed run, and there must be an end. */
const MAX_TRIALS = 32;

/**
 * Sets of sizes to try in order, the first most likely. Settings are kept in every one. Free dimensions of one kind
 * move together (height and width, every sequence length).
 */
export function dimensionTrials(inputs: readonly ModelInput[], settings: DimensionSizes): DimensionSizes[] {
  const free = new Map<string, Kind>();
  for (const input of inputs) {
    for (const [axis, d] of input.shape.entries()) {
      if (typeof d === 'number') continue;
      const key = dimensionKey(input, axis);
      const kind = kindOf(input, axis);
      // A name that is the batch anywhere is the batch everywhere.
      if (!free.has(key) || kind === 'batch') free.set(key, kind);
    }
  }
  const guessed = [...free].filter(([key]) => settings[key] === undefined);
  const kinds = [...new Set(guessed.map(([, kind]) => kind))];
  return indexTuples(kinds.map((kind) => GUESSES[kind].length)).map((tuple) => {
    const sizes: Record<string, number> = { ...settings };
    for (const [key, kind] of guessed) sizes[key] = GUESSES[kind][tuple[kinds.indexOf(kind)]];
    return sizes;
  });
}

/** All index tuples below `lengths`, those of small sum first, at most MAX_TRIALS. */
function indexTuples(lengths: readonly number[]): number[][] {
  const tuples: number[][] = [];
  const furthest = lengths.reduce((sum, n) => sum + n - 1, 0);
  const extend = (prefix: number[], left: number): void => {
    if (tuples.length >= MAX_TRIALS) return;
    if (prefix.length === lengths.length) {
      if (left === 0) tuples.push(prefix);
      return;
    }
    for (let i = 0; i < Math.min(lengths[prefix.length], left + 1); i++) extend([...prefix, i], left - i);
  };
  for (let sum = 0; sum <= furthest && tuples.length < MAX_TRIALS; sum++) extend([], sum);
  return tuples;
}

/** The dims of one input under these sizes. An unknown key reads as 1. */
export function dimsOf(input: ModelInput, sizes: DimensionSizes): number[] {
  return input.shape.map((d, axis) => (typeof d === 'number' ? d : (sizes[dimensionKey(input, axis)] ?? 1)));
}
