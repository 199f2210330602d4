import { describe, expect, it } from 'vitest';
import type { Goal, GoalFacts } from '../goal/types.ts';
import { bestOf, computesOtherwise, judgeCandidate } from './recommend.ts';
import type { Judged, TriedCandidate } from './recommend.ts';

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
      held: false,
      certain: false,
      reasons: [expect.stringMatching(/Lost 0.1 pt; the goal allows 0.5 pt.*cannot tell/) as string],
    });
  });

  it('never recommends integers whose lower bound is below the original’s speed', () => {
    const slow = judge({ speedup: { value: 1.02, low: 0.99, high: 1.05 } });
    expect(slow.recommended).toBe(false);
    expect(slow).toMatchObject({ held: true, certain: false });
    expect(judge({ bytes: 1000, speedup: { value: 1.02, low: 0.99, high: 1.05 } }).held).toBe(false);
    expect(slow.reasons).toContain('It may be slower: between 0.99 and 1.05 times as fast as the original.');
  });

  it('is not certain of integers that were timed on made-up inputs', () => {
    const certain = { ...facts, accuracy: { ...facts.accuracy!, difference: 0, low: 0, high: 0 } };
    const of = (computesOtherwise: boolean, timedOnMadeUp: boolean) =>
      judgeCandidate(goal, { facts: certain, originalBytes: 1000, computesOtherwise, timedOnMadeUp });
    expect(of(true, false)).toMatchObject({ recommended: true, certain: true, reasons: [] });
    expect(of(false, true)).toMatchObject({ recommended: true, certain: true });
    const doubt = expect.stringContaining('made-up inputs') as string;
    expect(of(true, true)).toMatchObject({ recommended: true, certain: false, reasons: [doubt] });
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

  it('takes limits themselves for kept, and equality for no loss', () => {
    const accuracy = { ...facts.accuracy!, low: -0.03, high: 0.03 };
    // Half a point is what may be lost; a difference of nothing but rounding is none.
    expect(judge({ accuracy: { ...accuracy, difference: -0.005 } }).recommended).toBe(true);
    const floor: Goal = { objective: 'smallest', minAccuracy: 0.799, neverSlower: true };
    expect(judge({ accuracy }, floor).recommended).toBe(true);
    expect(judge({ accuracy: { ...accuracy, value: 0.798 } }, floor).recommended).toBe(false);
    expect(judge({ accuracy: null }, floor)).toMatchObject({ recommended: true, certain: false });
    const errors = { value: 0.3, difference: 0, low: -0.1, high: 0.1, higherIsBetter: false };
    expect(judge({ accuracy: errors }, { ...floor, minAccuracy: 0.3 }).recommended).toBe(true);
    expect(judge({ accuracy: errors }, { ...floor, minAccuracy: 0.29 }).recommended).toBe(false);
    const open: Goal = { objective: 'smallest', neverSlower: true };
    expect(judge({ accuracy: { ...accuracy, high: 0 } }, open).recommended).toBe(true);
    expect(judge({}, { ...open, minSpeedup: 1.2 }).recommended).toBe(true);
    expect(judge({}, { ...open, minSpeedup: 1.21 }).recommended).toBe(false);
    expect(judge({}, { ...open, maxMillis: 1 }).recommended).toBe(true);
    expect(judge({}, { ...open, maxMillis: 0.99 }).recommended).toBe(false);
  });

  it('calls what is as fast at best not slower for certain, and outputs at the limit near', () => {
    const slow = judge({ speedup: { value: 0.9, low: 0.8, high: 1 } });
    expect(slow.reasons.at(-1)).toContain('It may be slower');
    const near = (cosine: number) =>
      judgeCandidate(
        { objective: 'smallest', neverSlower: true },
        { facts: { ...facts, accuracy: null }, originalBytes: 1000, computesOtherwise: true, cosine },
      ).recommended;
    expect([near(0.9), near(0.899)]).toEqual([true, false]);
  });

  it('refuses a file that is not smaller, unless speed was wanted', () => {
    expect(judge({ bytes: 1000 }).recommended).toBe(false);
    expect(judge({ bytes: 1000 }, { ...goal, objective: 'fastest' }).recommended).toBe(true);
  });
});

