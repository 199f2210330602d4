import { describe, expect, it } from 'vitest';
import type { Recipe } from '../recipe/types.ts';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { floatFeed } from '../testing/node-calibration.ts';
import { breakEvenFanIn, timeOf } from './cost-model.ts';
import type { LayerWork, WorkGraph } from './cost-model.ts';
import { fitCosts } from './fit-speed.ts';
import { predictSpeed, workFromCounts } from './predict-speed.ts';
import { speedFrom, speedProbes } from './speed-probes.ts';
import type { DeviceSpeed } from './types.ts';

/** Round numbers: a float product takes 0.1 ns, an integer one 0.04, a result 3: break-even at 3 / 0.06 = 50. */
const speed: DeviceSpeed = {
  provider: 'wasm',
  threads: 1,
  floatMacs: 1e10,
  integerMacs: 2.5e10,
  requantizeNanos: 3,
  depthwiseFloatNanos: 2,
  depthwiseIntegerNanos: 12,
  quantizeNanos: 0.5,
  dequantizeNanos: 0.2,
  transposeNanos: 0.3,
  elementwiseNanos: 0.1,
  runNanos: 0,
  fitError: 0,
  millis: 0,
  source: 'measured',
};

const layer = (name: string, kind: LayerWork['kind'], fanIn: number): LayerWork => ({
  layer: name,
  kind,
  fanIn,
  outputs: 1000,
  inputs: 1000,
  weights: fanIn * 10,
});
/** A pointwise layer, a depthwise one, two dense ones. */
const net: WorkGraph = {
  layers: [
    layer('narrow', 'convolution', 20),
    layer('dw', 'depthwise', 9),
    layer('wide', 'convolution', 500),
    layer('wider', 'convolution', 800),
  ],
  feeds: [[-1], [0], [1], [2]],
  rest: 0,
};
const recipe = (steps: Recipe['steps']): Recipe => ({ format: 'pare-recipe', version: 1, seed: 1, steps });
const int8 = { pass: 'quantize-weights', params: { precision: 'int8' } };
const integers = (mode: string) => ({ pass: 'quantize-activations', params: { mode } });
const from = { layers: [], graph: net, speed };

describe('fitCosts', () => {
  it('finds the costs that times were made of', () => {
    const work = [
      { floatMacs: 1e6 },
      { floatMacs: 2e6, quantized: 1e4 },
      { quantized: 3e4 },
      { quantized: 1e5 },
    ];
    const nanos = work.map(({ floatMacs = 0, quantized = 0 }) => 500 + 0.1 * floatMacs + 0.4 * quantized);
    const fitted = fitCosts(work.map((one, i) => ({ work: one, nanos: nanos[i] })));
    expect(fitted.costs.floatMacs).toBeCloseTo(0.1, 4);
    expect(fitted.costs.quantized).toBeCloseTo(0.4, 4);
    expect(fitted.runNanos).toBeCloseTo(500, 0);
    expect(fitted.error).toBeLessThan(1e-4);
  });

  it('never gives a negative cost, and says how far it is off', () => {
    const fitted = fitCosts([
      { work: { floatMacs: 100, quantized: 100 }, nanos: 100 },
      { work: { floatMacs: 100 }, nanos: 200 },
    ]);
    expect(fitted.costs.quantized).toBe(0);
    expect(fitted.error).toBeGreaterThan(0.2);
  });
});

