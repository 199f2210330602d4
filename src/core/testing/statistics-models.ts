/** What the tests of statistics share: a small convolutional net, seeded batches, a request for everything. */
import { floatTensor, graph, int, ints, model, node, valueInfo } from '../onnx/build.ts';
import type { HostTensor } from '../onnx/graph-runner.ts';
import type { Model } from '../onnx/ir.ts';
import type { StatisticsRequest } from '../calibration/types.ts';
import { floatFeed } from './node-calibration.ts';
import { noise, reread, weight } from './weight-models.ts';

export const wait = () => Promise.resolve();
export const PIXELS = 3 * 6 * 6;

/** Conv 3→4, 3×3, pads 1, then Relu, then the mean over positions and a Gemm. */
export function convNet(batch: number | string, opset = 13): Model {
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
          floatTensor('fb', [5], [1, 2, 3, 4, 5]),
        ],
        inputs: [valueInfo('x', 'float32', [batch, 3, 6, 6])],
        outputs: [valueInfo('y', 'float32', [batch, 5])],
      }),
      { opset, irVersion: opset < 9 ? 3 : 8 },
    ),
  );
}

export const batchOf = (rows: number, seed: number): ReadonlyMap<string, HostTensor> =>
  new Map([['x', floatFeed([rows, 3, 6, 6], noise(rows * PIXELS, seed))]]);

export const EVERYTHING: StatisticsRequest = {
  of: 'floats',
  ranges: ['x', 'y'],
  histograms: ['r', 'c'],
  channels: [
    { value: 'c', axis: 1 },
    { value: 'y', axis: -1 },
  ],
};
