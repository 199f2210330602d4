/** The subset that stands for a set: shares of classes, spread of features, nothing from outside the pool. */
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../core/passes/random.ts';
import { selectCalibration } from './calibration.ts';
import { indicesOf } from './split.ts';

function labelled(counts: Readonly<Record<string, number>>) {
  const labels = Object.entries(counts).flatMap(([name, n]) => Array.from({ length: n }, () => name));
  return { labels, indices: labels.map((_, i) => 100 + i) };
}

function tally(pool: ReturnType<typeof labelled>, chosen: Uint32Array) {
  const counts: Record<string, number> = {};
  for (const index of chosen) {
    const name = pool.labels[index - 100];
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe('selectCalibration', () => {
  it('takes classes in their share, at least one each', () => {
    const pool = labelled({ common: 80, rare: 2, some: 18 });
    expect(tally(pool, selectCalibration(pool, 50, 1))).toEqual({ common: 40, rare: 1, some: 9 });
    expect(tally(pool, selectCalibration(pool, 3, 1))).toEqual({ common: 1, rare: 1, some: 1 });
    // Fewer than classes: the largest classes.
    expect(tally(pool, selectCalibration(pool, 2, 1))).toEqual({ common: 1, some: 1 });
  });

  it('is a subset of the pool without repeats, of the size that was asked for, the same for the same seed', () => {
    const random = seededRandom(7);
    const next = (): number => random.next();
    for (let round = 0; round < 80; round++) {
      const n = Math.floor(next() * 60);
      const indices = Array.from({ length: n }, (_, i) => 3 * i + 1);
      const labels = indices.map(() => (next() < 0.1 ? null : `c${Math.floor(next() * 5)}`));
      const features = indices.map(() => [next(), next(), next() < 0.02 ? NaN : next()]);
      const pool = next() < 0.5 ? { indices, labels, features } : { indices, labels };
      const count = Math.floor(next() * 70);
      const chosen = selectCalibration(pool, count, round);
      expect(chosen).toHaveLength(Math.min(count, n));
      expect(new Set(chosen).size).toBe(chosen.length);
      expect([...chosen].every((index) => indices.includes(index))).toBe(true);
      expect(selectCalibration(pool, count, round)).toEqual(chosen);
    }
  });

  it('spreads over the features: one of each cluster, where a draw would take the largest again and again', () => {
    const random = seededRandom(2);
    const next = (): number => random.next();
    // 90 points around the first centre, 2 around each of the other five.
    const centers = [0, 10, 20, 30, 40, 50];
    const cluster = [...Array<number>(90).fill(0), 1, 1, 2, 2, 3, 3, 4, 4, 5, 5];
    const features = cluster.map((c) => [centers[c] + next(), next()]);
    const indices = cluster.map((_, i) => i);
    for (let seed = 0; seed < 10; seed++) {
      const chosen = selectCalibration({ indices, features }, centers.length, seed);
      expect(new Set(Array.from(chosen, (i) => cluster[i]))).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    }
  });

  it('never takes what is evaluated or held back', () => {
    const random = seededRandom(11);
    const next = (): number => random.next();
    for (let round = 0; round < 30; round++) {
      const length = 20 + Math.floor(next() * 200);
      const set = { length, info: (i: number) => ({ key: `k${i}`, label: null, groups: {} }) };
      const config = { split: { seed: round, calibration: 15, holdBack: 0.2 }, exclude: ['k3'] };
      const pool = indicesOf(set, config, 'calibration');
      const chosen = selectCalibration({ indices: pool }, 10, round);
      const others = new Set([
        ...indicesOf(set, config, 'evaluation'),
        ...indicesOf(set, config, 'hold-back'),
        3,
      ]);
      expect(chosen).toHaveLength(10);
      expect([...chosen].filter((index) => others.has(index))).toEqual([]);
    }
  });
});
