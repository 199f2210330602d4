/**
 * Chooses the few samples that stand for a set: every class in its share, and inside a class as far from each other as
 * the model's own features can tell. It must not know models or files, and it sees only the pool that it is given.
 */
import { seededRandom } from '../../core/passes/random.ts';
import type { Random } from '../../core/passes/types.ts';

export interface CalibrationPool {
  /** Indices of the set, the calibration part only. */
  readonly indices: ArrayLike<number>;
  /** The class of each pool entry, by its position; null = unlabelled, a class of its own. Absent = one class. */
  readonly labels?: readonly (string | null)[];
  /** One row a pool entry, all of the same length. Absent = a seeded draw inside each class. */
  readonly features?: readonly ArrayLike<number>[];
}

/**
 * Stratified by class (largest remainders, at least one each where `count` allows it), then farthest-point inside each
 * class. The same pool, count and seed give the same choice.
 *
 * Source: T. Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985: each step takes the point
 * farthest from those taken, at most twice the optimal radius. O(pool · count · feature length).
 * @returns indices of the set, ascending; all of the pool when `count` is not smaller than it.
 */
export function selectCalibration(pool: CalibrationPool, count: number, seed: number): Uint32Array {
  const random = seededRandom(seed);
  const strata = strataOf(pool);
  const shares = sharesOf(
    strata.map(({ length }) => length),
    Math.min(count, pool.indices.length),
  );
  const chosen = strata.flatMap((members, i) => {
    // Drawn for every class, taken or not, so that a larger count does not change what comes after.
    const order = shuffled(members, random);
    return pool.features === undefined
      ? order.slice(0, shares[i])
      : farthestPoints(order, pool.features, shares[i]);
  });
  return Uint32Array.from(chosen, (position) => pool.indices[position]).sort();
}

/** Positions in the pool, by class, classes in order of their name. */
function strataOf({ indices, labels }: CalibrationPool): number[][] {
  const strata = new Map<string, number[]>();
  for (let position = 0; position < indices.length; position++) {
    const label = labels?.[position];
    const name = label === undefined || label === null ? '' : `=${label}`;
    const stratum = strata.get(name);
    if (stratum === undefined) strata.set(name, [position]);
    else stratum.push(position);
  }
  return [...strata].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, members]) => members);
}

/** How many of each stratum: in proportion, at least one where `count` reaches, never more than there are. */
function sharesOf(sizes: readonly number[], count: number): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const bySize = [...sizes.keys()].sort((a, b) => sizes[b] - sizes[a] || a - b);
  const shares = sizes.map(() => 0);
  for (const i of bySize.slice(0, count)) shares[i] = 1;
  // One at a time to whoever is furthest below its share: the largest remainder first.
  for (let left = count - bySize.slice(0, count).length; left > 0; left--) {
    let best = -1;
    let most = -Infinity;
    for (const [i, size] of sizes.entries()) {
      const missing = (count * size) / total - shares[i];
      if (shares[i] < size && missing > most) [best, most] = [i, missing];
    }
    shares[best]++;
  }
  return shares;
}

function shuffled(members: readonly number[], random: Random): number[] {
  const order = [...members];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Starts with the first of `members`; ties go to the earlier one. A row that is not finite is taken last. */
function farthestPoints(
  members: readonly number[],
  features: readonly ArrayLike<number>[],
  count: number,
): number[] {
  const nearest = new Float64Array(members.length).fill(Infinity);
  const taken = new Uint8Array(members.length);
  const chosen: number[] = [];
  let next = Math.max(
    0,
    members.findIndex((position) => isFinite(squaredDistance(features[position], features[position]))),
  );
  while (chosen.length < count) {
    taken[next] = 1;
    chosen.push(members[next]);
    const center = features[members[next]];
    let farthest = -1;
    for (let i = 0; i < members.length; i++) {
      if (taken[i] === 1) continue;
      const distance = squaredDistance(features[members[i]], center);
      nearest[i] = Number.isNaN(distance) ? -1 : Math.min(nearest[i], distance);
      if (farthest < 0 || nearest[i] > nearest[farthest]) farthest = i;
    }
    next = farthest;
  }
  return chosen;
}

function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}