describe('speedProbes', () => {
  it(
    'are models that run, and whose constants come out of their times again',
    { timeout: 60_000 },
    async () => {
      const probes = speedProbes();
      const runner = createNodeRunner();
      for (const { name, parts, input, output } of probes) {
        const session = await runner.open(parts, 'all');
        const count = input.dims.reduce((a, b) => a * b, 1);
        const found = await session.run(
          new Map([[input.name, floatFeed(input.dims, new Float32Array(count).fill(0.5))]]),
          [output],
        );
        expect(found.get(output)?.bytes.length, name).toBeGreaterThan(0);
        await session.release();
      }
      const costs = {
        floatMacs: 0.05,
        integerMacs: 0.02,
        integerOutputs: 1.5,
        rectified: 2,
        depthwiseFloats: 2,
        depthwiseRows: 40,
        depthwiseIntegers: 7,
        quantized: 0.4,
        dequantized: 0.2,
        transposed: 0.3,
        integerWeights: 0.1,
        elementwise: 0.1,
        joined: 0.6,
        filled: 0.5,
      };
      const nanos = probes.map(({ work }) =>
        Object.entries(work).reduce(
          (sum, [name, amount]) => sum + costs[name as keyof typeof costs] * amount,
          40_000,
        ),
      );
      const found = speedFrom(probes, nanos);
      // Least squares by descent: good to a percent, which is far below what timing is good for.
      expect(found.floatMacs / 2e10).toBeCloseTo(1, 1);
      expect(found.integerMacs / 5e10).toBeCloseTo(1, 1);
      expect(found.requantizeNanos).toBeCloseTo(1.5, 1);
      expect(found.rectifyNanos).toBeCloseTo(2, 1);
      expect((found.depthwiseFloatRowNanos ?? 0) / 40).toBeCloseTo(1, 1);
      expect(found.depthwiseIntegerNanos).toBeCloseTo(7, 1);
      expect(found.joinNanos).toBeCloseTo(0.5, 1);
      expect(found.fitError).toBeLessThan(0.02);
    },
  );
});

describe('timeOf', () => {
  it('charges borders only where codes meet floats', () => {
    const all = timeOf(net, [false, false, true, true], speed);
    // wide: 1000 · (500 · 0.04 + 3) = 23,000; in front of it 1000 · (0.5 + 0.3).
    expect(all.layers[2]).toEqual({
      layer: 'wide',
      floatNanos: 50_000,
      nanos: 23_000,
      borderNanos: expect.closeTo(800, 6) as number,
    });
    // wider: only the way back, 1000 · (0.2 + 0.3).
    expect(all.layers[3].borderNanos).toBeCloseTo(500, 6);
    expect(all.floatNanos).toBe(2000 + 2000 + 50_000 + 80_000);
    expect(all.nanos).toBeCloseTo(2000 + 2000 + 23_000 + 35_000 + 1300, 3);
  });

  it('charges clamping behind a Relu, and rows of float depthwise planes', () => {
    const device = { ...speed, rectifyNanos: 4, depthwiseFloatRowNanos: 50 };
    const [narrow, dw, wide] = net.layers;
    const graph: WorkGraph = {
      layers: [{ ...narrow, rectified: false }, { ...dw, rows: 200 }, wide],
      feeds: [[-1], [0], [1]],
      rest: 0,
    };
    const { layers } = timeOf(graph, [true, true, true], device);
    // 1000 · (20 · 0.04 + 3); 1000 · (12 + 4), against 1000 · 2 + 200 · 50 in floats; 1000 · (500 · 0.04 + 3 + 4).
    expect(layers.map(({ nanos }) => Math.round(nanos))).toEqual([3800, 16_000, 27_000]);
    expect(layers[1].floatNanos).toBe(12_000);
  });

  it('lets a chain of narrow layers pay where one of them between floats does not', () => {
    const device = { ...speed, requantizeNanos: 3, depthwiseIntegerNanos: 8, depthwiseFloatRowNanos: 50 };
    const chain: WorkGraph = {
      layers: [
        layer('in', 'convolution', 60),
        { ...net.layers[1], rows: 200 },
        layer('out', 'convolution', 60),
      ],
      feeds: [[-1], [0], [1]],
      rest: 0,
    };
    const speedup = (integer: readonly boolean[]): number => {
      const { floatNanos, nanos } = timeOf(chain, integer, device);
      return floatNanos / nanos;
    };
    expect(speedup([true, true, true])).toBeGreaterThan(1);
    expect(speedup([false, false, true])).toBeLessThan(1);
    // With a Relu behind each layer the same chain loses.
    const clamped = timeOf(chain, [true, true, true], { ...device, rectifyNanos: 4 });
    expect(clamped.nanos).toBeGreaterThan(clamped.floatNanos);
  });

  it('names the fan-in at which both are as fast', () => {
    expect(breakEvenFanIn(speed)).toBeCloseTo(50, 6);
    expect(breakEvenFanIn({ ...speed, integerMacs: 1e9 })).toBe(Infinity);
  });

  it('takes measured times of layers for the proportions of its own', () => {
    const timed = timeOf(net, [false, false, true, false], speed, new Map([['wide', 100_000]]));
    expect(timed.layers[2].floatNanos).toBe(100_000);
    expect(timed.layers[2].nanos).toBe(46_000);
  });
});

