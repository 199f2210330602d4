import { describe, expect, it } from 'vitest';
import { FIRST_GOAL } from '../../store/tuning-state.ts';
import { draftOfGoal, parseGoal } from './goal-draft.ts';

const empty = draftOfGoal({ objective: 'smallest', neverSlower: false }, 'fraction');

describe('parseGoal', () => {
  it('gives back what a draft was made of', () => {
    const goal = {
      objective: 'fastest',
      maxLoss: 0.003,
      minAccuracy: 0.7,
      maxBytes: 3_600_000,
      maxMillis: 7.9,
      minSpeedup: 1.5,
      maxMemoryBytes: 20_000_000,
      neverSlower: true,
    } as const;
    for (const unit of ['fraction', 'plain'] as const) {
      expect(parseGoal(draftOfGoal(goal, unit), unit)).toEqual({ ok: true, goal });
    }
    expect(draftOfGoal(FIRST_GOAL, 'fraction').loss).toBe('0.5');
  });

  it('leaves out what is empty', () => {
    expect(parseGoal(empty, 'fraction')).toEqual({
      ok: true,
      goal: { objective: 'smallest', neverSlower: false },
    });
  });

  it('takes a comma for a point', () => {
    const parsed = parseGoal({ ...empty, loss: ' 0,5 ' }, 'fraction');
    expect(parsed).toMatchObject({ ok: true, goal: { maxLoss: 0.005 } });
  });

  it('says of each field what is wrong, and sets nothing', () => {
    const parsed = parseGoal(
      { ...empty, loss: '-1', accuracy: '101', megabytes: '0', millis: 'ten', speedup: '1.5' },
      'fraction',
    );
    expect(parsed).toEqual({
      ok: false,
      errors: {
        loss: 'It must not be below 0.',
        accuracy: 'It cannot be above 100.',
        megabytes: 'It must be above 0.',
        millis: 'Type a number, such as 0.5.',
      },
    });
  });

  it('knows no hundred where the metric is no share', () => {
    expect(parseGoal({ ...empty, accuracy: '250' }, 'plain')).toMatchObject({ goal: { minAccuracy: 250 } });
  });
});
