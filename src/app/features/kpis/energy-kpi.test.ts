import { describe, expect, it } from 'vitest';
import { rangeText } from './energy-kpi.tsx';

describe('rangeText', () => {
  it('shows both ends in the unit of the larger, with two digits', () => {
    expect(rangeText([2.04, 4.96])).toBe('2–5 mJ');
    expect(rangeText([0.0123, 0.0987])).toBe('12–99 µJ');
    expect(rangeText([850, 2340])).toBe('0.85–2.3 J');
    expect(rangeText([1e-6, 4.4e-5])).toBe('1–44 nJ');
  });
});
