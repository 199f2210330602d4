/** What nodes show: heat of each measure, the worst of several weights, precision, and nothing where nothing is known. */
import { describe, expect, it } from 'vitest';
import type { ProfileResult } from '../../../core/profile/types.ts';
import type { SensitivityReport } from '../../../core/search/types.ts';
import type { LayerRow } from '../../store/layers.ts';
import type { LayerSummary } from '../../../worker/api.ts';
import { badgeKind, inkOn, mixed, rgbOf } from './colours.ts';
import { drawnGraph } from './drawn-graph.ts';
import { facesOf } from './faces.ts';
import type { FaceInput } from './faces.ts';

const layer = (id: string): LayerSummary => ({
  id,
  label: id,
  op: 'MatMul',
  dims: [4, 4],
  dataType: 'float32',
  elements: 16,
  weightBytes: 64,
});
const row = (id: string, over: Partial<LayerRow> = {}): LayerRow => ({
  layer: layer(id),
  share: 0.5,
  precision: undefined,
  sparsity: undefined,
  donePrecision: undefined,
  doneSparsity: undefined,
  sqnrDb: undefined,
  skippedBy: {},
  ...over,
});
const graph = drawnGraph(
  {
    nodes: [
      { id: 0, name: 'a', opType: 'MatMul', layers: ['a'], weightBytes: 100 },
      { id: 1, name: 'r', opType: 'Relu', layers: [], weightBytes: 0 },
      { id: 2, name: 'b', opType: 'LSTM', layers: ['b', 'c'], weightBytes: 900 },
    ],
    edges: [],
    inputs: [],
    outputs: [],
  },
  ['a', 'b', 'c'].map(layer),
);
const report: SensitivityReport = {
  metric: 'nsr',
  metricText: '',
  samples: 1,
  origin: 'samples',
  layers: [
    { layer: 'a', damages: [{ option: 'int8', damage: 1e-3, source: 'measured' }], causes: [], fixes: [] },
    { layer: 'b', damages: [{ option: 'int8', damage: 1e-5, source: 'measured' }], causes: [], fixes: [] },
    { layer: 'c', damages: [{ option: 'int8', damage: 1, source: 'measured' }], causes: [], fixes: [] },
  ],
  notMeasured: [],
  millis: 1,
};
const faces = (over: Partial<FaceInput>) =>
  facesOf({
    graph,
    rows: [row('a'), row('b', { donePrecision: 'int8 ch', sqnrDb: 30 }), row('c')],
    measure: 'bytes',
    sensitivity: report,
    option: 'int8',
    profile: null,
    ...over,
  });

describe('facesOf', () => {
  it('gives no face to an operator without weights, and each other one its precision', () => {
    expect(faces({}).map((face) => face?.badge)).toEqual(['fp32', undefined, 'int8 ch']);
  });
  it('says in short where activations are integers too', () => {
    const rows = [row('a', { donePrecision: 'int8 ch, activations uint8' })];
    expect(faces({ rows })[0]?.badge).toBe('int8 act');
  });
  it('shows the worst of several weights', () => {
    const [a, , b] = faces({ measure: 'sensitivity' });
    // 1e-3 is the middle of 1e-5 … 1e-1.
    expect(a?.heat).toBeCloseTo(0.5, 12);
    expect(b).toMatchObject({ heat: 1, heatText: '100 %' });
  });
  it('has no heat where nothing was measured', () => {
    expect(faces({ measure: 'sensitivity', sensitivity: null })[0]).toMatchObject({
      heat: undefined,
      heatText: '',
    });
    expect(faces({ measure: 'time' })[0]?.heat).toBeUndefined();
    const [a, , b] = faces({ measure: 'error' });
    expect(a?.heat).toBeUndefined();
    // 50 dB is cold, 10 dB is hot.
    expect(b?.heat).toBeCloseTo(0.5, 12);
  });
  it('weighs bytes and time by their part of the whole', () => {
    const [a, , b] = faces({});
    // A tenth of the bytes, of a quarter that ends the scale.
    expect(a?.heat).toBeCloseTo(0.4, 12);
    expect(b?.heat).toBe(1);
    const profile = { layers: { a: 5, b: 45, '': 50 } } as unknown as ProfileResult;
    expect(faces({ measure: 'time', profile })[0]?.heat).toBeCloseTo(0.2, 12);
  });
});

describe('colours', () => {
  it('reads what browsers compute and mixes it', () => {
    expect(rgbOf('rgb(220, 235, 228)')).toEqual([220, 235, 228]);
    expect(mixed([0, 0, 0], [200, 100, 50], 0.5)).toEqual([100, 50, 25]);
  });
  it('writes dark on light and light on dark', () => {
    expect(inkOn([255, 255, 255])).toBe('#111317');
    expect(inkOn([20, 40, 40])).toBe('#ffffff');
  });
  it('knows the colour of a precision', () => {
    expect(
      ['fp32', 'fp16', 'int8 ch', 'int4 b32', 'int3', 'palette16', 'palette64', 'int8 act'].map(badgeKind),
    ).toEqual(['fp32', 'fp16', 'int8', 'int4', 'int4', 'int4', 'int8', 'int8']);
  });
});
