/** A recipe that will be slower says so before it runs: from counts and the device's constants alone. */
import { describe, expect, it } from 'vitest';
import type { CostSummary } from '../../core/profile/types.ts';
import type { Recipe } from '../../core/recipe/types.ts';
import type { DeviceSpeed } from '../../core/search/types.ts';
import type { LayerSummary } from '../../worker/api.ts';
import { draftOf } from './recipe-edit.ts';
import { speedPredictionOf } from './speed-prediction.ts';
import { DEFAULT_OPTIONS, ORIGINAL } from './state.ts';
import { modelSummary } from './testing/fake-studio.ts';
import { startHistory } from './undo.ts';

/** Round figures of a laptop: 15 and 40 products a nanosecond, 5 ns to round a sum: integers pay from 120 products on. */
const speed: DeviceSpeed = {
  provider: 'wasm',
  threads: 1,
  floatMacs: 15e9,
  integerMacs: 40e9,
  requantizeNanos: 5,
  depthwiseFloatNanos: 2,
  depthwiseIntegerNanos: 13,
  quantizeNanos: 0.45,
  dequantizeNanos: 0.2,
  transposeNanos: 1,
  fitError: 0.1,
  millis: 3000,
  source: 'measured',
};

const layer = (id: string, op: string, dims: readonly number[]): LayerSummary => ({
  id,
  label: id,
  op,
  dims,
  dataType: 'float32',
  elements: dims.reduce((product, size) => product * size, 1),
  weightBytes: 4,
});
const OUTPUTS = 64 * 56 * 56;
const cost = (layerId: string, fanIn: number) => ({
  layerId,
  macs: OUTPUTS * fanIn,
  parameters: 1,
  activationBytes: 4 * OUTPUTS,
});
const costs: CostSummary = {
  source: 'counted',
  macs: 1,
  parameters: 1,
  weightBytes: 1,
  activationBytes: 8 * OUTPUTS,
  peakActivationBytes: 1,
  layers: [cost('wide', 576), cost('deep', 9)],
  uncounted: {},
  dimensions: {},
};
const everywhere: Recipe = {
  format: 'pare-recipe',
  version: 1,
  seed: 1,
  steps: [
    { pass: 'quantize-weights', params: { precision: 'int8' } },
    { pass: 'quantize-activations', params: { mode: 'static' } },
  ],
};
const from = (over: Partial<Parameters<typeof speedPredictionOf>[0]> = {}) => ({
  model: modelSummary({
    layers: [layer('wide', 'Conv 3×3', [64, 64, 3, 3]), layer('deep', 'Conv dw 3×3', [64, 1, 3, 3])],
  }),
  costs: { [ORIGINAL]: costs },
  speed,
  options: DEFAULT_OPTIONS,
  profiles: {},
  draft: startHistory(draftOf(everywhere)),
  ...over,
});

describe('speedPredictionOf', () => {
  it('names the layers that lose, and the recipe that leaves them in floats', () => {
    const prediction = speedPredictionOf(from());
    expect(prediction?.slow.map((slow) => slow.layer)).toEqual(['deep']);
    expect(prediction?.better?.recipe.steps[1].layers).toEqual({ deep: { mode: 'float' } });
    expect(prediction?.better?.speedup).toBeGreaterThan(prediction?.speedup ?? Infinity);
  });

  it('says nothing about a recipe whose arithmetic stays as it was', () => {
    const plain = { ...everywhere, steps: everywhere.steps.slice(0, 1) };
    expect(speedPredictionOf(from({ draft: startHistory(draftOf(plain)) }))?.slow).toEqual([]);
  });

  it('says nothing of what it was not timed for', () => {
    expect(speedPredictionOf(from({ speed: null }))).toBeNull();
    expect(speedPredictionOf(from({ costs: {} }))).toBeNull();
    expect(speedPredictionOf(from({ options: { ...DEFAULT_OPTIONS, threads: 2 } }))).toBeNull();
    expect(speedPredictionOf(from({ options: { ...DEFAULT_OPTIONS, provider: 'webgpu' } }))).toBeNull();
    const elsewhere = startHistory(draftOf({ ...everywhere, target: 'tensorrt' as const }));
    expect(speedPredictionOf(from({ draft: elsewhere }))).toBeNull();
  });
});
