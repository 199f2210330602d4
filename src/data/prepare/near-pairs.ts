/**
 * Pairs of pictures that look alike, out of all pairs of a set: by perceptual hash first, then by what is left of the
 * pictures. It must not know files, keys or labels.
 */
import type { Checkpoint } from '../types.ts';
import { GRID, popCount, type PictureHash } from './picture-hash.ts';
import { alignedCorrelation, correlation, deviation } from './similarity.ts';

/**
 * Bits of 64 that may differ. Of 250 photographs that were cut by 5 %, 99 in 100 stay within 18; of pairs of different
 * photographs, 7 in 10,000 do. bench/duplicates.ts counts what comes of all these bounds together.
 */
const MOST_BITS = 18;
/** Candidates a picture at most, on average: sets of look-alikes (digits, documents) get a smaller radius instead. */
const CANDIDATES_PER_PICTURE = 8;
/** Below this a pair is not worth aligning: copies that were cut by 5 % stay above it, nearly all. */
const WORTH_ALIGNING = 0.45;
/** A copy in any set: stored again, resized, brighter. Copies reach 0.986 to 1; the most alike digits of MNIST 0.98. */
const SURELY_COPIES = 0.993;
/** A copy that was cut or has a mark on it, where the set itself has no look-alikes. */
const LIKELY_COPIES = 0.9;
/** Two bands of similarity that copies hardly reach, each as wide as the gap between them and `LIKELY_COPIES`. */
const BANDS = { from: 0.6, between: 0.7, to: 0.8 } as const;
/** Look-alikes that may be taken for copies: half a one, or this share of what is found. */
const FALSE_COPIES = 0.5;
const FALSE_SHARE = 0.05;
/** Candidates that are aligned before it is known whether aligning can tell copies here. */
const SAMPLED_CANDIDATES = 2000;
/** Gray levels: a picture with less structure has a hash of noise and is not compared. */
const LEAST_DEVIATION = 2;
/** Of mean colours: the same thing in another colour is no copy. */
const CHROMA_TOLERANCE = 12;
/** Rows of the pair matrix between two looks at the clock. */
const ROWS_PER_BREATH = 64;

export interface NearPair {
  readonly a: number;
  readonly b: number;
  /** Hamming distance of the hashes. */
  readonly distance: number;
}

export interface NearPairs {
  readonly pairs: readonly NearPair[];
  /** Only sure copies are among them: the set has too many pictures that look alike. */
  readonly lookAlikes: boolean;
}

export class PictureHashes {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly chroma: Int16Array;
  readonly #grids: Uint8Array;
  readonly #present: Uint8Array;

  /** @param length pictures at most; 1 kB is held for each. */
  constructor(length: number) {
    this.low = new Int32Array(length);
    this.high = new Int32Array(length);
    this.chroma = new Int16Array(2 * length);
    this.#grids = new Uint8Array(length * GRID * GRID);
    this.#present = new Uint8Array(length);
  }

  set(i: number, { low, high, grid, chroma }: PictureHash): void {
    this.low[i] = low;
    this.high[i] = high;
    this.#grids.set(grid, i * GRID * GRID);
    this.chroma.set(chroma.map(Math.round), 2 * i);
    this.#present[i] = deviation(grid) >= LEAST_DEVIATION ? 1 : 0;
  }

  /** Whether there is a picture at this position, and one with some structure. */
  isComparable(i: number): boolean {
    return this.#present[i] === 1;
  }

  grid(i: number): Uint8Array {
    return this.#grids.subarray(i * GRID * GRID, (i + 1) * GRID * GRID);
  }

  sameColours(a: number, b: number): boolean {
    const { chroma } = this;
    return (
      Math.abs(chroma[2 * a] - chroma[2 * b]) <= CHROMA_TOLERANCE &&
      Math.abs(chroma[2 * a + 1] - chroma[2 * b + 1]) <= CHROMA_TOLERANCE
    );
  }
}

/**
 * @param order positions, the ones that would be kept first; each pair's `a` comes before its `b`.
 * @throws PareError `cancelled`, from the checkpoint.
 */
