/** The logic of timing with a clock that only the runs move: warm-up, order, batching, budget, refusal. */
import { describe, expect, it } from 'vitest';
import { MIN_DISCARDED, timePair } from './latency.ts';

/** A clock and runs that advance it. `order` records which model ran. */
function bench(originalMillis: (n: number) => number, variantMillis: (n: number) => number) {
  let time = 0;
  const order: string[] = [];
  const counts = { o: 0, v: 0 };
  const run = (tag: 'o' | 'v', cost: (n: number) => number) => () => {
    time += cost(counts[tag]++);
    order.push(tag);
    return Promise.resolve();
  };
  return {
    clock: { now: () => time },
    original: run('o', originalMillis),
    variant: run('v', variantMillis),
    order,
    counts,
    time: () => time,
  };
}
const breathe = () => Promise.resolve();

describe('timePair', () => {
  it('reports medians, their ratio and the counts', async () => {
    const b = bench(
      () => 8,
      () => 4,
    );
    const found = await timePair(b.original, b.variant, { clock: b.clock, budgetMillis: 1200, breathe });
    // Every pair has the ratio 2: the first look, after 40 pairs, sees an interval without width.
    expect(found).toMatchObject({
      ok: true,
      latency: {
        originalMillis: 8,
        variantMillis: 4,
        originalInterval: { low: 8, high: 8 },
        speedup: 2,
        speedupInterval: { low: 2, high: 2 },
        discarded: MIN_DISCARDED,
        runs: 40,
        originalP90Millis: 8,
        variantP99Millis: 4,
        noise: { spread: 0, word: 'quiet' },
      },
    });
    expect(b.time()).toBeLessThanOrEqual(1200);
  });

  it('gives both models the same turns, so that they can be fed the same inputs', async () => {
    const b = bench(
      () => 0.25,
      () => 0.5,
    );
    const turns: { o: number[]; v: number[] } = { o: [], v: [] };
    await timePair(
      (turn) => (turns.o.push(turn), b.original()),
      (turn) => (turns.v.push(turn), b.variant()),
      { clock: b.clock, budgetMillis: 1200, breathe },
    );
    expect(turns.o).toEqual(turns.v);
    // A millisecond takes four runs of the faster model: the second pair begins where the first ended.
    expect(turns.o.slice(MIN_DISCARDED, MIN_DISCARDED + 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('goes on to the end of the budget while the ratio is not known', async () => {
    // Ratios of 1.6 and 2.4 in turn: half of them each, so that the interval spans both.
    const b = bench(
      (n) => (n % 2 === 0 ? 6.4 : 9.6),
      () => 4,
    );
    const found = await timePair(b.original, b.variant, { clock: b.clock, budgetMillis: 1200, breathe });
    // Such runs never look stable: warm-up takes 35 % of 1200 ms = 420 ms. (1200 − 420) / 12 = 65 pairs; the last needs room for 13.6 ms.
    expect(found.ok && found.latency.runs).toBeGreaterThanOrEqual(64);
    expect(b.time()).toBeLessThanOrEqual(1200);
  });

  it('gives the slow runs, and says how unsteady the machine was', async () => {
    const spreadOf = async (slow: number) => {
      // Of ten runs of the variant four are slow: the quartiles are 10 and `slow`.
      const b = bench(
        () => 10,
        (n) => (n % 10 < 6 ? 10 : slow),
      );
      const found = await timePair(b.original, b.variant, { clock: b.clock, budgetMillis: 6000, breathe });
      if (!found.ok) throw new Error(found.reason);
      return found.latency;
    };
    expect(await spreadOf(10.25)).toMatchObject({ noise: { word: 'quiet' }, variantP90Millis: 10.25 });
    const noisy = await spreadOf(11);
    expect(noisy).toMatchObject({ originalP99Millis: 10, variantP99Millis: 11, noise: { word: 'noisy' } });
    expect(noisy.noise.spread).toBeCloseTo(0.1, 9);
    expect((await spreadOf(15)).noise.word).toBe('very noisy');
  });

  it('lets the one that goes first alternate', async () => {
    const b = bench(
      () => 10,
      () => 10,
    );
    await timePair(b.original, b.variant, { clock: b.clock, budgetMillis: 1000, breathe });
    const timed = b.order.slice(2 * MIN_DISCARDED);
    expect(timed.slice(0, 8).join('')).toBe('ovvoovvo');
  });

  it('is not fooled by drift that hits both alike', async () => {
    // Both become slower from run to run, the variant always takes half.
    const b = bench(
      (n) => 10 + n * 0.01,
      (n) => (10 + n * 0.01) / 2,
    );
    const found = await timePair(b.original, b.variant, { clock: b.clock, budgetMillis: 3000, breathe });
    if (!found.ok) throw new Error(found.reason);
    expect(found.latency.speedup).toBeCloseTo(2, 12);
    expect(found.latency.originalInterval.high).toBeGreaterThan(found.latency.originalInterval.low);
  });

  it('discards on until the time is stable', async () => {
    // Falls by 20 % a run for 20 runs, then stays: the last five and the five before agree only after that.
    const b = bench(
      (n) => 1 + 64 * 0.8 ** Math.min(n, 20),
      () => 1,
    );
    const found = await timePair(b.original, b.variant, { clock: b.clock, budgetMillis: 5000, breathe });
    if (!found.ok) throw new Error(found.reason);
    expect(found.latency.discarded).toBeGreaterThan(20);
    expect(found.latency.originalMillis).toBeCloseTo(1 + 64 * 0.8 ** 20, 9);
  });

  it('ends a warm-up that never settles at its share of the budget', async () => {
    const b = bench(
      (n) => (n % 10 < 5 ? 2 : 20),
      () => 1,
    );
    const found = await timePair(b.original, b.variant, { clock: b.clock, budgetMillis: 2000, breathe });
    expect(found.ok).toBe(true);
    expect(b.time()).toBeLessThanOrEqual(2000);
  });

  it('times many runs at once when one is too short for the clock', async () => {
    const b = bench(
      () => 0.01,
      () => 0.02,
    );
    const found = await timePair(b.original, b.variant, { clock: b.clock, budgetMillis: 100, breathe });
    if (!found.ok) throw new Error(found.reason);
    // A sample must last 1 ms: 100 runs of the original, and as many of the variant.
    const warm = found.latency.discarded;
    expect(b.counts.o).toBe(warm + 100 * found.latency.runs);
    expect(b.counts.v).toBe(b.counts.o);
    expect(found.latency.speedup).toBeCloseTo(0.5, 9);
  });

  it('refuses with a reason what does not fit in the budget', async () => {
    const b = bench(
      () => 500,
      () => 500,
    );
    const found = await timePair(b.original, b.variant, { clock: b.clock, budgetMillis: 5000, breathe });
    expect(found).toEqual({
      ok: false,
      reason:
        'Needs about 18 s, and 5 s are allowed: one run of both models takes 1000 ms, and 10 warm-up and 6 timed runs are the least. Allow more time for measuring.',
    });
    expect(b.counts.o).toBe(3);
  });

  it('breathes outside the timed part and stops when breathing throws', async () => {
    const b = bench(
      () => 5,
      () => 5,
    );
    let breaths = 0;
    const stop = () => {
      if (++breaths === 15) throw new Error('stop');
      return Promise.resolve();
    };
    await expect(
      timePair(b.original, b.variant, { clock: b.clock, budgetMillis: 1000, breathe: stop }),
    ).rejects.toThrow('stop');
    expect(b.counts.o).toBe(15);
  });
});
