import { describe, expect, it } from 'vitest';
import { floatTensor, graph, int64Tensor, model, node, valueInfo } from '../onnx/build.ts';
import { calibrationOn, floatFeed, givenSamples } from '../testing/node-calibration.ts';
import { noise } from '../testing/weight-models.ts';
import { openProbe } from './probe-run.ts';
import { searchContext } from './testing/planted.ts';

const wait = (): Promise<void> => Promise.resolve();
/** Declares any number of rows and takes one. */
const single = model(
  graph({
    nodes: [node('Reshape', ['x', 'one'], ['r']), node('MatMul', ['r', 'w'], ['y'])],
    initializers: [int64Tensor('one', [2], [1, 8]), floatTensor('w', [8, 16], noise(128, 1))],
    inputs: [valueInfo('x', 'float32', ['N', 8])],
    outputs: [valueInfo('y', 'float32', [1, 16])],
  }),
);

describe('openProbe', () => {
  const context = (rows: readonly number[]) => ({
    ...searchContext(),
    calibration: calibrationOn(
      givenSamples(
        rows.map((_, i) => new Map([['x', floatFeed([2, 8], noise(16, i + 2))]])),
        rows,
      ),
    ),
  });

  it('tries sample by sample where a model takes only single ones, without those that cannot be read', async () => {
    const probe = await openProbe(single, { metric: 'nsr', samples: 10 }, context([0, 2, 2]));
    try {
      expect(probe.samples).toBe(4);
      const w = noise(128, 1);
      expect((await probe.try({}, wait)).damage).toBe(0);
      const half = new Map([['w', w.map((v) => v / 2)]]);
      // Halving is exact: a quarter of the signal is noise.
      expect((await probe.try({ weights: half }, wait)).damage).toBe(0.25);
    } finally {
      await probe.release();
    }
  });

  it('says so where no sample can be read', async () => {
    const opened = openProbe(single, { metric: 'nsr', samples: 10 }, context([0, 0]));
    await expect(opened).rejects.toMatchObject({ code: 'data-invalid' });
  });
});
