import { describe, expect, it } from 'vitest';
import type { Goal, GoalFacts } from '../goal/types.ts';
import { bestOf, judgeCandidate } from './recommend.ts';

const goal: Goal = { objective: 'smallest', maxLoss: 0.005, neverSlower: true };
const facts: GoalFacts = {
  bytes: 400,
  millis: { value: 1, low: 0.9, high: 1.1 },
  speedup: { value: 1.2, low: 1.1, high: 1.3 },
  memoryBytes: null,
  accuracy: { value: 0.799, difference: -0.001, low: -0.008, high: 0.006, higherIsBetter: true },
};
const judge = (more: Partial<GoalFacts>, of: Goal = goal, computesOtherwise = true) =>
  judgeCandidate(of, { facts: { ...facts, ...more }, originalBytes: 1000, computesOtherwise });

describe('judgeCandidate', () => {
  it('recommends what keeps to the goal, and says what the interval leaves open', () => {
    expect(judge({})).toEqual({
      recommended: true,
      reasons: [expect.stringMatching(/0.1 pt lost of at most 0.5 pt.*cannot tell/) as string],
    });
  });

  it('never recommends integers whose lower bound is below the original’s speed', () => {
    const slow = judge({ speedup: { value: 1.02, low: 0.99, high: 1.05 } });
    expect(slow.recommended).toBe(false);
    expect(slow.reasons).toContain('It may be slower: between 0.99 and 1.05 times as fast as the original.');
  });

  it('lets the same kernels pass when only noise is between them, but not when they are measurably slower', () => {
    expect(judge({ speedup: { value: 1, low: 0.98, high: 1.02 } }, goal, false).recommended).toBe(true);
    expect(judge({ speedup: { value: 0.9, low: 0.88, high: 0.92 } }, goal, false).recommended).toBe(false);
  });

  it('takes no speed for an excuse when layers compute otherwise', () => {
    expect(judge({ speedup: null }).recommended).toBe(false);
    expect(judge({ speedup: null }, goal, false).recommended).toBe(true);
  });

  it('refuses a loss beyond the goal, and without one any that can be told', () => {
    const accuracy = { ...facts.accuracy!, difference: -0.006 };
    expect(judge({ accuracy }).recommended).toBe(false);
    const open: Goal = { objective: 'smallest', neverSlower: true };
    expect(judge({ accuracy }, open).recommended).toBe(true);
    expect(judge({ accuracy: { ...accuracy, high: -0.001 } }, open).reasons).toEqual([
      'It is measurably less accurate than the original.',
    ]);
  });

  it('refuses a file that is not smaller, unless speed was wanted', () => {
    expect(judge({ bytes: 1000 }).recommended).toBe(false);
    expect(judge({ bytes: 1000 }, { ...goal, objective: 'fastest' }).recommended).toBe(true);
  });
});

describe('bestOf', () => {
  const tried = [
    { facts: { ...facts, bytes: 300 }, judged: { recommended: false, reasons: [] } },
    {
      facts: { ...facts, bytes: 500, speedup: { value: 2, low: 2, high: 2 } },
      judged: { recommended: true, reasons: [] },
    },
    { facts: { ...facts, bytes: 400 }, judged: { recommended: true, reasons: [] } },
  ];

  it('is the best by the objective of those that are recommended', () => {
    expect(bestOf(goal, tried)).toBe(2);
    expect(bestOf({ ...goal, objective: 'fastest' }, tried)).toBe(1);
    expect(bestOf(goal, tried.slice(0, 1))).toBe(-1);
  });
});
