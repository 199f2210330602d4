import { describe, expect, it } from 'vitest';
import { judgeGoal, worstOf } from './judge.ts';
import { goalSentence } from './sentence.ts';
import type { Goal, GoalFacts } from './types.ts';

const goal = (over: Partial<Goal>): Goal => ({ objective: 'smallest', neverSlower: false, ...over });

const facts = (over: Partial<GoalFacts> = {}): GoalFacts => ({
  bytes: 3_600_000,
  millis: { value: 8, low: 7.9, high: 8.1 },
  speedup: { value: 1, low: 0.99, high: 1.01 },
  memoryBytes: 19_000_000,
  accuracy: { value: 0.714, difference: -0.003, low: -0.009, high: 0.002, higherIsBetter: true },
  ...over,
});

const only = (g: Goal, f: GoalFacts) => {
  const { checks, state } = judgeGoal(g, f);
  expect(checks).toHaveLength(1);
  expect(checks[0].state).toBe(state);
  return checks[0];
};

describe('judgeGoal', () => {
  it('asks nothing of a goal without constraints', () => {
    expect(judgeGoal(goal({}), facts())).toEqual({ checks: [], state: 'met' });
  });

  it('counts bytes exactly, the limit itself included', () => {
    expect(only(goal({ maxBytes: 3_600_000 }), facts()).state).toBe('met');
    const over = only(goal({ maxBytes: 3_599_000 }), facts());
    expect(over).toMatchObject({ state: 'missed', figure: 'size', constraint: 'maxBytes' });
    expect(over.sentence).toBe('3.6 MB of at most 3.6 MB: 1 kB too many.');
  });

  it('needs the whole interval of a latency on one side', () => {
    expect(only(goal({ maxMillis: 8.1 }), facts()).state).toBe('met');
    expect(only(goal({ maxMillis: 7.8 }), facts()).state).toBe('missed');
    const open = only(goal({ maxMillis: 8 }), facts());
    expect(open.state).toBe('undecided');
    expect(open.sentence).toBe(
      '8 ms of at most 8 ms, between 7.9 ms and 8.1 ms: this measurement cannot tell.',
    );
  });

  it('does not call an equal model faster or slower than it can tell', () => {
    const at = (low: number, high: number): string =>
      only(goal({ neverSlower: true }), facts({ speedup: { value: (low + high) / 2, low, high } })).state;
    expect(at(1, 1)).toBe('met');
    expect(at(1.2, 1.4)).toBe('met');
    expect(at(0.99, 1.01)).toBe('undecided');
    expect(at(0.9, 0.98)).toBe('missed');
  });

  it('judges a speed-up by its interval', () => {
    const speedup = { value: 2.1, low: 1.9, high: 2.3 };
    expect(only(goal({ minSpeedup: 1.9 }), facts({ speedup })).state).toBe('met');
    expect(only(goal({ minSpeedup: 2 }), facts({ speedup })).state).toBe('undecided');
    expect(only(goal({ minSpeedup: 2.4 }), facts({ speedup })).state).toBe('missed');
  });

  it('counts a loss upwards, and a gain as no loss', () => {
    // Between 0.9 pt lost and 0.2 pt gained.
    expect(only(goal({ maxLoss: 0.009 }), facts()).state).toBe('met');
    const open = only(goal({ maxLoss: 0.005 }), facts());
    expect(open.state).toBe('undecided');
    expect(open.sentence).toContain('between 0.2 pt gained and 0.9 pt lost');
    const lost = { value: 0.6, difference: -0.1, low: -0.12, high: -0.08, higherIsBetter: true };
    expect(only(goal({ maxLoss: 0.05 }), facts({ accuracy: lost })).state).toBe('missed');
  });

  it('turns the direction round where lower is better', () => {
    const accuracy = {
      value: 4.2,
      difference: 0.2,
      low: 0.1,
      high: 0.3,
      higherIsBetter: false,
      unit: 'plain',
    } as const;
    expect(only(goal({ maxLoss: 0.3 }), facts({ accuracy })).state).toBe('met');
    expect(only(goal({ maxLoss: 0.05 }), facts({ accuracy })).state).toBe('missed');
    // The error itself lies between 4.1 and 4.3.
    expect(only(goal({ minAccuracy: 4.31 }), facts({ accuracy })).state).toBe('met');
    expect(only(goal({ minAccuracy: 4.2 }), facts({ accuracy })).state).toBe('undecided');
    expect(only(goal({ minAccuracy: 4 }), facts({ accuracy })).state).toBe('missed');
  });

  it('uses the value’s own interval for a floor where there is one', () => {
    const base = facts().accuracy!;
    expect(only(goal({ minAccuracy: 0.7 }), facts()).state).toBe('met');
    const own = { ...base, own: { low: 0.68, high: 0.75 } };
    expect(only(goal({ minAccuracy: 0.7 }), facts({ accuracy: own })).state).toBe('undecided');
  });

  it('leaves memory undecided within its resolution', () => {
    expect(only(goal({ maxMemoryBytes: 19_000_000 }), facts()).state).toBe('met');
    const coarse = facts({ memoryResolutionBytes: 65_536 });
    expect(only(goal({ maxMemoryBytes: 19_000_000 }), coarse).state).toBe('undecided');
  });

  it('is undecided, with the reason, where nothing is measured', () => {
    const nothing = facts({ millis: null, speedup: null, memoryBytes: null, accuracy: null });
    const all = goal({
      maxMillis: 1,
      minSpeedup: 1,
      neverSlower: true,
      maxLoss: 0,
      minAccuracy: 0.5,
      maxMemoryBytes: 1,
    });
    const { checks, state } = judgeGoal(all, nothing);
    expect(state).toBe('undecided');
    expect(checks).toHaveLength(6);
    for (const check of checks) {
      expect(check.state).toBe('undecided');
      expect(check.sentence).toContain('not measured yet');
    }
    // Waiting will not help: so it says why.
    const never = judgeGoal(all, { ...nothing, speedUnknown: 'this page cannot run TensorRT' }).checks;
    const speeds = never.filter(({ figure }) => figure === 'latency').map(({ sentence }) => sentence);
    expect(speeds.length).toBeGreaterThan(0);
    for (const said of speeds) expect(said).toMatch(/ is not measured: this page cannot run TensorRT\.$/);
  });

  it('lets one miss decide, whatever else is open', () => {
    const { state, checks } = judgeGoal(goal({ maxBytes: 1, neverSlower: true }), facts());
    expect(checks.map((check) => check.state)).toEqual(['missed', 'undecided']);
    expect(state).toBe('missed');
    expect(worstOf([])).toBe('met');
  });
});

describe('goalSentence', () => {
  it('says the drawing’s goal', () => {
    expect(goalSentence(goal({ maxLoss: 0.005, neverSlower: true }))).toBe(
      'Smallest model that loses at most 0.5 pt and is never slower',
    );
  });
  it('joins many constraints with commas', () => {
    const many = goal({
      objective: 'fastest',
      minAccuracy: 0.7,
      maxBytes: 4e6,
      minSpeedup: 1.5,
      maxMemoryBytes: 2e7,
    });
    expect(goalSentence(many)).toBe(
      'Fastest model that reaches at least 70 %, is at most 4 MB, is at least 1.5× as fast and needs at most 20 MB of memory',
    );
  });
  it('knows metrics that are no fractions', () => {
    expect(goalSentence(goal({ maxLoss: 0.25, minAccuracy: 4 }), 'plain')).toBe(
      'Smallest model that loses at most 0.25 and errs by at most 4',
    );
  });
  it('stands alone without constraints', () => {
    expect(goalSentence(goal({ objective: 'most-accurate' }))).toBe('Most accurate model');
  });
});
