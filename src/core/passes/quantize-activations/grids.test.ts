/** Values that share a grid, and codes that lose a bit. */
import { describe, expect, it } from 'vitest';
import type { CodeGrid } from '../../calibration/ranges.ts';
import type { ValueHistogram, ValueRange } from '../../calibration/types.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { reduceRange } from './bias.ts';
import { chooseGrids } from './grids.ts';
import type { PlannedValue } from './plan.ts';

const INT8 = { type: 'int8', symmetric: false } as const;

const histogram = (low: number, high: number): ValueHistogram => ({
  low,
  high,
  counts: new Float64Array(64).fill(10),
});
const value = (name: string, more: Partial<PlannedValue> = {}): PlannedValue => ({
  name,
  kind: 'result',
  reads: [],
  group: 1,
  ...more,
});
const seen = {
  ranges: new Map<string, ValueRange>(),
  histograms: new Map([
    ['a', histogram(0, 4)],
    ['b', histogram(-3, 2)],
  ]),
  channels: new Map(),
  missing: new Map(),
  samples: 1,
};

function gridsOf(values: readonly PlannedValue[]): { a: CodeGrid; b: CodeGrid } {
  const { grids, missing } = chooseGrids(values, seen, INT8, () => 'minmax');
  expect([...missing]).toEqual([]);
  return { a: grids.get('a')!, b: grids.get('b')! };
}

describe('values that share a grid', () => {
  const members: readonly (readonly [string, Partial<PlannedValue>])[] = [
    ['the Relu of one', { bounds: { min: 0, max: Infinity } }],
    ['the prescribed grid of one', { grid: { type: 'int8', scale: 1 / 256, zeroPoint: -128 } }],
  ];
  it.each(members)('hold all of both, whatever %s is', (_, more) => {
    for (const values of [
      [value('a', more), value('b')],
      [value('b'), value('a', more)],
    ]) {
      const { a, b } = gridsOf(values);
      expect(a).toEqual(b);
      const low = (-128 - a.zeroPoint) * a.scale;
      const high = (127 - a.zeroPoint) * a.scale;
      // Half a step may be missing at either end: the zero point is whole.
      expect(low).toBeLessThanOrEqual(-3 + a.scale / 2);
      expect(high).toBeGreaterThanOrEqual(4 - a.scale / 2);
    }
  });
});

describe('codes of seven bits', () => {
  it('are off by nothing on average', () => {
    const codes = Int8Array.from({ length: 255 }, (_, i) => i - 127);
    const encoding = {
      precision: 'int8',
      signed: true,
      granularity: { kind: 'tensor' },
      scaleType: 'float32',
      scaleExponent: 0,
      masked: false,
      kept: 255,
      storage: { form: 'dequantize-linear', sparse: 'dense' },
      codes,
      scales: Float32Array.of(1),
    } as const satisfies WeightEncoding;
    const { codes: reduced, scales } = reduceRange(encoding);
    expect(scales).toEqual(Float32Array.of(2));
    expect(Math.min(...reduced)).toBeGreaterThanOrEqual(-64);
    expect(Math.max(...reduced)).toBeLessThanOrEqual(63);
    // ±1 alternates over odd codes; 127 alone has no even neighbour in the range.
    const mean = codes.reduce((sum, code, i) => sum + 2 * reduced[i] - code, 0) / codes.length;
    expect(Math.abs(mean)).toBeLessThan(2 / codes.length + 1e-9);
  });
});
