import { describe, expect, it } from 'vitest';
import { seededRandom } from '../passes/random.ts';
import { allocate, totalsOf } from './allocate.ts';
import type { Aim, Allocation, AllocationLayer, Choice } from './allocate.ts';

const NO_BORDER = { enterNanos: 0, leaveNanos: 0 };

function every(layers: readonly AllocationLayer[]): number[][] {
  return layers.reduce<number[][]>(
    (found, { choices }) => found.flatMap((picks) => choices.map((_, pick) => [...picks, pick])),
    [[]],
  );
}

/** The best of all choices, one after the other. */
function bruteForce(layers: readonly AllocationLayer[], { minimize, limits }: Aim): Allocation | undefined {
  let best: Allocation | undefined;
  for (const picks of every(layers)) {
    const totals = totalsOf(layers, picks);
    if (Object.entries(limits).some(([name, limit]) => totals[name as keyof typeof totals] > limit)) continue;
    if (best === undefined || totals[minimize] < best.totals[minimize]) best = { picks, totals };
  }
  return best;
}

/** Layers with float options and one of integers; whole numbers, so that sums are exact in any order. */
function randomLayers(seed: number, count: number, feedsOf: (i: number, next: () => number) => number[]) {
  const random = seededRandom(seed);
  const whole = (most: number): number => Math.floor(random.next() * most);
  return Array.from({ length: count }, (_, i): AllocationLayer => {
    const nanos = 10 + whole(90);
    const choices: Choice[] = [
      { bytes: 100 + whole(400), nanos, damage: 0, integer: false },
      { bytes: 30 + whole(60), nanos, damage: 1 + whole(20), integer: false },
      { bytes: 10 + whole(30), nanos, damage: 10 + whole(90), integer: false },
      { bytes: 30 + whole(60), nanos: 5 + whole(80), damage: 2 + whole(30), integer: true },
    ];
    return { choices, enterNanos: whole(20), leaveNanos: whole(20), feeds: feedsOf(i, () => random.next()) };
  });
}

const chain = (i: number): number[] => (i === 0 ? [-1] : [i - 1]);
const branching = (i: number, next: () => number): number[] =>
  i === 0 ? [-1] : [...new Set([i - 1, Math.floor(next() * i)])];

