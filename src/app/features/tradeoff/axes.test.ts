import { describe, expect, it } from 'vitest';
import { axisOf, gainName, gainText, shortTick } from './axes.ts';

describe('axes', () => {
  it('ends on round numbers around the values', () => {
    // 0.92…0.983 in about 4 steps: 0.063 / 4 = 0.016, next round step 0.02.
    const { domain, ticks } = axisOf([0.92, 0.983], { floor: 0, ceiling: 1, least: 0.01, count: 4 });
    expect(domain[0]).toBeCloseTo(0.92, 12);
    expect(domain[1]).toBeCloseTo(1, 12);
    expect(ticks.map((t) => t.toFixed(2))).toEqual(['0.92', '0.94', '0.96', '0.98', '1.00']);
  });

  it('never goes past its ends and is never flat', () => {
    const { domain } = axisOf([1], { floor: -1, ceiling: 1, least: 0.002, count: 4 });
    expect(domain[1]).toBe(1);
    expect(domain[1] - domain[0]).toBeGreaterThanOrEqual(0.002 - 1e-12);
    expect(axisOf([], { floor: 0, ceiling: 1, least: 0.1, count: 5 }).ticks.length).toBeGreaterThan(1);
  });

  it('writes ticks without idle zeros', () => {
    expect(shortTick('2.00 MB')).toBe('2 MB');
    expect(shortTick('2.50 MB')).toBe('2.5 MB');
    expect(shortTick('500 kB')).toBe('500 kB');
    expect(shortTick('98.5 %')).toBe('98.5 %');
    expect(shortTick('0.9990')).toBe('0.999');
  });

  it('does not round an agreement of less than one to one', () => {
    expect(gainText('agreement', 0.99998)).toBe('0.999980');
    expect(gainText('agreement', 1)).toBe('1.0000');
    expect(gainText('accuracy', 0.9996)).toBe('99.96 %');
  });

  it('writes an error in its own unit, and says that less is better', () => {
    expect(gainText('accuracy', 4.2, 'mae')).toBe('4.200');
    expect(gainName('accuracy', 'mae')).toBe('MAE on your data, lower is better');
    expect(gainName('accuracy', 'top1')).toBe('Top-1 on your data');
  });
});
