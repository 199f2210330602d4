import { describe, expect, it } from 'vitest';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { PareError } from '../errors.ts';
import { graph, node, valueInfo, model } from '../onnx/build.ts';
import type { GraphRunner, GraphSession } from '../onnx/graph-runner.ts';
import { quantizeWeights } from '../passes/quantize-weights/pass.ts';
import { seededRandom } from '../random.ts';
import { targetOf } from '../targets/registry.ts';
import { channelEvery } from './moments.ts';
import { calibrationOn, floatFeed, givenSamples } from '../testing/node-calibration.ts';
import { batchOf, convNet, EVERYTHING, wait } from '../testing/statistics-models.ts';
import { reread, testContext } from '../testing/weight-models.ts';

const runner = createNodeRunner();

/** Counts what a runner does. */
function counting(): {
  runner: GraphRunner;
  opened: () => number;
  fetchedBytes: () => number;
  live: () => number;
} {
  let [opened, bytes, live] = [0, 0, 0];
  return {
    opened: () => opened,
    fetchedBytes: () => bytes,
    live: () => live,
    runner: {
      run: (...args) => runner.run(...args),
      async open(...args): Promise<GraphSession> {
        const session = await runner.open(...args);
        opened++;
        live++;
        return {
          async run(feeds, outputs) {
            const found = await session.run(feeds, outputs);
            for (const tensor of found.values()) bytes += tensor.bytes.byteLength;
            return found;
          },
          async release() {
            live--;
            await session.release();
          },
        };
      },
    },
  };
}

