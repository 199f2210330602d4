import { describe, expect, it } from 'vitest';
import type { Goal, GoalFacts } from '../goal/types.ts';
import { Z95 } from '../metrics/distributions.ts';
import type { PartComparison } from '../metrics/tasks/types.ts';
import { seededRandom } from '../passes/random.ts';
import { confirmChoice, flatteryOf, flatterySentence } from './confirm.ts';

const goal: Goal = { objective: 'smallest', maxLoss: 0.005, neverSlower: true };

function part(difference: number, half: number): PartComparison {
  const interval = { low: difference - half, high: difference + half };
  return {
    metric: 'top1',
    higherIsBetter: true,
    baseline: 0.8,
    value: 0.8 + difference,
    difference,
    interval,
    n: 500,
    verdict: interval.high < 0 ? 'worse' : 'indistinguishable',
    sentence: `${100 * difference} pt on 500 images`,
  };
}

function accuracy({ value, difference, interval, higherIsBetter }: PartComparison): GoalFacts['accuracy'] {
  return { value, difference, ...interval, higherIsBetter };
}

const confirm = (difference: number, half: number, of: Goal = goal, unanswered = 0) => {
  const comparison = part(difference, half);
  const facts: GoalFacts = {
    bytes: 400,
    millis: null,
    speedup: { value: 1.2, low: 1.1, high: 1.3 },
    memoryBytes: null,
    accuracy: accuracy(comparison),
  };
  return confirmChoice(of, { facts, originalBytes: 1000, computesOtherwise: true, unanswered }, comparison);
};

describe('confirmChoice', () => {
  it('confirms what the same judge recommends on other samples', () => {
    const { state, sentence } = confirm(-0.002, 0.01);
    expect(state).toBe('confirmed');
    expect(sentence).toBe('Confirmed. On samples that chose nothing: -0.2 pt on 500 images.');
  });

  it('does not confirm a loss beyond the goal that chance may have made', () => {
    const { state, sentence } = confirm(-0.008, 0.01);
    expect(state).toBe('not-confirmed');
    expect(sentence).toContain('Not confirmed, and not refuted');
    expect(sentence).toContain('-0.8 pt on 500 images');
  });

  it('refutes what certainly misses the goal, is measurably worse, or gives no answers', () => {
    expect(confirm(-0.02, 0.01).state).toBe('refuted');
    // Worse than the original for certain, but certainly within what may be lost.
    expect(confirm(-0.003, 0.0019).state).toBe('confirmed');
    // Worse than the original for certain, and not certainly within what may be lost.
    expect(confirm(-0.004, 0.0035).state).toBe('refuted');
    expect(confirm(0, 0.01, goal, 3).state).toBe('refuted');
    expect(confirm(-0.01, 0.005, { objective: 'smallest', neverSlower: true }).state).toBe('refuted');
    expect(confirm(-0.01, 0.005, { ...goal, maxLoss: 0.02 }).state).toBe('confirmed');
  });
});

describe('flatteryOf', () => {
  const one = (half: number) => accuracy(part(0, half));

  it('is the expected largest error of none and the candidates', () => {
    const unit = one(Z95);
    // E max(0, Z) = 1/√(2π); of zero and two normals (√2 + 1 + 1)/(2√(2π)). The rule errs by less than 1e-5.
    expect(flatteryOf([unit])).toBeCloseTo(1 / Math.sqrt(2 * Math.PI), 4);
    expect(flatteryOf([unit, unit])).toBeCloseTo((2 + Math.SQRT2) / (2 * Math.sqrt(2 * Math.PI)), 4);
    expect(flatteryOf([one(0.02), one(0.01), null])).toBeCloseTo((0.02 / Z95) * 0.68104, 4);
  });

  it('bounds how much a choice by the largest flatters, where candidates share their samples', () => {
    const random = seededRandom(7);
    const draw = (): number =>
      Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    let sum = 0;
    const runs = 4000;
    for (let run = 0; run < runs; run++) {
      const shared = draw() * Math.SQRT1_2;
      const errors = Array.from({ length: 5 }, () => shared + draw() * Math.SQRT1_2);
      sum += Math.max(0, ...errors);
    }
    const bound = flatteryOf(Array.from({ length: 5 }, () => one(Z95))) ?? 0;
    expect(sum / runs).toBeGreaterThan(0.5);
    expect(sum / runs).toBeLessThan(bound);
  });

  it('is not known without an accuracy, or where an interval has no end', () => {
    expect(flatteryOf([null])).toBeNull();
    expect(flatteryOf([one(Infinity)])).toBeNull();
  });
});

describe('flatterySentence', () => {
  it('says how many were chosen among, and by how much that flatters', () => {
    expect(flatterySentence(4, 0.0123, 'fraction')).toBe(
      'Chosen among 4 recipes on the same samples that its accuracy is of: on average it looks better by that than it is, by up to about 1.23 pt.',
    );
    expect(flatterySentence(1, null, 'fraction')).toBe(
      'Judged on the same samples that its accuracy is of: how much better than it is it looks by that is not known.',
    );
  });
});
