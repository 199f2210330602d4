import { describe, expect, it } from 'vitest';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import {
  boolTensor,
  floatTensor,
  graph,
  graphValue,
  int,
  int64Tensor,
  model,
  node,
  valueInfo,
} from '../onnx/build.ts';
import type { HostTensor } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';
import { calibrationOn, floatFeed, givenSamples } from '../testing/node-calibration.ts';
import { batchOf, convNet, EVERYTHING, PIXELS, wait } from '../testing/statistics-models.ts';
import { reread } from '../testing/weight-models.ts';
import { Instrument } from './instrumented.ts';
import { writeModel } from '../onnx/write.ts';
import type { CalibrationSamples } from './types.ts';

const runner = createNodeRunner();

/** The values of `name` on each batch, by a plain run. */
async function fetched(net: Model, name: string, samples: CalibrationSamples): Promise<Float32Array[]> {
  const instrument = new Instrument(net);
  instrument.output(name);
  const session = await runner.open(writeModel(instrument.finish()).model, 'off');
  const found: Float32Array[] = [];
  for (let i = 0; i < samples.batches; i++) {
    const values = await session.run((await samples.batch(i)).feeds, [name]);
    found.push(new Float32Array((values.get(name) as HostTensor).bytes.slice().buffer));
  }
  await session.release();
  return found;
}

/** Channels of [N, C, inner] as lists. */
function channelsOf(values: readonly Float32Array[], channels: number, inner: number): number[][] {
  const lists = Array.from({ length: channels }, (): number[] => []);
  for (const batch of values) {
    for (let i = 0; i < batch.length; i++) lists[Math.floor(i / inner) % channels].push(batch[i]);
  }
  return lists;
}

describe.each([8, 11, 13, 17, 18, 21])('statistics at operator set %i', (opset) => {
  it('are those of the values themselves', async () => {
    const net = convNet('N', opset);
    const samples = givenSamples([batchOf(3, 1), batchOf(2, 2)]);
    const found = await calibrationOn(samples).statistics(net, EVERYTHING, wait);
    expect([...found.missing]).toEqual([]);
    expect(found.samples).toBe(5);
    expect([...found.ranges.keys()].sort()).toEqual(['c', 'r', 'x', 'y']);
    for (const name of ['x', 'y', 'c', 'r']) {
      const all = (await fetched(net, name, samples)).flatMap((batch) => [...batch]);
      // Fusions may change the last bits of a value: 64 products at most, each rounded.
      const slack = 64 * 2 ** -24 * Math.max(...all.map(Math.abs));
      const range = found.ranges.get(name) as { min: number; max: number };
      expect(Math.abs(range.min - Math.min(...all))).toBeLessThanOrEqual(slack);
      expect(Math.abs(range.max - Math.max(...all))).toBeLessThanOrEqual(slack);
    }
    for (const [name, channels, inner] of [
      ['c', 4, 36],
      ['y', 5, 1],
    ] as const) {
      const lists = channelsOf(await fetched(net, name, samples), channels, inner);
      const figures = found.channels.get(name);
      if (figures === undefined) throw new Error(`no figures of ${name}`);
      for (const [c, list] of lists.entries()) {
        // A float32 mean of n values is at most n · 2⁻²⁴ of the mean magnitude off.
        const bound = (list.length + 64) * 2 ** -24 * Math.max(...list.map(Math.abs));
        const mean = list.reduce((a, b) => a + b, 0) / list.length;
        const square = list.reduce((a, b) => a + b * b, 0) / list.length;
        expect(Math.abs(figures.mean[c] - mean)).toBeLessThanOrEqual(bound);
        expect(Math.abs(figures.meanSquare[c] - square)).toBeLessThanOrEqual(
          bound * 2 * Math.max(...list.map(Math.abs)),
        );
        expect(Math.abs(figures.min[c] - Math.min(...list))).toBeLessThanOrEqual(bound);
        expect(Math.abs(figures.max[c] - Math.max(...list))).toBeLessThanOrEqual(bound);
        expect(figures.absmax[c]).toBe(Math.max(Math.abs(figures.min[c]), Math.abs(figures.max[c])));
      }
    }
    for (const name of ['c', 'r']) {
      const values = (await fetched(net, name, samples)).flatMap((batch) => [...batch]);
      const histogram = found.histograms.get(name);
      if (histogram === undefined) throw new Error(`no histogram of ${name}`);
      const { low, high, counts } = histogram;
      expect([low, high]).toEqual([found.ranges.get(name)?.min, found.ranges.get(name)?.max]);
      expect(counts.reduce((a, b) => a + b, 0)).toBe(values.length);
      // A value next to a border may fall on either side of it: cumulated counts agree within a bin.
      const width = (high - low) / counts.length;
      const below = (limit: number): number => values.filter((v) => v < limit).length;
      let sum = 0;
      for (let bin = 0; bin < counts.length; bin++) {
        sum += counts[bin];
        if (bin % 128 !== 127) continue;
        const edge = low + (bin + 1) * width;
        expect(sum).toBeGreaterThanOrEqual(below(edge - width / 2));
        expect(sum).toBeLessThanOrEqual(below(edge + width / 2) + (bin === counts.length - 1 ? 1 : 0));
      }
    }
  });
});

