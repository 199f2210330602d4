import { describe, expect, it } from 'vitest';
import type { CalibrationBatch, CalibrationSamples } from '../calibration/types.ts';
import { floatTensor, graph, ints, model, node, valueInfo } from '../onnx/build.ts';
import { targetOf } from '../targets/registry.ts';
import { floatFeed } from '../testing/node-calibration.ts';
import { readBatches } from './batches.ts';
import { damageBudget } from './budget.ts';
import { chooseMetric, DamageSum } from './damage.ts';
import { plantedModel, inputs } from './testing/planted.ts';
import { workOf } from './work-graph.ts';

describe('DamageSum', () => {
  const scores = (...values: number[]) => floatFeed([values.length / 2, 2], values);

  it('is the mean divergence of class probabilities', () => {
    const sum = new DamageSum('kl');
    // p = (½, ½) against q = (¾, ¼): ½ ln(½ / ¾) + ½ ln(½ / ¼) = ½ ln(4/3); the other row is equal.
    sum.add('y', scores(0, 0, 1, 2), scores(Math.log(3), 0, 1, 2), 2);
    expect(sum.value()).toBeCloseTo(0.25 * Math.log(4 / 3), 6);
  });

  it('expects to lose the margin where another class wins', () => {
    const sum = new DamageSum('kl');
    // Probabilities ¾ and ¼: the second wins now, which the original gave ½ less. The other row keeps its winner.
    sum.add('y', scores(Math.log(3), 0, 5, 0), scores(0, 1, 4, 0), 2);
    expect(sum.expectedLoss()).toBeCloseTo(0.5 / 2, 6);
  });

  it('leaves out rows that only fill a fixed batch', () => {
    const sum = new DamageSum('kl');
    sum.add('y', scores(0, 0, 0, 0), scores(0, 0, 9, 0), 1);
    expect(sum.value()).toBe(0);
  });

  it.each(['kl', 'nsr'] as const)('%s: one number that is none any more is total damage', (metric) => {
    const fine = Array.from({ length: 2000 }, (_, i) => i % 7);
    for (const broken of [NaN, Infinity, -Infinity]) {
      const sum = new DamageSum(metric);
      sum.add('y', scores(...fine), scores(...fine.with(1234, broken)), 1000);
      sum.add('z', scores(...fine), scores(...fine), 1000);
      // 126 ln 2, the most that one sample can lose.
      expect(sum.value()).toBeCloseTo(87.34, 2);
      expect(sum.expectedLoss()).toBe(metric === 'kl' ? 1 : undefined);
    }
  });

  it.each(['kl', 'nsr'] as const)('%s: what was no number in the original either tells nothing', (metric) => {
    const sum = new DamageSum(metric);
    sum.add('y', scores(NaN, 1, 0, 2, NaN, NaN), scores(NaN, 1, 0, 2, 0, NaN), 3);
    expect(sum.value()).toBe(0);
    expect(sum.expectedLoss()).toBe(metric === 'kl' ? 0 : undefined);
    const masked = new DamageSum(metric);
    masked.add('y', scores(-Infinity, 1), scores(-Infinity, 1), 1);
    expect(masked.value()).toBe(0);
    // Rows behind those that count may be anything.
    const filled = new DamageSum(metric);
    filled.add('y', scores(0, 1, 0, 1), scores(0, 1, NaN, 1), 1);
    expect(filled.value()).toBe(0);
  });

  it('is noise to signal where the outputs are no classes', () => {
    const outputs = new Map([['y', floatFeed([1, 2, 2, 2], [1, 1, 1, 1, 1, 1, 1, 1])]]);
    const { metric } = chooseMetric('auto', outputs);
    expect(metric).toBe('nsr');
    const sum = new DamageSum(metric);
    sum.add('y', outputs.get('y')!, floatFeed([1, 2, 2, 2], [1, 1, 1, 1, 1, 1, 1, 3]), 1);
    // (3 − 1)² / 8
    expect(sum.value()).toBe(0.5);
    expect(sum.expectedLoss()).toBeUndefined();
  });
});