export async function findNearPairs(
  hashes: PictureHashes,
  order: readonly number[],
  checkpoint: Checkpoint,
): Promise<NearPairs> {
  const pictures = order.filter((position) => hashes.isComparable(position));
  const candidates = await candidatePairs(hashes, pictures, (fraction, doing) =>
    checkpoint(fraction / 2, doing),
  );
  const looks = await looksOf(hashes, candidates, (fraction, doing) => checkpoint(0.5 + fraction / 2, doing));
  const pairs = candidates.filter((_, i) => looks.similarities[i] >= looks.least);
  return { pairs, lookAlikes: looks.least === SURELY_COPIES };
}

interface Looks {
  /** Of each candidate. */
  readonly similarities: Float32Array;
  /** From here on they are copies. */
  readonly least: number;
}

/**
 * Aligning costs a thousand times what a plain look does. Of many candidates a sample is aligned, and the rest only when
 * that sample says that cut copies can be told from look-alikes here.
 */
async function looksOf(
  hashes: PictureHashes,
  candidates: readonly NearPair[],
  checkpoint: Checkpoint,
): Promise<Looks> {
  const similarities = new Float32Array(candidates.length).fill(NaN);
  const stride = Math.max(1, Math.floor(candidates.length / SAMPLED_CANDIDATES));
  const look = async (alignAll: boolean): Promise<void> => {
    for (let i = 0; i < candidates.length; i++) {
      if (i % ROWS_PER_BREATH === 0) await checkpoint(i / candidates.length, 'comparing look-alikes');
      const sampled = i % stride === 0;
      if (Number.isNaN(similarities[i]) || (alignAll && !sampled)) {
        similarities[i] = similarityOf(hashes, candidates[i], alignAll || sampled);
      }
    }
  };
  await look(false);
  const sample = similarities.filter((_, i) => i % stride === 0);
  const least = leastSimilarity(sample, stride);
  if (stride > 1 && least < SURELY_COPIES) await look(true);
  return { similarities, least };
}

function similarityOf(hashes: PictureHashes, { a, b }: NearPair, align: boolean): number {
  if (!hashes.sameColours(a, b)) return 0;
  const first = hashes.grid(a);
  const second = hashes.grid(b);
  const whole = correlation(first, second);
  const worth = align && whole >= WORTH_ALIGNING && whole < SURELY_COPIES;
  return worth ? alignedCorrelation(first, second) : whole;
}

/**
 * Look-alikes thin out with similarity, copies do not. Two bands give the rate at which they thin out here; carried on
 * to the bound, it says how many look-alikes are to be expected among what would be found. Where that is too many, only
 * sure copies count.
 * @param stride each of the similarities stands for this many.
 */
function leastSimilarity(similarities: Float32Array, stride: number): number {
  const count = (from: number, to: number): number =>
    stride * similarities.filter((s) => s >= from && s < to).length;
  const lower = count(BANDS.from, BANDS.between);
  const upper = count(BANDS.between, BANDS.to);
  const rate = Math.min(1, upper / Math.max(1, lower));
  const found = count(LIKELY_COPIES, Infinity);
  // The bound is two bands above the upper one's start.
  const expected = upper * rate * rate;
  return expected > Math.max(FALSE_COPIES, FALSE_SHARE * found) ? SURELY_COPIES : LIKELY_COPIES;
}

/** All pairs within a radius that leaves about `CANDIDATES_PER_PICTURE` of them a picture. */
async function candidatePairs(
  { low, high }: PictureHashes,
  pictures: readonly number[],
  checkpoint: Checkpoint,
): Promise<NearPair[]> {
  const most = CANDIDATES_PER_PICTURE * pictures.length;
  const byDistance: NearPair[][] = Array.from({ length: MOST_BITS + 1 }, () => []);
  let radius = MOST_BITS;
  let total = 0;
  for (let i = 0; i < pictures.length; i++) {
    if (i % ROWS_PER_BREATH === 0) await checkpoint((i / pictures.length) ** 2, 'comparing hashes');
    const b = pictures[i];
    let found = 0;
    for (let j = 0; j < i; j++) {
      const a = pictures[j];
      const distance = popCount(low[a] ^ low[b]) + popCount(high[a] ^ high[b]);
      if (distance > radius) continue;
      byDistance[distance].push({ a, b, distance });
      // Pictures that all have one hash: the first ones are the ones that would be kept.
      if (++found >= CANDIDATES_PER_PICTURE && radius === 0) break;
    }
    total += found;
    while (total > most && radius > 0) {
      total -= byDistance[radius].length;
      byDistance[radius--] = [];
    }
  }
  return byDistance.flat();
}
