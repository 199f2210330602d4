/** Rows and verdict of the latency lab. */
import { describe, expect, it } from 'vitest';
import type { LatencyMeasurement } from '../../../core/metrics/types.ts';
import type { LabLine } from '../../store/data-state.ts';
import { ORIGINAL } from '../../store/state.ts';
import { measureResult } from '../../store/testing/fake-studio.ts';
import { fastestOf, labRows, labSentence } from './lab-rows.ts';

const timed = measureResult().latency!;
const line = (threads: number, over: Partial<LatencyMeasurement> | null, entryId = 'v1'): LabLine => ({
  entryId,
  provider: 'wasm',
  threads,
  latency: over === null ? null : { ...timed, threads, ...over },
  reason: over === null ? 'the session could not be made' : null,
});
const at = (millis: number, half: number): Partial<LatencyMeasurement> => ({
  variantMillis: millis,
  variantInterval: { low: millis - half, high: millis + half },
});

describe('labRows', () => {
  it('says what was timed, with its intervals', () => {
    const [row] = labRows([
      line(2, { ...at(8, 0.1), speedup: 1.25, speedupInterval: { low: 1.2, high: 1.3 } }),
    ]);
    expect(row).toMatchObject({
      name: 'WASM, 2 threads',
      medianText: '8.00 ms',
      intervalText: '7.90–8.10',
      speedup: 'faster, 1.25×',
      speedupRange: '[1.20, 1.30]',
      tone: 'good',
      load: '6.00 ms',
      reason: null,
    });
  });

  it('calls nothing faster or slower while 1 is within the interval', () => {
    const tone = (low: number, high: number): string =>
      labRows([line(1, { speedupInterval: { low, high } })])[0].tone;
    expect(tone(0.9, 1.1)).toBe('neutral');
    expect(tone(0.8, 0.99)).toBe('bad');
    expect(tone(1.02, 1.2)).toBe('good');
  });

  it('has no speed-up for the original, and a reason where nothing was timed', () => {
    const rows = labRows([line(1, {}, ORIGINAL), line(2, null)]);
    expect(rows[0]).toMatchObject({ speedup: '–', median: 10, tone: 'neutral' });
    expect(rows[1]).toMatchObject({ median: null, reason: 'the session could not be made' });
  });
});

describe('fastestOf', () => {
  it('marks a row only where intervals separate', () => {
    const apart = labRows([line(1, at(10, 0.5)), line(2, at(8, 0.5)), line(4, null)]);
    expect(fastestOf(apart)?.name).toBe('WASM, 2 threads');
    expect(labSentence(apart)).toContain('WASM, 2 threads is the fastest');
    const close = labRows([line(1, at(10, 0.5)), line(2, at(9.2, 0.5))]);
    expect(fastestOf(close)).toBeNull();
    expect(labSentence(close)).toContain('beyond doubt');
  });

  it('compares nothing with nothing', () => {
    const one = labRows([line(1, at(10, 0.5))]);
    expect(fastestOf(one)).toBeNull();
    expect(labSentence(one)).toContain('one way');
    expect(labSentence(labRows([line(1, null)]))).toBe('Nothing could be timed.');
  });
});
