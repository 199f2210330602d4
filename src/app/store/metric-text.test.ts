/** Metrics as people read them. */
import { describe, expect, it } from 'vitest';
import { formatBetween, formatDifference, formatMetric, unitOf } from './metric-text.ts';

describe('metrics', () => {
  it('reads fractions as percent and points, errors as they are', () => {
    expect(formatMetric('top1', 0.714)).toBe('71.4 %');
    expect(formatMetric('mae', 12.3456)).toBe('12.35');
    expect(formatMetric('top1', Number.NaN)).toBe('–');
    expect(formatDifference('top1', -0.004)).toBe('−0.4 pt');
    expect(formatDifference('mae', -0.0123)).toBe('−0.0123');
    expect(formatDifference('mae', 150)).toBe('+150');
    expect(formatDifference('mae', 0)).toBe('0.00');
  });

  it('writes intervals with their signs', () => {
    expect(formatBetween('top1', { low: -0.012, high: 0.004 })).toBe('−1.2 … +0.4');
    expect(formatBetween('mae', { low: -0.5, high: 1.25 })).toBe('−0.50 … +1.25');
    expect(formatBetween('mae', { low: Number.NaN, high: 1 })).toBe('no interval');
  });

  it('calls samples what they are', () => {
    expect(unitOf('images')).toEqual(['image', 'images']);
    expect(unitOf(undefined)).toEqual(['sample', 'samples']);
  });
});
