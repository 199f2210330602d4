import { describe, expect, it } from 'vitest';
import { floatTensor, graph, int, ints, model, node, valueInfo } from '../onnx/build.ts';
import { noise, reread, weight } from '../testing/weight-models.ts';
import { calibrationOn, floatFeed, givenSamples } from '../testing/node-calibration.ts';
import type { Model } from '../onnx/ir.ts';

const wait = () => Promise.resolve();

/** Conv 3→4, 3×3, pads 1, then Relu, then mean over positions and a Gemm. */
function convNet(batch: number | string, opset: number): Model {
  return reread(
    model(
      graph({
        nodes: [
          node('Conv', ['x', 'w'], ['c'], { attrs: { pads: ints([1, 1, 1, 1]) } }),
          node('Relu', ['c'], ['r']),
          node('GlobalAveragePool', ['r'], ['g']),
          node('Flatten', ['g'], ['f']),
          node('Gemm', ['f', 'fw', 'fb'], ['y'], { attrs: { transB: int(1) } }),
        ],
        initializers: [
          weight('w', [4, 3, 3, 3], 3),
          weight('fw', [5, 4], 4),
          floatTensor('fb', [5], [0, 0, 0, 0, 0]),
        ],
        inputs: [valueInfo('x', 'float32', [batch, 3, 6, 6])],
        outputs: [valueInfo('y', 'float32', [batch, 5])],
      }),
      { opset, irVersion: opset < 9 ? 3 : 8 },
    ),
  );
}

const batchOf = (rows: number, seed: number) =>
  new Map([['x', floatFeed([rows, 3, 6, 6], noise(rows * 108, seed))]]);

describe.each([8, 11, 13, 17, 18, 21])('statistics at operator set %i', (opset) => {
  it('gives exact ranges, and figures and counts that agree with the fetched values', async () => {
    const net = convNet('N', opset);
    const calibration = calibrationOn(givenSamples([batchOf(3, 1), batchOf(2, 2)]));
    const found = await calibration.statistics(
      net,
      { of: 'floats', ranges: ['x', 'y'], histograms: ['r'], channels: [{ value: 'c', axis: 1 }] },
      wait,
    );
    expect([...found.missing]).toEqual([]);
    expect(found.samples).toBe(5);
    expect([...found.ranges.keys()].sort()).toEqual(['r', 'x', 'y']);
  });
});
