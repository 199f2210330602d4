/** Where rounding ends and a difference begins. */
import { describe, expect, it } from 'vitest';
import { withFinding } from './parity.ts';
import type { ParityRow } from './types.ts';

const row = (parts: Partial<ParityRow>): ParityRow => ({
  who: 'variant on WebGPU',
  against: 'variant on WASM',
  sqnrDb: 100,
  maxError: 0.1,
  notFinite: 0,
  samples: 4,
  ...parts,
});
const severity = (parts: Partial<ParityRow>, half = false): string | undefined =>
  withFinding(row(parts), half).finding?.severity;

describe('parity', () => {
  it('rounding is no finding', () => {
    expect(severity({ sqnrDb: 100 })).toBeUndefined();
    expect(severity({ sqnrDb: Infinity })).toBeUndefined();
    expect(severity({ sqnrDb: null })).toBeUndefined();
  });

  it('more than rounding is a warning, a tenth of the signal an error', () => {
    expect(severity({ sqnrDb: 59 })).toBe('warning');
    expect(severity({ sqnrDb: 19 })).toBe('error');
    expect(severity({ notFinite: 1 })).toBe('error');
  });

  it('halves round more', () => {
    expect(severity({ sqnrDb: 50 }, true)).toBeUndefined();
    expect(severity({ sqnrDb: 39 }, true)).toBe('warning');
    expect(severity({ who: 'original on WebGPU', against: 'original on WASM', sqnrDb: 50 }, true)).toBe(
      'warning',
    );
  });

  it('what quantization does to a variant is not parity', () => {
    expect(severity({ who: 'variant on WASM', against: 'original on WASM', sqnrDb: 25 })).toBeUndefined();
    expect(severity({ who: 'variant on WASM', against: 'original on WASM', sqnrDb: 0 })).toBeUndefined();
  });

  it('outputs that zeros would be closer to are an error, which blames neither runtime nor target', () => {
    const { finding } = withFinding(
      row({ who: 'variant on WASM', against: 'original on WASM', sqnrDb: -3 }),
      false,
    );
    expect(finding).toMatchObject({ severity: 'error', hazard: 'parity' });
    expect(finding?.what).toContain('-3 dB');
    expect(finding?.fix).toContain('own original');
  });

  it('every finding says what, why and what to do', () => {
    const rows = [row({ sqnrDb: 30 }), row({ notFinite: 2 }), row({ failed: 'no.', sqnrDb: null })];
    for (const { finding } of rows.map((each) => withFinding(each, false))) {
      expect(finding?.what).toMatch(/variant on WebGPU/);
      expect(finding?.why).toMatch(/\.$/);
      expect(finding?.fix).toMatch(/\.$/);
    }
  });

  it('a session that is refused is an error in its own words', () => {
    const { finding } = withFinding(
      row({ failed: 'No shader-f16.', sqnrDb: null, maxError: 0, samples: 0 }),
      true,
    );
    expect(finding).toMatchObject({
      severity: 'error',
      what: 'The variant on WebGPU does not run: No shader-f16.',
    });
  });
});