describe('allocate', () => {
  it('gives the bits to the layer that needs them', async () => {
    const layer = (damage: number): AllocationLayer => ({
      ...NO_BORDER,
      feeds: [],
      choices: [
        { bytes: 8, nanos: 1, damage: 0, integer: false },
        { bytes: 4, nanos: 1, damage, integer: false },
      ],
    });
    const found = await allocate([layer(1), layer(100), layer(2)], {
      minimize: 'damage',
      limits: { bytes: 16 },
    });
    // 8 + 4 + 4 bytes: the second layer keeps its bits.
    expect(found).toEqual({ picks: [1, 0, 1], totals: { bytes: 16, nanos: 3, damage: 3 } });
  });

  it('says that nothing keeps the limits', async () => {
    const layers = randomLayers(1, 4, chain);
    expect(await allocate(layers, { minimize: 'damage', limits: { bytes: 10 } })).toBeUndefined();
  });

  it('leaves a lone layer in floats when the borders cost more than integers save', async () => {
    const layer = (nanos: number, integer: number): AllocationLayer => ({
      enterNanos: 30,
      leaveNanos: 30,
      feeds: [],
      choices: [
        { bytes: 1, nanos, damage: 0, integer: false },
        { bytes: 1, nanos: integer, damage: 0, integer: true },
      ],
    });
    const alone = await allocate([layer(100, 50)], { minimize: 'nanos', limits: {} });
    expect(alone?.picks).toEqual([0]);
    // Two of them share their borders: 50 + 50 + 30 + 30 < 200.
    const two = await allocate([layer(100, 50), { ...layer(100, 50), feeds: [0] }], {
      minimize: 'nanos',
      limits: {},
    });
    expect(two).toEqual({ picks: [1, 1], totals: { bytes: 2, nanos: 160, damage: 0 } });
  });

  const aims: readonly Aim[] = [
    { minimize: 'damage', limits: { bytes: 600 } },
    { minimize: 'bytes', limits: { damage: 90 } },
    { minimize: 'nanos', limits: { damage: 60 } },
    { minimize: 'damage', limits: { nanos: 260 } },
  ];

  it('is as good as trying everything, on chains with one limit', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const layers = randomLayers(seed, 6, chain);
      for (const aim of aims) {
        const best = bruteForce(layers, aim);
        const found = await allocate(layers, aim);
        expect(found?.totals[aim.minimize], `seed ${seed} ${JSON.stringify(aim)}`).toBe(
          best?.totals[aim.minimize],
        );
      }
    }
  });

  it('keeps all limits, and comes within a tenth of the best where values branch and two limits hold', async () => {
    let equal = 0;
    let all = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const layers = randomLayers(seed, 6, branching);
      const aim: Aim = { minimize: 'bytes', limits: { damage: 120, nanos: 330 } };
      const best = bruteForce(layers, aim);
      const found = await allocate(layers, aim);
      if (best === undefined) continue;
      all++;
      expect(found, `seed ${seed}`).toBeDefined();
      expect(found!.totals).toEqual(totalsOf(layers, found!.picks));
      expect(found!.totals.damage).toBeLessThanOrEqual(120);
      expect(found!.totals.nanos).toBeLessThanOrEqual(330);
      expect(found!.totals.bytes).toBeLessThanOrEqual(1.1 * best.totals.bytes);
      if (found!.totals.bytes === best.totals.bytes) equal++;
    }
    expect(all).toBeGreaterThan(20);
    expect(equal / all).toBeGreaterThan(0.75);
  });

  it('stays quick and near the best when there are too many states', async () => {
    const layers = randomLayers(7, 300, chain);
    const found = await allocate(layers, { minimize: 'damage', limits: { bytes: 40_000 } });
    // The relaxation that may split layers is no worse than any choice: greedy by slope gives its value.
    expect(found!.totals.bytes).toBeLessThanOrEqual(40_000);
    expect(found!.totals.damage).toBeLessThanOrEqual(1.02 * relaxedDamage(layers, 40_000) + 1);
  });
});

/** Least damage for so many bytes when a layer may be divided between two options: a lower bound. */
function relaxedDamage(layers: readonly AllocationLayer[], bytes: number): number {
  const steps: { bytes: number; gain: number }[] = [];
  let spent = 0;
  let damage = 0;
  for (const { choices } of layers) {
    const sorted = choices.toSorted((a, b) => a.bytes - b.bytes || a.damage - b.damage);
    const hull: Choice[] = [];
    for (const choice of sorted) {
      if (hull.length > 0 && choice.damage >= hull[hull.length - 1].damage) continue;
      while (
        hull.length > 1 &&
        slope(hull[hull.length - 2], hull[hull.length - 1]) <= slope(hull[hull.length - 1], choice)
      )
        hull.pop();
      hull.push(choice);
    }
    spent += hull[0].bytes;
    damage += hull[0].damage;
    for (let i = 1; i < hull.length; i++)
      steps.push({ bytes: hull[i].bytes - hull[i - 1].bytes, gain: hull[i - 1].damage - hull[i].damage });
  }
  steps.sort((a, b) => b.gain / b.bytes - a.gain / a.bytes);
  for (const step of steps) {
    const share = Math.min(1, Math.max(0, (bytes - spent) / step.bytes));
    spent += share * step.bytes;
    damage -= share * step.gain;
  }
  return damage;
}

function slope(a: Choice, b: Choice): number {
  return (a.damage - b.damage) / (b.bytes - a.bytes);
}
