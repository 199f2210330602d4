/** Ranges in units, and the words of a comparison. */
import { describe, expect, it } from 'vitest';
import { estimateEnergy } from '../../../core/energy/estimate.ts';
import { DEFAULT_ENERGY } from '../../../core/energy/targets.ts';
import { energyDifference, gramsText, kwhText, millijoulesText, numberOf } from './energy-text.ts';

describe('ranges', () => {
  it('takes the largest unit that the high end fills, two figures an end', () => {
    expect(millijoulesText([2.04, 4.96])).toBe('2–5 mJ');
    expect(millijoulesText([0.0123, 0.0987])).toBe('12–99 µJ');
    expect(millijoulesText([850, 2340])).toBe('0.85–2.3 J');
    expect(kwhText([0.05, 0.21])).toBe('50–210 Wh');
    expect(gramsText([1234, 56_789])).toBe('1.2–57 kg');
    expect(gramsText([0, 0])).toBe('0 mg');
    expect(millijoulesText([123_456, 7_890_123])).toBe('120–7900 J');
  });
});

describe('energyDifference', () => {
  const of = (macs: number, bytesMoved: number) => estimateEnergy({ macs, bytesMoved }, DEFAULT_ENERGY);

  it('says why nothing changed', () => {
    expect(energyDifference(of(100, 10), of(100, 10))).toContain('The same as the original');
  });

  it('names what changed', () => {
    expect(energyDifference(of(100, 10), of(79, 10))).toBe(
      'Against the original: −21 % multiply-accumulates.',
    );
    expect(energyDifference(of(100, 10), of(50, 20))).toBe(
      'Against the original: −50 % multiply-accumulates, +100 % bytes moved.',
    );
    expect(energyDifference(of(100, 10), of(100, 5))).toBe(
      'Against the original: −50 % bytes moved. Counted before the runtime’s own fusions, which may save a part of these bytes in both.',
    );
    expect(energyDifference(of(0, 10), of(5, 10))).toContain('where there were none');
  });
});

describe('numberOf', () => {
  it('reads numbers, with a comma too, and nothing else', () => {
    expect(numberOf(' 12,5 ', 0)).toBe(12.5);
    expect(numberOf('0', 0)).toBe(0);
    expect(numberOf('-1', 0)).toBeNull();
    expect(numberOf('', 0)).toBeNull();
    expect(numberOf('much', 0)).toBeNull();
    expect(numberOf('1e999', 0)).toBeNull();
  });
});