describe('judgeCandidate, what the original can and it cannot', () => {
  const other = (more: Partial<TriedCandidate>): Judged =>
    judgeCandidate(goal, { facts, originalBytes: 1000, computesOtherwise: false, ...more });

  it('refuses a loss that can be told unless it certainly keeps within the goal', () => {
    const told = { ...facts.accuracy!, difference: -0.004, low: -0.006, high: -0.002 };
    expect(other({ facts: { ...facts, accuracy: told } }).reasons).toEqual([
      'It is measurably less accurate than the original.',
    ]);
    const within = { ...told, difference: -0.003, low: -0.004 };
    expect(other({ facts: { ...facts, accuracy: within } })).toMatchObject({
      recommended: true,
      certain: true,
    });
  });

  it('refuses what gives no answer, and outputs far off where nothing else tells', () => {
    expect(other({ unanswered: 2 }).reasons[0]).toContain('no answer on 2 samples');
    const unlabelled = { ...facts, accuracy: null };
    expect(other({ facts: unlabelled, cosine: 0.5 }).reasons[0]).toContain('cosine 0.50');
    expect(other({ facts: unlabelled, cosine: 0.95 }).recommended).toBe(true);
    expect(other({ cosine: 0.5 }).recommended).toBe(true);
  });
});

describe('computesOtherwise', () => {
  const changed = (pass: string, layers: number) => [{ pass, changed: new Array<string>(layers).fill('c') }];

  it('goes by what was changed, not by what was asked for', () => {
    const integers = { steps: [{ pass: 'quantize-activations' }] };
    expect(computesOtherwise(integers, changed('quantize-activations', 1))).toBe(true);
    expect(computesOtherwise(integers, changed('quantize-activations', 0))).toBe(false);
    expect(computesOtherwise(integers, null)).toBe(false);
    expect(computesOtherwise({ steps: [] }, changed('convert-half', 1))).toBe(true);
  });

  it('counts weights that are decoded at every run', () => {
    const weights = (storage: string) => ({ steps: [{ pass: 'quantize-weights', params: { storage } }] });
    const made = changed('quantize-weights', 3);
    expect(computesOtherwise(weights('auto'), made)).toBe(false);
    expect(computesOtherwise(weights('matmul-nbits'), made)).toBe(true);
    expect(computesOtherwise({ ...weights('auto'), target: 'ort-webgpu' }, made)).toBe(true);
    expect(computesOtherwise({ ...weights('decode-at-load'), target: 'ort-webgpu' }, made)).toBe(false);
  });
});

describe('bestOf', () => {
  const judged = (recommended: boolean, certain = false): Judged => ({
    recommended,
    reasons: [],
    held: false,
    certain,
  });
  const tried = [
    { facts: { ...facts, bytes: 300 }, judged: judged(false) },
    {
      facts: { ...facts, bytes: 500, speedup: { value: 2, low: 2, high: 2 } },
      judged: judged(true),
    },
    { facts: { ...facts, bytes: 400 }, judged: judged(true) },
  ];

  it('is the best by the objective of those that are recommended', () => {
    expect(bestOf(goal, tried)).toBe(2);
    expect(bestOf({ ...goal, objective: 'fastest' }, tried)).toBe(1);
    expect(bestOf(goal, tried.slice(0, 1))).toBe(-1);
  });

  it('takes the fastest for the least energy, and the smallest of those whose speed is not known', () => {
    const energy: Goal = { ...goal, objective: 'least-energy' };
    expect(bestOf(energy, tried)).toBe(1);
    const unknown = tried.map((one) => ({ ...one, facts: { ...one.facts, speedup: null } }));
    expect(bestOf(energy, unknown)).toBe(2);
  });

  it('prefers what certainly meets the goal', () => {
    const sure = { facts: { ...facts, bytes: 900 }, judged: judged(true, true) };
    expect(bestOf(goal, [...tried, sure])).toBe(3);
  });

  it('goes by the outputs for the most accurate where there is no accuracy', () => {
    const of = (cosine: number, bytes: number) => ({
      facts: { ...facts, bytes, accuracy: null },
      judged: judged(true),
      cosine,
    });
    expect(bestOf({ ...goal, objective: 'most-accurate' }, [of(0.99, 300), of(0.999, 500)])).toBe(1);
  });
});

describe('bestOf among equals', () => {
  const judged: Judged = { recommended: true, reasons: [], held: false, certain: true };
  const fast = (bytes: number) => ({ facts: { ...facts, bytes }, judged });
  const fastest: Goal = { objective: 'fastest', neverSlower: true };

  it('takes the smaller, and of equal sizes the first', () => {
    expect(bestOf(fastest, [fast(400), fast(300)])).toBe(1);
    expect(bestOf(fastest, [fast(300), fast(400)])).toBe(0);
    expect(bestOf(fastest, [fast(300), fast(300)])).toBe(0);
    expect(bestOf({ ...fastest, objective: 'smallest' }, [fast(300), fast(300)])).toBe(0);
  });
});
