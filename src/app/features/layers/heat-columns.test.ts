/** Order by damage. */
import { describe, expect, it } from 'vitest';
import type { LayerSensitivity, SensitivityReport } from '../../../core/search/types.ts';
import type { LayerRow } from '../../store/layers.ts';
import { byDamage, heatOf } from './heat-columns.ts';

const row = (id: string): LayerRow => ({ layer: { id } }) as unknown as LayerRow;
const layer = (id: string, int8: number, int4: number): LayerSensitivity => ({
  layer: id,
  damages: [
    { option: 'int8', damage: int8, source: 'measured' },
    { option: 'int4', damage: int4, source: 'predicted' },
  ],
  causes: [],
  fixes: [],
});
const report: SensitivityReport = {
  metric: 'nsr',
  metricText: 'noise',
  samples: 8,
  origin: 'samples',
  layers: [layer('a', 0.1, 0.2), layer('b', 0.3, 0.1), layer('c', Number.NaN, 0.3)],
  notMeasured: [{ layer: 'd', reason: 'too small' }],
  millis: 1,
};
const rows = ['a', 'b', 'c', 'd'].map(row);
const ids = (sorted: readonly LayerRow[]) => sorted.map((each) => each.layer.id).join('');

describe('byDamage', () => {
  it('puts the most damaged first, what is not finite before all, what was not measured last', () => {
    expect(ids(byDamage(rows, heatOf(report, 'int8')))).toBe('cbad');
    expect(ids(byDamage(rows, heatOf(report, 'int4')))).toBe('cabd');
  });
  it('keeps the order of the model where nothing was measured', () => {
    expect(ids(byDamage(rows, heatOf({ ...report, layers: [] }, null)))).toBe('abcd');
  });
  it('knows why a layer has no reading', () => {
    const heat = heatOf(report, null);
    expect(heat.missing('d')).toBe('too small');
    expect(heat.reading('d', 'int8')).toBeUndefined();
    expect(heat.reading('a', 'int4')?.source).toBe('predicted');
  });
});
