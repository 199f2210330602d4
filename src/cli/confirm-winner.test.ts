/** What is said of the chosen candidate, from comparisons that are at hand. */
import { describe, expect, it } from 'vitest';
import type { DataConfig } from '../core/dataset/types.ts';
import type { Goal } from '../core/goal/types.ts';
import type { ComparedPart, TaskComparison } from '../core/metrics/tasks/types.ts';
import type { Dataset } from '../data/types.ts';
import { confirmWinner, hasHeldBack } from './confirm-winner.ts';
import type { OpenCalibration } from './open-calibration.ts';
import { accuracyOf, type Tried } from './try-candidates.ts';

const goal: Goal = { objective: 'smallest', maxLoss: 0.005, neverSlower: true };

function part(difference: number): ComparedPart {
  const interval = { low: difference - 0.01, high: difference + 0.01 };
  return {
    metric: 'top1',
    higherIsBetter: true,
    baseline: 0.8,
    value: 0.8 + difference,
    difference,
    interval,
    own: { low: 0.7, high: 0.9 },
    n: 100,
    verdict: interval.high < 0 ? 'worse' : 'indistinguishable',
    sentence: `${(100 * difference).toFixed(1)} pt`,
  };
}

/** @param confirming undefined = too few samples for halves */
function tried(confirming?: number): Tried {
  const halves =
    confirming === undefined ? {} : { halves: { choosing: part(0), confirming: part(confirming) } };
  const comparison: Partial<TaskComparison> = { ...part(0), ...halves };
  const facts = {
    bytes: 400,
    millis: null,
    speedup: { value: 1.2, low: 1.1, high: 1.3 },
    memoryBytes: null,
    accuracy: accuracyOf(part(0)),
  };
  const asked = { facts, originalBytes: 1000, computesOtherwise: true };
  return { asked, facts, comparison } as Partial<Tried> as Tried;
}

const host = { goal, heldBack: false } as Parameters<typeof confirmWinner>[2];
const nobody = () => Promise.reject(new Error('nothing is run'));
const confirm = (of: Tried, all = [of]) => confirmWinner(of, all, host, nobody);

describe('confirmWinner', () => {
  it('says what the half that chose nothing says', async () => {
    expect(await confirm(tried(0.001))).toMatchObject({
      state: 'confirmed',
      flattery: 0,
      comparison: { difference: 0.001 },
    });
    expect(await confirm(tried(-0.008))).toMatchObject({ state: 'not-confirmed' });
    expect(await confirm(tried(-0.05))).toMatchObject({
      state: 'refuted',
      comparison: { difference: -0.05 },
    });
  });

  it('says by how much a choice on the same samples flatters', async () => {
    const one = tried();
    const said = await confirm(one, [one, tried()]);
    expect(said).toMatchObject({ state: 'chosen-on-these', comparison: null });
    // Half a point's interval is 1.96 deviations; 0.681 are expected of none and two.
    expect(said?.flattery).toBeCloseTo(0.00347, 4);
    expect(said?.sentence).toContain('Chosen among 2 recipes');
  });

  it('says nothing without an accuracy', async () => {
    expect(await confirm({ ...tried(), comparison: null })).toBeNull();
  });
});

describe('hasHeldBack', () => {
  const open = (holdBack: number) => {
    const dataset = { length: 400, info: (i: number) => ({ key: `${i}` }) } as unknown as Dataset;
    const config = { split: { seed: 1, calibration: 10, holdBack }, exclude: [] } as unknown as DataConfig;
    return { set: { dataset, config } } as unknown as OpenCalibration;
  };

  it('needs as many samples as a half does', () => {
    expect(hasHeldBack(open(0.25))).toBe(true);
    expect(hasHeldBack(open(0.24))).toBe(false);
    expect(hasHeldBack({} as OpenCalibration)).toBe(false);
  });
});
