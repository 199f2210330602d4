/** Energy by hand-derived numbers, and what every target must say. */
import { describe, expect, it } from 'vitest';
import { energyCosts, estimateEnergy } from './estimate.ts';
import { ENERGY_TARGETS, energyTarget } from './targets.ts';

const settings = { targetId: 'laptop', gridGramsPerKwh: 500, inferencesPerDay: 1_000_000 };

describe('energyCosts', () => {
  it('reads each weight once as float32 and moves each activation twice', () => {
    // 1,000 weights stored in 250 bytes (2 bits): 4,000 bytes in memory; 500 bytes of activations twice.
    const costs = { macs: 7, parameters: 1000, weightBytes: 250, activationBytes: 500 };
    expect(energyCosts(costs)).toEqual({ macs: 7, bytesMoved: 4000 + 1000 });
  });

  it('counts weights that are wider than float32 as they are', () => {
    expect(energyCosts({ macs: 0, parameters: 10, weightBytes: 80, activationBytes: 0 }).bytesMoved).toBe(80);
  });
});

describe('estimateEnergy', () => {
  const costs = { macs: 300e6, bytesMoved: 20e6 };

  it('adds operations and bytes, low with low and high with high', () => {
    const own = { ...settings, picojoulesPerMac: [10, 20], picojoulesPerByte: [100, 200] } as const;
    const estimate = estimateEnergy(costs, own);
    // 300e6 · 10 pJ + 20e6 · 100 pJ = 3e9 + 2e9 pJ = 5e9 pJ = 5 mJ; twice that at the high end.
    expect(estimate.millijoules[0]).toBeCloseTo(5, 12);
    expect(estimate.millijoules[1]).toBeCloseTo(10, 12);
    // 5 mJ · 1e6 · 365 = 1.825e6 J; / 3.6e6 = 0.506944… kWh; · 500 = 253.47… g
    expect(estimate.kwhPerYear[0]).toBeCloseTo(1.825 / 3.6, 12);
    expect(estimate.gramsPerYear[0]).toBeCloseTo((1.825 / 3.6) * 500, 9);
    expect(estimate.gramsPerYear[1]).toBeCloseTo((3.65 / 3.6) * 500, 9);
    expect(estimate.source).toBe('estimated');
    expect(estimate.assumptions.join(' ')).toContain('Your own constants: 10–20 pJ');
  });

  it('takes the constants of the target where there are none of the user', () => {
    const laptop = energyTarget('laptop');
    const [low] = estimateEnergy(costs, settings).millijoules;
    expect(low).toBeCloseTo(
      (300e6 * laptop.picojoulesPerMac[0] + 20e6 * laptop.picojoulesPerByte[0]) * 1e-9,
      12,
    );
  });

  it('takes what was counted in a graph as it is', () => {
    const counted = { macs: 300e6, parameters: 1e6, weightBytes: 1e6, activationBytes: 8e6 };
    // 4e6 bytes of float32 weights + 2 · 8e6 bytes of activations = 20e6 bytes
    expect(estimateEnergy(counted, settings)).toEqual(estimateEnergy(costs, settings));
  });

  it('is zero for no work and no inferences', () => {
    const nothing = estimateEnergy({ macs: 0, bytesMoved: 0 }, settings);
    expect(nothing.millijoules).toEqual([0, 0]);
    expect(estimateEnergy(costs, { ...settings, inferencesPerDay: 0 }).kwhPerYear).toEqual([0, 0]);
  });
});

describe('ENERGY_TARGETS', () => {
  it('has distinct ids, and ranges that are ranges with a source', () => {
    expect(new Set(ENERGY_TARGETS.map(({ id }) => id)).size).toBe(ENERGY_TARGETS.length);
    for (const target of ENERGY_TARGETS) {
      for (const [low, high] of [target.picojoulesPerMac, target.picojoulesPerByte]) {
        expect(low, target.id).toBeGreaterThan(0);
        expect(high, target.id).toBeGreaterThan(low);
      }
      expect(target.source, target.id).toMatch(/\d{4}|not verified/);
    }
  });

  it('falls back to the laptop for an id that is gone', () => {
    expect(energyTarget('abacus').id).toBe('laptop');
  });
});
