import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatChange,
  formatCount,
  formatDecibels,
  formatMillis,
  formatPercent,
  formatPoints,
  formatValue,
  groupThousands,
  signed,
} from './format.ts';

describe('formatBytes', () => {
  it('uses decimal units and three figures', () => {
    expect(formatBytes(0)).toBe('0 B');
    expect(formatBytes(999)).toBe('999 B');
    expect(formatBytes(1000)).toBe('1.00 kB');
    expect(formatBytes(3_612_345)).toBe('3.61 MB');
    expect(formatBytes(13_600_000)).toBe('13.6 MB');
    expect(formatBytes(4_300_000_000)).toBe('4.30 GB');
  });
  it('never shows a thousand of a unit', () => {
    expect(formatBytes(999_950)).toBe('1.00 MB');
    expect(formatBytes(999_499)).toBe('999 kB');
  });
});

describe('formatPercent', () => {
  it('adds digits rather than hide a loss', () => {
    expect(formatPercent(0.714)).toBe('71.4 %');
    expect(formatPercent(1)).toBe('100.0 %');
    expect(formatPercent(0.9996)).toBe('99.96 %');
    expect(formatPercent(0.999996)).toBe('99.9996 %');
    expect(formatPercent(1 - 1e-12)).toBe('> 99.9999 %');
  });
});

describe('signs', () => {
  it('writes a true minus and leaves a rounded zero bare', () => {
    expect(signed(-1.25, 1)).toBe('−1.3');
    expect(signed(0.04, 1)).toBe('0.0');
    expect(signed(-0.04, 1)).toBe('0.0');
    expect(formatPoints(-0.003)).toBe('−0.3 pt');
    expect(formatChange(26, 100)).toBe('−74 %');
    expect(formatChange(101, 100)).toBe('+1.0 %');
    expect(formatChange(1, 0)).toBe('');
  });
});

describe('other units', () => {
  it('reads well at every size', () => {
    expect(formatMillis(7.9)).toBe('7.90 ms');
    expect(formatMillis(0.1234)).toBe('0.123 ms');
    expect(formatMillis(12_345)).toBe('12.3 s');
    expect(formatCount(9_999)).toBe('9,999');
    expect(formatCount(3_504_872)).toBe('3.50 M');
    expect(groupThousands(1_000_000)).toBe('1,000,000');
    expect([-2482.1, 0.98, 12, 0, 1.23e-7].map(formatValue)).toEqual(['−2,500', '0.98', '12', '0', '1.2e-7']);
    expect(formatDecibels(Number.POSITIVE_INFINITY)).toBe('exact');
    expect(formatDecibels(41.26)).toBe('41.3 dB');
    expect(formatDecibels(-0.31)).toBe('−0.3 dB');
    expect(formatDecibels(-0.01)).toBe('0.0 dB');
  });
});
