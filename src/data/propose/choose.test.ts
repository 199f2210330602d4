import { describe, expect, it } from 'vitest';
import { chooseCustomary, contenders, meanScore, pairedChance, type SampleScore } from './choose.ts';

const rights = (text: string): SampleScore[] => Array.from(text, (c) => ({ score: Number(c), weight: 1 }));

describe('chance of a difference', () => {
  it('of rights and wrongs is McNemar’s', () => {
    // Five disagreements, all one way: 2 · ½⁵.
    expect(pairedChance(rights('1111111'), rights('0000011'))).toBeCloseTo(2 / 32, 12);
    expect(pairedChance(rights('10'), rights('01'))).toBe(1);
  });

  it('of shares is a paired z test', () => {
    const score = (...values: number[]): SampleScore[] => values.map((v) => ({ score: v, weight: 2 }));
    // Differences ×2: 0.2, 0.4, 0.2, 0.4: mean 0.3, deviation 0.1155, error 0.0577, z = 5.196; 2·(1 − Φ) = 2.0e-7.
    const chance = pairedChance(score(0.5, 0.6, 0.7, 0.8), score(0.4, 0.4, 0.6, 0.6));
    expect(chance).toBeGreaterThan(1e-7);
    expect(chance).toBeLessThan(4e-7);
    expect(pairedChance(score(0.5, 0.5), score(0.5, 0.5))).toBe(1);
    // Φ(1.96) = 0.975: differences −1 … with mean 1.96 errors of the mean away from zero.
    const d = [1, -1, 1, -1].map((x) => x + (1.96 * Math.sqrt(4 / 3)) / 2);
    expect(pairedChance(score(...d), score(0, 0, 0, 0))).toBeCloseTo(0.05, 3);
  });
});

describe('choosing', () => {
  const customary = rights('1111100000'.repeat(10));
  const same = rights('1111100000'.repeat(10));
  const slightly = rights('1111110000' + '1111100000'.repeat(9));
  const clearly = rights('1111111110'.repeat(10));

  it('keeps the customary way against equals and against luck', () => {
    expect(chooseCustomary([customary, same], 0.05)).toBe(0);
    expect(chooseCustomary([customary, slightly], 0.05)).toBe(0);
    expect(chooseCustomary([same, customary, slightly], 0.05)).toBe(0);
  });

  it('takes what is better beyond chance', () => {
    expect(chooseCustomary([customary, slightly, clearly], 0.05)).toBe(2);
  });

  it('drops what the best beats, best first', () => {
    expect(contenders([customary, clearly, clearly, same], 9)).toEqual([1, 2]);
    expect(contenders([customary, slightly], 9)).toEqual([1, 0]);
    expect(contenders([customary, same, same], 2)).toEqual([0, 1]);
  });

  it('weighs samples', () => {
    expect(
      meanScore([
        { score: 1, weight: 3 },
        { score: 0, weight: 1 },
      ]),
    ).toBe(0.75);
    expect(meanScore([])).toBe(0);
  });
});