describe('statistics', () => {
  it('do not count what only fills a fixed batch', async () => {
    const four = batchOf(4, 7);
    // Two samples, the second repeated, as a batcher fills a fixed batch.
    const bytes = new Uint8Array(4 * PIXELS * 4);
    const last = (four.get('x') as HostTensor).bytes.subarray(0, 2 * PIXELS * 4);
    bytes.set(last);
    for (const row of [2, 3]) bytes.set(last.subarray(PIXELS * 4), row * PIXELS * 4);
    const filled = new Map([['x', { dataType: 'float32' as const, dims: [4, 3, 6, 6], bytes }]]);
    const two = new Map([['x', { dataType: 'float32' as const, dims: [2, 3, 6, 6], bytes: last.slice() }]]);
    const first = batchOf(4, 8);
    const fixed = await calibrationOn(givenSamples([first, filled], [4, 2])).statistics(
      convNet(4),
      EVERYTHING,
      wait,
    );
    const free = await calibrationOn(givenSamples([first, two])).statistics(convNet('N'), EVERYTHING, wait);
    expect(fixed.samples).toBe(6);
    expect([...fixed.missing]).toEqual([]);
    expect([...fixed.ranges]).toEqual([...free.ranges]);
    for (const name of ['c', 'r']) {
      expect(fixed.histograms.get(name)?.counts).toEqual(free.histograms.get(name)?.counts);
    }
    // Means are summed in another order: 2⁻²⁰ of the values' size is many roundings.
    const [a, b] = [fixed.channels.get('c')?.mean ?? [], free.channels.get('c')?.mean ?? []];
    for (let c = 0; c < 4; c++) expect(Math.abs(a[c] - b[c])).toBeLessThanOrEqual(2 ** -20);
  });

  it('weigh runs of different sizes by their elements', async () => {
    const net = reread(
      model(
        graph({
          nodes: [node('Relu', ['x'], ['y'])],
          inputs: [valueInfo('x', 'float32', ['N', 2, 'L'])],
          outputs: [valueInfo('y', 'float32', ['N', 2, 'L'])],
        }),
      ),
    );
    const short = floatFeed([1, 2, 1], [3, 30]);
    const long = floatFeed([1, 2, 3], [1, 1, 1, 10, 10, 10]);
    const samples = givenSamples([new Map([['x', short]]), new Map([['x', long]])]);
    const found = await calibrationOn(samples).statistics(
      net,
      { of: 'floats', channels: [{ value: 'y', axis: 1 }] },
      wait,
    );
    // (3 + 1 + 1 + 1) / 4 and ten times that; the squares (9 + 3) / 4.
    expect([...(found.channels.get('y')?.mean ?? [])]).toEqual([1.5, 15]);
    expect([...(found.channels.get('y')?.meanSquare ?? [])]).toEqual([3, 300]);
  });

  it('of one value along two axes are told apart', async () => {
    const found = await calibrationOn(givenSamples([batchOf(2, 1)])).statistics(
      convNet('N'),
      {
        of: 'floats',
        channels: [
          { value: 'c', axis: 1 },
          { value: 'c', axis: 3 },
          { value: 'x', axis: 1 },
        ],
      },
      wait,
    );
    expect([...found.channels].map(([key, { mean }]) => [key, mean.length]).sort()).toEqual([
      ['c#1', 4],
      ['c#3', 6],
      ['x', 3],
    ]);
  });

  it('say why a value cannot be looked at, and go on with the others', async () => {
    const inner = graph({
      nodes: [node('Neg', ['x'], ['inside'])],
      outputs: [valueInfo('inside', 'float32')],
    });
    const net = reread(
      model(
        graph({
          nodes: [
            node('If', ['yes'], ['a'], {
              attrs: { then_branch: graphValue(inner), else_branch: graphValue(inner) },
            }),
            node('Shape', ['x'], ['shape']),
            node('Log', ['x'], ['log']),
            node('Relu', ['x'], ['y']),
          ],
          initializers: [boolTensor('yes', [], [true]), floatTensor('w', [1], [1])],
          inputs: [valueInfo('x', 'float32', ['N', 2])],
          outputs: [valueInfo('y', 'float32', ['N', 2])],
        }),
      ),
    );
    const samples = givenSamples([new Map([['x', floatFeed([1, 2], [-1, 0])]])]);
    const found = await calibrationOn(samples).statistics(
      net,
      {
        of: 'floats',
        ranges: ['y', 'a', 'inside', 'shape', 'w', 'nowhere', 'log'],
        channels: [{ value: 'y', axis: 0 }],
      },
      wait,
    );
    expect([...found.ranges.keys()].sort()).toEqual(['a', 'y']);
    expect(Object.fromEntries(found.missing)).toEqual({
      inside: 'it is inside a subgraph or a function, where values are not looked at',
      shape: 'its elements are int64, not floats',
      w: 'it is a constant of the model',
      nowhere: 'the model has no value of that name',
      log: 'it takes values that are not finite',
      y: 'axis 0 of [?, 2] has no fixed number of channels',
    });
  });

  it('look at half floats', async () => {
    const net = reread(
      model(
        graph({
          nodes: [node('Cast', ['x'], ['h'], { attrs: { to: int(10) } }), node('Relu', ['h'], ['y'])],
          inputs: [valueInfo('x', 'float32', ['N', 2])],
          outputs: [valueInfo('y', 'float16', ['N', 2])],
        }),
      ),
    );
    const samples = givenSamples([new Map([['x', floatFeed([2, 2], [1, -2, 0.5, 4])]])]);
    const request = { of: 'floats', histograms: ['y'], channels: [{ value: 'y', axis: 1 }] } as const;
    const found = await calibrationOn(samples).statistics(net, request, wait);
    expect(found.ranges.get('y')).toEqual({ min: 0, max: 4 });
    expect([...(found.channels.get('y')?.mean ?? [])]).toEqual([0.75, 2]);
    expect(found.histograms.get('y')?.counts.reduce((a, b) => a + b, 0)).toBe(4);
  });

  it('feed one by one where a model declares a free batch and takes single samples', async () => {
    const net = reread(
      model(
        graph({
          nodes: [node('Reshape', ['x', 'one'], ['y'])],
          initializers: [int64Tensor('one', [2], [1, 2])],
          inputs: [valueInfo('x', 'float32', ['N', 2])],
          outputs: [valueInfo('y', 'float32', [1, 2])],
        }),
      ),
    );
    const samples = givenSamples([new Map([['x', floatFeed([3, 2], [1, 2, 3, 4, 5, 6])]])]);
    const found = await calibrationOn(samples).statistics(net, { of: 'floats', ranges: ['y'] }, wait);
    expect(found.samples).toBe(3);
    expect(found.ranges.get('y')).toEqual({ min: 1, max: 6 });
  });

  it('say what is wrong where the model itself does not run', async () => {
    const samples = givenSamples([new Map([['x', floatFeed([1, 4], [1, 2, 3, 4])]])]);
    const asked = calibrationOn(samples).statistics(convNet('N'), { of: 'floats', ranges: ['y'] }, wait);
    await expect(asked).rejects.toMatchObject({ code: 'runtime-refused' });
  });
});
