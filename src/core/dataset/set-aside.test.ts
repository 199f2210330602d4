import { describe, expect, it } from 'vitest';
import { samplesToSetAside } from './set-aside.ts';

describe('samplesToSetAside', () => {
  it('takes what is wanted, up to a fifth', () => {
    expect(samplesToSetAside(10_000, 256)).toBe(256);
    expect(samplesToSetAside(100, 256)).toBe(20);
    expect(samplesToSetAside(99, 256)).toBe(19);
  });

  it('takes at least one and always leaves one to evaluate', () => {
    for (let shared = 2; shared < 50; shared++) {
      const taken = samplesToSetAside(shared, 256);
      expect(taken).toBeGreaterThanOrEqual(1);
      expect(shared - taken).toBeGreaterThanOrEqual(1);
    }
  });

  it('takes none where there is nothing to share', () => {
    expect(samplesToSetAside(1, 256)).toBe(0);
    expect(samplesToSetAside(0, 256)).toBe(0);
  });
});
