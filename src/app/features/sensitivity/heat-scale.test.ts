/** The scale at its ends and in the middle, and numbers as they are read. */
import { describe, expect, it } from 'vitest';
import type { SensitivityReport } from '../../../core/search/types.ts';
import { damageShare, formatDamage, guiltiest, optionsOf, shareOfDamage, shownOption } from './heat-scale.ts';

const report: SensitivityReport = {
  metric: 'kl',
  metricText: 'KL divergence',
  samples: 32,
  origin: 'samples',
  layers: [
    { layer: 'a', damages: [{ option: 'int4', damage: 0.01, source: 'measured' }], causes: [], fixes: [] },
    {
      layer: 'b',
      damages: [
        { option: 'int4', damage: 0.03, source: 'measured' },
        { option: 'int8', damage: 0, source: 'measured' },
      ],
      causes: [],
      fixes: [],
    },
  ],
  notMeasured: [],
  millis: 1,
};

describe('damageShare', () => {
  it('is logarithmic between its ends', () => {
    // 1e-5 … 1e-1 are four decades: 1e-3 is the middle.
    expect(damageShare(1e-5, 'nsr')).toBe(0);
    expect(damageShare(1e-3, 'nsr')).toBeCloseTo(0.5, 12);
    expect(damageShare(1e-1, 'nsr')).toBeCloseTo(1, 12);
  });
  it('stays between 0 and 1 for anything', () => {
    for (const metric of ['kl', 'nsr'] as const) {
      expect(damageShare(0, metric)).toBe(0);
      expect(damageShare(-1e-9, metric)).toBe(0);
      expect(damageShare(1e9, metric)).toBe(1);
      expect(damageShare(Number.NaN, metric)).toBe(1);
      expect(damageShare(Number.POSITIVE_INFINITY, metric)).toBe(1);
    }
  });
});

describe('formatDamage', () => {
  it('keeps two figures', () => {
    expect(formatDamage(0.0314, 'kl')).toBe('0.031');
    expect(formatDamage(1.234, 'kl')).toBe('1.2');
    expect(formatDamage(0.0314, 'nsr')).toBe('3.1 %');
    expect(formatDamage(0.5, 'nsr')).toBe('50 %');
    expect(formatDamage(2.5, 'nsr')).toBe('250 %');
    expect(formatDamage(3.14e-4, 'kl')).toBe('0.0003');
    expect(formatDamage(3.14e-4, 'nsr')).toBe('0.03 %');
  });
  it('does not round something down to nothing, or nothing up to something', () => {
    expect(formatDamage(1e-9, 'kl')).toBe('<0.0001');
    expect(formatDamage(1e-12, 'nsr')).toBe('<0.01 %');
    expect(formatDamage(0, 'kl')).toBe('0');
    expect(formatDamage(Number.NaN, 'kl')).toBe('not finite');
    expect(formatDamage(1e9, 'nsr')).toBe('>9999 %');
  });
});

describe('what a report says', () => {
  it('lists options in the order of bits and shows the chosen one where it is there', () => {
    expect(optionsOf(report)).toEqual(['int8', 'int4']);
    expect(shownOption(report, 'int4')).toBe('int4');
    expect(shownOption(report, 'int2')).toBe('int8');
    expect(shownOption({ ...report, asked: 'int4' }, null)).toBe('int4');
    expect(shownOption({ ...report, asked: 'int4' }, 'int8')).toBe('int8');
    expect(shownOption({ ...report, layers: [] }, 'int4')).toBeNull();
  });
  it('names the layer that is damaged most, and nobody where nothing is damaged', () => {
    expect(guiltiest(report, 'int4')).toMatchObject({ layer: { layer: 'b' }, damage: 0.03 });
    expect(guiltiest(report, 'int8')).toBeNull();
    expect(shareOfDamage(report, 'int4', 0.03)).toBeCloseTo(0.75, 12);
    expect(shareOfDamage(report, 'int8', 0)).toBe(0);
  });
});
