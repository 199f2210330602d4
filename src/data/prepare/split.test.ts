/** The division of a set: exact counts, the same everywhere, moved by nothing but keys and seed. */
import { describe, expect, it } from 'vitest';
import type { DataConfig, DataPart } from '../../core/dataset/types.ts';
import { seededRandom } from '../../core/passes/random.ts';
import { divide, halvesOf, indicesOf } from './split.ts';

function keys(names: readonly string[]) {
  return { length: names.length, info: (i: number) => ({ key: names[i], label: null, groups: {} }) };
}

const numbered = (n: number) => Array.from({ length: n }, (_, i) => `x[${i}]`);

function how(
  split: Partial<DataConfig['split']>,
  exclude: readonly string[] = [],
): Pick<DataConfig, 'split' | 'exclude'> {
  return { split: { seed: 1, calibration: 0, holdBack: 0, ...split }, exclude };
}

const PARTS: readonly DataPart[] = ['evaluation', 'calibration', 'hold-back'];

function partKeys(names: readonly string[], config: Pick<DataConfig, 'split' | 'exclude'>, part: DataPart) {
  return new Set(Array.from(indicesOf(keys(names), config, part), (i) => names[i]));
}

describe('divide', () => {
  it('evaluates everything unless told otherwise', () => {
    expect([...indicesOf(keys(numbered(5)), how({}), 'evaluation')]).toEqual([0, 1, 2, 3, 4]);
    expect(indicesOf(keys(numbered(5)), how({}), 'calibration')).toHaveLength(0);
    expect(divide(keys([]), how({ holdBack: 0.2 })).counts.evaluation).toBe(0);
  });

  it('gives every sample to exactly one part, with the counts that were asked for', () => {
    const random = seededRandom(3);
    const next = (): number => random.next();
    for (let round = 0; round < 60; round++) {
      const names = numbered(Math.floor(next() * 400));
      const exclude = names.filter(() => next() < 0.1);
      const split = {
        seed: Math.floor(next() * 2 ** 40),
        calibration: Math.floor(next() * 100),
        holdBack: next() / 2,
      };
      const config = how(split, exclude);
      const kept = names.length - exclude.length;
      const parts = PARTS.map((part) => indicesOf(keys(names), config, part));
      const all = parts.flatMap((part) => [...part]);
      expect(new Set(all).size).toBe(all.length);
      expect(all.map((i) => names[i]).sort()).toEqual(names.filter((name) => !exclude.includes(name)).sort());
      expect(parts[2]).toHaveLength(Math.round(split.holdBack * kept));
      expect(parts[1]).toHaveLength(Math.min(split.calibration, kept - parts[2].length));
      for (const part of parts) expect([...part]).toEqual([...part].sort((a, b) => a - b));
    }
  });

  it('is decided by keys and seed, not by the order of the samples', () => {
    const names = numbered(300);
    const config = how({ calibration: 40, holdBack: 0.25 });
    for (const part of PARTS) {
      expect(partKeys(names.toReversed(), config, part)).toEqual(partKeys(names, config, part));
    }
    const other = partKeys(names, how({ seed: 2, calibration: 40, holdBack: 0.25 }), 'calibration');
    const same = [...partKeys(names, config, 'calibration')].filter((key) => other.has(key)).length;
    // Hypergeometric, 40 of 300 twice: 5.3 on average, 12 is more than three standard deviations (2.0) above.
    expect(same).toBeLessThan(12);
  });

  it('moves at most one sample across each border when one sample is left out', () => {
    const names = numbered(200);
    const split = { calibration: 30, holdBack: 0.2 };
    const before = partKeys(names, how(split), 'calibration');
    for (const left of names.slice(0, 40)) {
      const after = partKeys(names, how(split, [left]), 'calibration');
      const moved = [...before].filter((key) => key !== left && !after.has(key));
      expect(moved.length + [...after].filter((key) => !before.has(key)).length).toBeLessThanOrEqual(1);
    }
  });

  it('spreads neighbouring keys evenly', () => {
    const n = 20_000;
    const chosen = indicesOf(keys(numbered(n)), how({ calibration: n / 4 }), 'calibration');
    // In each of 20 blocks of 1,000 neighbours 250 are expected; the deviation of a count is √(1000·¼·¾) = 13.7.
    const blocks = new Uint32Array(20);
    for (const i of chosen) blocks[Math.floor(i / 1000)]++;
    for (const count of blocks) expect(Math.abs(count - 250)).toBeLessThan(5 * 13.7);
  });

  it('names what is to be left out and is not there, and refuses shares that are none', () => {
    expect(divide(keys(['a', 'b']), how({}, ['b', 'c']))).toMatchObject({ excluded: 1, unknown: ['c'] });
    for (const split of [{ holdBack: 0.6 }, { holdBack: NaN }, { calibration: -1 }, { calibration: 1.5 }]) {
      expect(() => divide(keys(['a']), how(split))).toThrow(expect.objectContaining({ code: 'usage' }));
    }
  });

  it('keeps its answer from one release to the next', () => {
    const calibration = indicesOf(keys(numbered(50)), how({ calibration: 5 }), 'calibration');
    expect([...calibration]).toMatchInlineSnapshot(`
      [
        19,
        23,
        30,
        38,
        43,
      ]
    `);
  });
});

describe('halvesOf', () => {
  const of = (names: readonly string[], indices: readonly number[], seed = 1) => {
    const halfOf = halvesOf(keys(names), how({ seed }), indices);
    return new Set(indices.filter((i) => halfOf(i) === 'choosing').map((i) => names[i]));
  };

  it('are equal, or the choosing one has one more', () => {
    const names = numbered(401);
    expect(of(names, [...names.keys()]).size).toBe(201);
    expect(of(names, [...names.keys()].slice(1)).size).toBe(200);
  });

  it('depend on keys and seed alone, and not on how the parts were divided', () => {
    const names = numbered(400);
    const whole = [...names.keys()];
    const reversed = [...names].reverse();
    expect(of(reversed, whole)).toEqual(of(names, whole));
    expect(of(names, whole, 2)).not.toEqual(of(names, whole));
    // The evaluated samples have the largest hashes where a calibration part is set aside: they must mix all the same.
    const half = of(names, whole);
    const calibrated = partKeys(names, how({ calibration: 200 }), 'calibration');
    const both = [...calibrated].filter((key) => half.has(key)).length;
    // Of 200 drawn from 400 with 200 in the half: mean 100, deviation 5; seven deviations.
    expect(Math.abs(both - 100)).toBeLessThan(35);
  });
});