describe('readBatches', () => {
  const source = (rows: readonly number[]): CalibrationSamples => ({
    key: 'k',
    origin: 'samples',
    description: '',
    count: rows.reduce((a, b) => a + b, 0),
    batches: rows.length,
    batch: (i): Promise<CalibrationBatch> =>
      Promise.resolve({ feeds: new Map([['x', inputs(i + 1, rows[i])]]), rows: rows[i] }),
  });

  it('joins small batches, cuts the last, and keeps the order', async () => {
    const [joined, ...rest] = await readBatches(plantedModel(1), source([2, 2, 2]), 5);
    expect(rest).toEqual([]);
    expect(joined.rows).toBe(5);
    const x = joined.feeds.get('x')!;
    expect(x.dims).toEqual([5, 3, 6, 6]);
    const rowBytes = 4 * 3 * 36;
    expect(x.bytes.slice(2 * rowBytes, 4 * rowBytes)).toEqual(inputs(2, 2).bytes);
    expect(x.bytes.slice(4 * rowBytes)).toEqual(inputs(3, 2).bytes.slice(0, rowBytes));
  });

  it('leaves batches alone whose size the model prescribes', async () => {
    const bare = plantedModel(1);
    const fixed = { ...bare, graph: { ...bare.graph, inputs: [valueInfo('x', 'float32', [2, 3, 6, 6])] } };
    const batches = await readBatches(fixed, source([2, 2]), 3);
    expect(batches.map(({ rows }) => rows)).toEqual([2, 1]);
    expect(batches[1].feeds.get('x')!.dims[0]).toBe(2);
  });
});

describe('damageBudget', () => {
  it('follows the accuracy that tries were expected to lose', () => {
    // 0.1 nats for each 0.02 lost: half a point is 0.025.
    const anchors = [1, 2, 3].map((k) => ({ damage: 0.1 * k, expectedLoss: 0.02 * k }));
    expect(damageBudget('kl', 0.005, anchors)).toEqual({
      damage: expect.closeTo(0.025, 9) as number,
      by: 'anchors',
    });
    expect(damageBudget('kl', 0.01, anchors).damage).toBeCloseTo(0.05, 9);
  });

  it('takes a usual value where too few tries changed a class', () => {
    expect(damageBudget('kl', undefined, [{ damage: 1, expectedLoss: 0 }])).toEqual({
      damage: 0.01,
      by: 'usual',
    });
    expect(damageBudget('nsr', 0.01, []).damage).toBeCloseTo(0.02, 9);
  });
});

describe('workOf', () => {
  it('counts what layers do for one sample, and what feeds them through sums and clipping', async () => {
    const conv = (x: string, w: string, y: string) =>
      node('Conv', [x, w], [y], { attrs: { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) } });
    const weight = (name: string, inputs_: number) =>
      floatTensor(name, [8, inputs_, 3, 3], new Float32Array(72 * inputs_));
    const residual = model(
      graph({
        nodes: [
          conv('x', 'w1', 'a'),
          node('Relu', ['a'], ['r']),
          conv('r', 'w2', 'b'),
          node('Add', ['b', 'r'], ['s']),
          node('Relu', ['s'], ['t']),
          conv('t', 'w3', 'c'),
          node('Erf', ['c'], ['e']),
          conv('e', 'w4', 'y'),
        ],
        initializers: [weight('w1', 3), weight('w2', 8), weight('w3', 8), weight('w4', 8)],
        inputs: [valueInfo('x', 'float32', ['n', 3, 4, 4])],
        outputs: [valueInfo('y', 'float32')],
      }),
    );
    const work = await workOf(residual, targetOf('ort-wasm'), undefined);
    expect(work.layers[0]).toEqual({
      layer: 'w1',
      kind: 'convolution',
      fanIn: 27,
      outputs: 8 * 16,
      inputs: 3 * 16,
      weights: 216,
      joined: 0,
      rectified: true,
    });
    expect(work.layers[1].rectified).toBe(false);
    // The sum reads layer 1 and, past its Relu, layer 0; Erf has no integer kernel.
    expect(work.feeds.map((feeds) => feeds.toSorted())).toEqual([[-1], [0], [0, 1], [-1]]);
    expect(work.layers[2].joined).toBe(8 * 16);
    // Add, the Relu behind it and Erf; the Relu behind layer 0 is part of it.
    expect(work.rest).toBe(3 * 8 * 16);
  });
});
