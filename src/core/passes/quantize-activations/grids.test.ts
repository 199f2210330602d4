/** Values that share a grid, and codes that lose a bit. */
import { describe, expect, it } from 'vitest';
import type { CodeGrid } from '../../calibration/ranges.ts';
import type { ValueHistogram, ValueRange } from '../../calibration/types.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { floatTensor, graph, ints, model, node, valueInfo } from '../../onnx/build.ts';
import { floatFeed } from '../../testing/node-calibration.ts';
import { noise, reread, weight } from '../../testing/weight-models.ts';
import { reduceRange } from './bias.ts';
import { chooseGrids } from './grids.ts';
import type { PlannedValue } from './plan.ts';
import { inputsOf, outputsOf, quantize, signalToNoise } from './testing/harness.ts';

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
  channelSamples: 0,
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
  const STEP = 0.01;
  const encodingOf = (codes: Int8Array, more: Partial<WeightEncoding> = {}): WeightEncoding => ({
    precision: 'int8',
    signed: true,
    granularity: { kind: 'tensor' },
    scaleType: 'float32',
    scaleExponent: 0,
    masked: false,
    kept: codes.length,
    storage: { form: 'dequantize-linear', sparse: 'dense' },
    codes,
    scales: Float32Array.of(STEP),
    ...more,
  });
  /** In steps of the new codes: the mean and the root mean square of what they are off by. */
  function errorsOf(reduced: WeightEncoding, exact: Float32Array): { mean: number; rms: number } {
    const scale = reduced.scales?.[0] ?? 0;
    const errors = Array.from(exact, (value, i) => (reduced.codes[i] * scale - value) / scale);
    return {
      mean: errors.reduce((a, b) => a + b, 0) / errors.length,
      rms: Math.sqrt(errors.reduce((a, b) => a + b * b, 0) / errors.length),
    };
  }
  const COUNT = 20_000;
  const exact = noise(COUNT, 5);
  const largest = exact.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const scales = Float32Array.of(largest / 127);
  const nearest = Int8Array.from(exact, (x) => Math.round(x / scales[0]));

  it('are in range and off by nothing on average, known by their codes alone', () => {
    const codes = Int8Array.from({ length: 255 }, (_, i) => i - 127);
    const reduced = reduceRange(encodingOf(codes), [255], undefined);
    expect(reduced.codes.every((code) => code >= -64 && code <= 63)).toBe(true);
    // Handing on keeps the sum to within half a step; clamping loses at most one more at either end.
    const { mean } = errorsOf(
      reduced,
      Float32Array.from(codes, (code) => code * STEP),
    );
    expect(Math.abs(mean)).toBeLessThan(2.5 / codes.length);
  });

  it('are those nearest to the original, not rounded twice', () => {
    const { mean, rms } = errorsOf(reduceRange(encodingOf(nearest, { scales }), [COUNT], exact), exact);
    // Evenly spread over a step: √(1/12) = 0.2887, ± a few of its standard errors 0.13 / √20,000. Halved codes have 0.38.
    expect(rms).toBeLessThan(0.2887 + 5e-3);
    expect(Math.abs(mean)).toBeLessThan((4 * 0.2887) / Math.sqrt(COUNT));
  });

  it('of which an earlier step moved some are not worse than halves of them', () => {
    // Every third code is moved by one, as rounding that looks at the outputs does.
    const moved = nearest.map((code, i) => (i % 3 === 0 && Math.abs(code) < 120 ? code + 1 : code));
    const found = errorsOf(reduceRange(encodingOf(moved, { scales }), [COUNT], exact), exact);
    const halves = errorsOf(reduceRange(encodingOf(moved, { scales }), [COUNT], undefined), exact);
    expect(found.rms).toBeLessThan(halves.rms);
  });

  it('leave pruned elements and groups that fit as they are', () => {
    const codes = Int8Array.of(127, 0, -90, 63, -64, 5);
    const original = Float32Array.from([1.27, 0.5, -0.9, 0.63, -0.64, 0.05]);
    const given = encodingOf(codes, {
      granularity: { kind: 'channel', axis: 0 },
      scales: Float32Array.of(STEP, STEP),
      masked: true,
      kept: 5,
      mask: Uint8Array.of(0b111101),
    });
    const reduced = reduceRange(given, [2, 3], original);
    expect([...reduced.codes].slice(3)).toEqual([63, -64, 5]);
    expect(reduced.scales?.[1]).toBe(Math.fround(STEP));
    expect(reduced.codes[1]).toBe(0);
    expect(reduced.codes[0]).toBe(63);
    expect([...given.codes]).toEqual([...codes]);
  });

  it('keep two convolutions of positive inputs near the floats', async () => {
    const same = { pads: ints([1, 1, 1, 1]) };
    const made = reread(
      model(
        graph({
          nodes: [
            node('Conv', ['x', 'w1', 'b'], ['a'], { attrs: same }),
            node('Relu', ['a'], ['r']),
            node('Conv', ['r', 'w2', 'b'], ['y'], { attrs: same }),
          ],
          initializers: [
            weight('w1', [32, 32, 3, 3], 1),
            weight('w2', [32, 32, 3, 3], 2),
            weight('b', [32], 3),
          ],
          inputs: [valueInfo('x', 'float32', [1, 32, 12, 12])],
          outputs: [valueInfo('y', 'float32')],
        }),
        { opset: 17 },
      ),
    );
    const { model: variant } = await quantize(made, { target: 'ort-cpu-x86' });
    const positive = new Map(
      [...inputsOf(made, 99)].map(([name, { dims, bytes }]) => [
        name,
        floatFeed(dims, new Float32Array(bytes.slice().buffer).map(Math.abs)),
      ]),
    );
    // 40.9 dB a rounding, 5 of them, 6 dB for less spread (patterns.test.ts); weights have a bit less, 6 dB.
    const bound = 40.9 - 10 * Math.log10(5) - 6 - 6.02;
    const decibels = signalToNoise(await outputsOf(made, positive), await outputsOf(variant, positive));
    expect(decibels).toBeGreaterThan(bound);
  });
});

describe('a bias of one element', () => {
  it('that is not finite keeps its layer in floats', async () => {
    const made = reread(
      model(
        graph({
          nodes: [node('Gemm', ['x', 'w', 'b'], ['y'])],
          initializers: [weight('w', [64, 32], 1), floatTensor('b', [1], [Infinity])],
          inputs: [valueInfo('x', 'float32', [8, 64])],
          outputs: [valueInfo('y', 'float32')],
        }),
        { opset: 17 },
      ),
    );
    const { step } = await quantize(made, { target: 'tflite' });
    expect(step.skipped).toEqual([{ layer: 'w', reason: 'its bias holds values that are not finite' }]);
  });
});