describe('a calibration', () => {
  it('lets only figures leave the runtime, and releases its sessions', async () => {
    const counted = counting();
    const samples = givenSamples([batchOf(3, 1), batchOf(3, 2)]);
    const calibration = calibrationOn(samples, counted.runner);
    await calibration.statistics(
      convNet('N'),
      { of: 'floats', ranges: ['x', 'r', 'y'], channels: [{ value: 'c', axis: 1 }] },
      wait,
    );
    // A run gives 2 floats a range and 4 a channel: 3 · 2 + 4 · 4, whatever the size of the values.
    expect(counted.fetchedBytes()).toBe(2 * 4 * (3 * 2 + 4 * 4));
    expect(counted.live()).toBe(0);
  });

  it('asks nothing twice: not the same values, not of an equal model, not of floats that were encoded', async () => {
    const counted = counting();
    const calibration = calibrationOn(givenSamples([batchOf(2, 1)]), counted.runner);
    const net = convNet('N');
    const first = await calibration.statistics(net, EVERYTHING, wait);
    const sweeps = counted.opened();
    expect(sweeps).toBe(2);
    expect(await calibration.statistics(net, EVERYTHING, wait)).toEqual(first);
    await calibration.statistics(convNet('N'), { of: 'floats', ranges: ['r'] }, wait);
    const context = {
      ...testContext(),
      target: targetOf(),
      random: seededRandom(1),
      calibration: undefined,
    };
    const { model: encoded } = await quantizeWeights.run(net, { precision: 'int4' }, {}, context);
    expect(encoded).not.toBe(net);
    expect(await calibration.statistics(encoded, EVERYTHING, wait)).toEqual(first);
    expect(counted.opened()).toBe(sweeps);
    const asked = await calibration.statistics(encoded, { ...EVERYTHING, of: 'encoded' }, wait);
    expect(counted.opened()).toBe(2 * sweeps);
    expect(asked.ranges.get('c')).not.toEqual(first.ranges.get('c'));
    expect(asked.ranges.get('x')).toEqual(first.ranges.get('x'));
  });

  it('ends when it is told to, with its sessions released', async () => {
    const counted = counting();
    const calibration = calibrationOn(
      givenSamples([1, 2, 3].map((seed) => batchOf(2, seed))),
      counted.runner,
    );
    let calls = 0;
    const stop = () => {
      if (++calls > 2) return Promise.reject(new PareError('cancelled', 'The work was cancelled.'));
      return Promise.resolve();
    };
    const asked = calibration.statistics(convNet('N'), EVERYTHING, stop);
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    expect(counted.live()).toBe(0);
    expect((await calibration.statistics(convNet('N'), EVERYTHING, wait)).samples).toBe(6);
  });

  it('holds thousands of values', async () => {
    const COUNT = 1100;
    const nodes = Array.from({ length: COUNT }, (_, i) => node('Neg', [`v${i}`], [`v${i + 1}`]));
    const net = reread(
      model(
        graph({
          nodes,
          inputs: [valueInfo('v0', 'float32', ['N', 2])],
          outputs: [valueInfo(`v${COUNT}`, 'float32', ['N', 2])],
        }),
      ),
    );
    const counted = counting();
    const samples = givenSamples([new Map([['v0', floatFeed([1, 2], [-1, 3])]])]);
    const ranges = Array.from({ length: COUNT + 1 }, (_, i) => `v${i}`);
    const found = await calibrationOn(samples, counted.runner).statistics(
      net,
      { of: 'floats', ranges },
      wait,
    );
    expect(found.ranges.size).toBe(COUNT + 1);
    expect(found.ranges.get('v1099')).toEqual({ min: -3, max: 1 });
    expect(found.ranges.get('v1100')).toEqual({ min: -1, max: 3 });
    // 1,101 ranges, 512 a session.
    expect(counted.opened()).toBe(3);
  });

  it('takes figures by channel of a part of many samples, ranges of all, and says so', async () => {
    // 96 samples: of every second batch, from the first readable one on. Sample i is (i, −i).
    const batches = Array.from(
      { length: 24 },
      (_, b) =>
        new Map([
          [
            'x',
            floatFeed(
              [4, 2],
              [0, 1, 2, 3].flatMap((r) => [4 * b + r, -(4 * b + r)]),
            ),
          ],
        ]),
    );
    const net = reread(
      model(
        graph({
          nodes: [node('Identity', ['x'], ['v']), node('Identity', ['v'], ['y'])],
          inputs: [valueInfo('x', 'float32', ['N', 2])],
          outputs: [valueInfo('y', 'float32', ['N', 2])],
        }),
      ),
    );
    const rows = batches.map((_, b) => (b === 0 ? 0 : 4));
    const given = givenSamples(batches, rows);
    const samples = { ...given, count: 96 };
    const every = channelEvery(96);
    expect(every).toBe(2);
    const taken = batches.flatMap((_, b) => (b % every === 1 ? [0, 1, 2, 3].map((r) => 4 * b + r) : []));
    const request = { of: 'floats', ranges: ['v'], channels: [{ value: 'v', axis: 1 }] } as const;
    const found = await calibrationOn(samples).statistics(net, request, wait);
    expect(found.samples).toBe(92);
    expect(found.ranges.get('v')).toEqual({ min: -95, max: 95 });
    expect(found.channelSamples).toBe(taken.length);
    const figures = found.channels.get('v');
    const mean = taken.reduce((a, b) => a + b, 0) / taken.length;
    // Small whole numbers and means of four of them are exact in float32.
    expect([...(figures?.mean ?? [])]).toEqual([mean, -mean].map(Math.fround));
    expect([...(figures?.max ?? [])]).toEqual([Math.max(...taken), -Math.min(...taken)]);
    const counted = counting();
    const alone = await calibrationOn(samples, counted.runner).statistics(
      net,
      { of: 'floats', channels: request.channels },
      wait,
    );
    expect(alone.samples).toBe(taken.length);
    // 4 figures of 2 channels a run: batches in between are not run at all.
    expect(counted.fetchedBytes()).toBe((taken.length / 4) * 4 * 2 * 4);
  });

  it.each([
    [1, 1],
    [79, 1],
    [80, 2],
    [256, 6],
    [1000, 6],
  ])('of %i samples takes one batch of %i for channels', (samples, every) => {
    expect(channelEvery(samples)).toBe(every);
  });
});
