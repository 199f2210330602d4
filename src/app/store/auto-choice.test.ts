/** Which of the measured recipes *auto* takes, and what it says about the others. */
import { describe, expect, it } from 'vitest';
import type { Goal } from '../../core/goal/types.ts';
import type { LatencyMeasurement } from '../../core/metrics/types.ts';
import { chooseEntry } from './auto-choice.ts';
import { DEFAULT_OPTIONS, optionsKey, originalEntry } from './state.ts';
import type { StudyEntry } from './state.ts';
import { evaluation, measureResult, modelSummary, variantSummary } from './testing/fake-studio.ts';

const ORIGINAL_BYTES = 1000;
const goal: Goal = { objective: 'smallest', maxLoss: 0.02, neverSlower: true };

interface Tried {
  readonly bytes: number;
  readonly accuracy?: number;
  readonly speedup?: LatencyMeasurement['speedupInterval'];
  readonly integers?: boolean;
}

function tried({ bytes, accuracy = 0.8, speedup = { low: 1.1, high: 1.2 }, integers }: Tried): StudyEntry {
  const original = originalEntry(modelSummary({ bytes: ORIGINAL_BYTES }));
  const latency = {
    ...measureResult().latency!,
    speedup: (speedup.low + speedup.high) / 2,
    speedupInterval: speedup,
  };
  const summary = variantSummary(`v${bytes}`, original.recipe, bytes);
  const step = { pass: 'quantize-activations', skipped: [], facts: {}, millis: 1 };
  const changed = integers === true ? [{ layer: 'conv' }] : [];
  return {
    ...original,
    id: `v${bytes}`,
    bytes,
    summary: { ...summary, steps: [{ ...step, changed }] },
    measurement: measureResult({ latency }),
    measuredWith: optionsKey(DEFAULT_OPTIONS),
    evaluation: evaluation(accuracy),
  };
}

const choose = (wanted: Goal, ...entries: StudyEntry[]) =>
  chooseEntry(wanted, entries, ORIGINAL_BYTES, DEFAULT_OPTIONS);

describe('chooseEntry', () => {
  it('takes the smallest that meets the goal', () => {
    const { taken, reasons } = choose(goal, tried({ bytes: 500 }), tried({ bytes: 300 }));
    expect(taken).toBe(1);
    expect(reasons[0]).toBe('500 B: larger than the one that was taken.');
    expect(reasons[1]).toBe('Taken: 300 B, and it meets the goal. Lost 0 pt; the goal allows 2 pt.');
  });

  it('takes the fastest, or the most accurate, where that is the goal', () => {
    const fast = tried({ bytes: 500, speedup: { low: 1.5, high: 1.6 } });
    const small = tried({ bytes: 300 });
    expect(choose({ objective: 'fastest', neverSlower: true }, small, fast).taken).toBe(1);
    const right = tried({ bytes: 900, accuracy: 0.809 });
    expect(choose({ objective: 'most-accurate', neverSlower: true }, small, right).taken).toBe(1);
  });

  it('takes the fastest for the least energy, as the command line does', () => {
    const fast = tried({ bytes: 500, speedup: { low: 1.5, high: 1.6 } });
    expect(choose({ objective: 'least-energy', neverSlower: true }, tried({ bytes: 300 }), fast).taken).toBe(
      1,
    );
  });

  it('holds other arithmetic whose speed was not measured', () => {
    const integers = tried({ bytes: 300, integers: true });
    const unknown = { ...integers, measurement: measureResult({ latency: null }) };
    expect(choose(goal, unknown)).toMatchObject({ taken: null, held: 0 });
  });

  it('prefers what certainly meets the goal to what may, however small', () => {
    // The interval is a point wide on both sides: at most 1.4 points lost, met; up to 1.8, may be more than 1.5.
    const sure = tried({ bytes: 500, accuracy: 0.796 });
    const open = tried({ bytes: 300, accuracy: 0.792 });
    const { taken, reasons } = choose({ ...goal, maxLoss: 0.015 }, sure, open);
    expect(taken).toBe(0);
    expect(reasons[1]).toContain('not certain');
  });

  it('never takes what misses the goal or got worse', () => {
    const lossy = tried({ bytes: 100, accuracy: 0.7 });
    const slow = tried({ bytes: 100, speedup: { low: 0.7, high: 0.8 } });
    const large = tried({ bytes: 1200 });
    const { taken, reasons } = choose(
      { objective: 'smallest', maxLoss: 0.02, neverSlower: false },
      lossy,
      slow,
      large,
    );
    expect(taken).toBeNull();
    expect(reasons[0]).toContain('misses the goal');
    expect(reasons[1]).toContain('slower');
    expect(reasons[2]).toContain('not smaller');
  });

  it('takes nothing that was measured beyond the limit, even where the interval cannot tell', () => {
    // 0.8 points lost of at most 0.5, between 1.8 lost and 0.2 gained.
    const few = tried({ bytes: 300, accuracy: 0.792 });
    const { taken, reasons } = choose({ ...goal, maxLoss: 0.005 }, few);
    expect(taken).toBeNull();
    expect(reasons[0]).toContain('probably misses the goal. Lost 0.8 pt; the goal allows 0.5 pt');
  });

  it('takes a loss that the goal allows, and says it', () => {
    const small = tried({ bytes: 300, accuracy: 0.785 });
    const { taken, reasons } = choose({ ...goal, maxLoss: 0.03 }, small);
    expect(taken).toBe(0);
    expect(reasons[0]).toContain('Lost 1.5 pt; the goal allows 3 pt');
    // Without a word about losses in the goal, none is taken.
    expect(choose({ objective: 'smallest', neverSlower: true }, small).taken).toBeNull();
  });

  it('takes other arithmetic only where it is certainly not slower', () => {
    const around = { low: 0.98, high: 1.02 };
    const floats = tried({ bytes: 400, speedup: around });
    const integers = tried({ bytes: 300, speedup: around, integers: true });
    const { taken, reasons } = choose(goal, floats, integers);
    expect(taken).toBe(0);
    expect(reasons[1]).toBe('It may be slower: between 0.98 and 1.02 times as fast as the original.');
    expect(choose(goal, integers)).toMatchObject({ taken: null, held: 0 });
    const proven = tried({ bytes: 300, speedup: { low: 1, high: 1.1 }, integers: true });
    expect(choose(goal, floats, proven).taken).toBe(1);
  });

  it('takes nothing that was not measured', () => {
    const failed = { ...tried({ bytes: 300 }), failure: { code: 'not-measurable', message: 'no' } as const };
    expect(choose(goal, failed)).toMatchObject({ taken: null, reasons: ['It could not be measured: no'] });
    expect(choose(goal)).toEqual({ taken: null, held: null, reasons: [] });
  });
});