describe('predictSpeed', () => {
  it('says before it runs that integers everywhere are slower, which layers lose, and what does not', () => {
    const depthwise: WorkGraph = {
      ...net,
      layers: [net.layers[0], { ...net.layers[1], outputs: 9000 }, net.layers[2], net.layers[3]],
    };
    const found = predictSpeed(recipe([int8, integers('static')]), { ...from, graph: depthwise })!;
    expect(found.source).toBe('predicted');
    expect(found.speedup).toBeLessThan(1);
    expect(found.slow.map((slow) => slow.layer)).toEqual(['dw', 'narrow']);
    expect(found.slow[0].reason).toMatch(/depthwise/);
    expect(found.slow[1].reason).toBe('each output sums 20 products, below the break-even 50 of this device');
    expect(found.better!.speedup).toBeGreaterThan(1);
    const [, activations] = found.better!.recipe.steps;
    expect(activations.layers).toEqual({ narrow: { mode: 'float' }, dw: { mode: 'float' } });
    // What is offered is as fast as it says.
    const again = predictSpeed(found.better!.recipe, { ...from, graph: depthwise })!;
    expect(again.speedup).toBeCloseTo(found.better!.speedup, 9);
    expect(again.slow).toEqual([]);
  });

  it('predicts no change where weights are decoded at load', () => {
    expect(predictSpeed(recipe([int8]), from)).toEqual({
      source: 'predicted',
      speedup: 1,
      slow: [],
      better: null,
    });
  });

  it('takes the step away where no integer layer pays', () => {
    const small: WorkGraph = { layers: net.layers.slice(0, 2), feeds: [[-1], [0]], rest: 0 };
    const { better } = predictSpeed(recipe([int8, integers('static')]), { ...from, graph: small })!;
    expect(better).toEqual({ recipe: recipe([int8]), speedup: 1 });
  });

  it('knows products whose weights are unpacked at every run', () => {
    const product: WorkGraph = { layers: [layer('fc', 'product', 500)], feeds: [[-1]], rest: 0 };
    const stored = { pass: 'quantize-weights', params: { precision: 'int4', storage: 'matmul-nbits' } };
    const found = predictSpeed(recipe([stored]), { ...from, graph: product })!;
    expect(found.speedup).toBeLessThan(1);
    expect(found.better?.recipe.steps).toEqual([
      { ...stored, params: { precision: 'int4', storage: 'decode-at-load' } },
    ]);
  });

  it('says nothing of targets that are not timed here', () => {
    expect(predictSpeed({ ...recipe([int8]), target: 'tensorrt' }, from)).toBeUndefined();
  });

  it('reads the work of layers from counts', () => {
    const layers = [
      { id: 'a', label: 'a', op: 'Conv 3×3', dims: [8, 4, 3, 3], elements: 288 },
      { id: 'b', label: 'b', op: 'Conv dw 3×3', dims: [8, 1, 3, 3], elements: 72 },
      { id: 'c', label: 'c', op: 'Gemm', dims: [10, 128], elements: 1280 },
    ];
    const cost = (layerId: string, macs: number, elements: number) => ({
      layerId,
      macs,
      parameters: 0,
      activationBytes: 4 * elements,
    });
    const work = workFromCounts(layers, {
      layers: [cost('a', 36 * 128, 128), cost('b', 9 * 128, 128), cost('c', 1280, 10)],
      activationBytes: 4 * 600,
    });
    expect(work.layers.map(({ kind, fanIn, outputs, inputs }) => [kind, fanIn, outputs, inputs])).toEqual([
      ['convolution', 36, 128, 128],
      ['depthwise', 9, 128, 128],
      ['product', 128, 10, 128],
    ]);
    expect(work.feeds).toEqual([[-1], [0], [1]]);
  });
});
