/**
 * Divides a set into what is evaluated, what methods may look at, and what stays unseen until the end. The division
 * depends on keys and seed alone, so that page, workers and command line agree without talking. It must not know labels.
 */
import type { DataConfig, DataPart } from '../../core/dataset/types.ts';
import { PareError } from '../../core/errors.ts';
import type { HalfName } from '../../core/metrics/tasks/types.ts';
import type { Dataset } from '../types.ts';

/** Where each sample goes; `EXCLUDED` = left out by the user. */
export const EXCLUDED = 3;
export const PARTS = { evaluation: 0, calibration: 1, 'hold-back': 2 } as const satisfies Record<
  DataPart,
  number
>;

export interface Division {
  /** One code a sample, by index. */
  readonly codes: Uint8Array;
  readonly counts: Readonly<Record<DataPart, number>>;
  readonly excluded: number;
  /** Keys of `exclude` that the set does not have. */
  readonly unknown: readonly string[];
}

type Keys = Pick<Dataset, 'length' | 'info'>;
type SplitOf = Pick<DataConfig, 'split' | 'exclude'>;

/**
 * The `calibration` smallest hashes are the calibration pool, the largest ones up to the share `holdBack` of all
 * samples (rounded to one sample) are held back, the rest is evaluated. A hash is of seed and key: neither the order of
 * the samples nor what else is in the set moves a sample, apart from the ones next to the two borders.
 * @throws PareError `usage` when the shares are no shares.
 */
export function divide(dataset: Keys, { split, exclude }: SplitOf): Division {
  assertShares(split);
  const { length } = dataset;
  const codes = new Uint8Array(length);
  const left = new Set(exclude);
  if (split.calibration === 0 && split.holdBack === 0 && left.size === 0) {
    return {
      codes,
      counts: { evaluation: length, calibration: 0, 'hold-back': 0 },
      excluded: 0,
      unknown: [],
    };
  }
  const keys = Array.from({ length }, (_, index) => dataset.info(index).key);
  const kept: number[] = [];
  const found = new Set<string>();
  for (const [index, key] of keys.entries()) {
    if (left.has(key)) {
      codes[index] = EXCLUDED;
      found.add(key);
    } else {
      kept.push(index);
    }
  }
  const hashes = Float64Array.from(keys, (key) => keyHash(split.seed, key));
  kept.sort((a, b) => hashes[a] - hashes[b] || (keys[a] < keys[b] ? -1 : 1));
  const heldBack = Math.round(split.holdBack * kept.length);
  const calibration = Math.min(split.calibration, kept.length - heldBack);
  for (const index of kept.slice(0, calibration)) codes[index] = PARTS.calibration;
  for (const index of kept.slice(kept.length - heldBack)) codes[index] = PARTS['hold-back'];
  return {
    codes,
    counts: { evaluation: kept.length - calibration - heldBack, calibration, 'hold-back': heldBack },
    excluded: length - kept.length,
    unknown: [...left].filter((key) => !found.has(key)),
  };
}

/** Indices of one part, ascending. */
export function indicesOf(dataset: Keys, config: SplitOf, part: DataPart): Uint32Array {
  const { codes, counts } = divide(dataset, config);
  const indices = new Uint32Array(counts[part]);
  let filled = 0;
  for (let index = 0; index < codes.length; index++) {
    if (codes[index] === PARTS[part]) indices[filled++] = index;
  }
  return indices;
}

/**
 * Two halves of some samples, by another hash than the parts are: a choice is made on one half and confirmed on the
 * other. With an odd number the choosing half has one more.
 */
export function halvesOf(
  dataset: Keys,
  { split: { seed } }: SplitOf,
  indices: readonly number[],
): (index: number) => HalfName {
  const hashed = indices.map((index) => ({ index, hash: keyHash(seed + 1, dataset.info(index).key) }));
  hashed.sort((a, b) => a.hash - b.hash || a.index - b.index);
  const choosing = new Set(hashed.slice(0, Math.ceil(hashed.length / 2)).map(({ index }) => index));
  return (index) => (choosing.has(index) ? 'choosing' : 'confirming');
}

function assertShares({ seed, calibration, holdBack }: DataConfig['split']): void {
  const whole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (whole(seed) && whole(calibration) && holdBack >= 0 && holdBack <= 0.5) return;
  throw new PareError(
    'usage',
    `The division has seed ${seed}, ${calibration} samples for calibration and ${holdBack} held back; expected whole numbers from 0 and a share of 0 to 0.5.`,
    { at: 'split' },
  );
}

const HASH_HIGH_BITS = 21;

/**
 * 53 bits of seed and text, as a whole number. Two 32-bit lanes, each mixed per UTF-16 unit by a multiplication and a
 * rotation and finished with the avalanche of MurmurHash3 (A. Appleby, public domain).
 */
function keyHash(seed: number, key: string): number {
  let low = (seed ^ 0x9e3779b9) | 0;
  let high = (Math.floor(seed / 2 ** 32) ^ seed ^ 0x85ebca6b) | 0;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    low = rotate(Math.imul(low ^ unit, 0xcc9e2d51), 15);
    high = rotate(Math.imul(high ^ unit, 0x1b873593), 13);
  }
  low = avalanche(low ^ key.length);
  high = avalanche(high ^ low);
  return (high >>> (32 - HASH_HIGH_BITS)) * 2 ** 32 + (low >>> 0);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function avalanche(value: number): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}
