/** A small classifier with one planted bad layer, and the context to search it in. Tests only. */
import type { HostTensor } from '../../onnx/graph-runner.ts';
import { floatTensor, graph, int, ints, model, node, valueInfo } from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { seededRandom } from '../../passes/random.ts';
import { calibrationOn, floatFeed, givenSamples } from '../../testing/node-calibration.ts';
import { createReferenceKernels } from '../../../kernels/reference-backend.ts';
import { createNodeRunner } from '../../../runtime/node-runner.ts';
import type { SearchContext } from '../context.ts';

const CHANNELS = 16;
const SIDE = 6;
const CLASSES = 5;

/** Weights of about unit gain: uniform, so that no channel stands out by itself. */
function weights(seed: number, dims: readonly number[]): Float32Array {
  const random = seededRandom(seed);
  const fanIn = dims.slice(1).reduce((a, b) => a * b, 1);
  const count = dims.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: count }, () => (2 * random.next() - 1) * Math.sqrt(6 / fanIn));
}

/**
 * c1 → Relu → c2 → Relu → c3 → Relu → mean → fc. With `factor` above 1 the first output channel of c2 is that much
 * larger and what c3 reads of it that much smaller: the same function, and one scale cannot serve c2 any more.
 */
export function plantedModel(factor: number): Model {
  const shapes = { c1: [CHANNELS, 3, 3, 3], c2: [CHANNELS, CHANNELS, 3, 3], c3: [CHANNELS, CHANNELS, 3, 3] };
  const c1 = weights(1, shapes.c1);
  const c2 = weights(2, shapes.c2);
  const c3 = weights(3, shapes.c3);
  const taps = 9;
  for (let i = 0; i < CHANNELS * taps; i++) c2[i] *= factor;
  for (let o = 0; o < CHANNELS; o++) {
    for (let t = 0; t < taps; t++) c3[o * CHANNELS * taps + t] /= factor;
  }
  const conv = (input: string, name: string, output: string) =>
    node('Conv', [input, name], [output], {
      attrs: { kernel_shape: ints([3, 3]), pads: ints([1, 1, 1, 1]) },
      name: `conv ${name}`,
    });
  return model(
    graph({
      nodes: [
        conv('x', 'c1', 'a1'),
        node('Relu', ['a1'], ['r1']),
        conv('r1', 'c2', 'a2'),
        node('Relu', ['a2'], ['r2']),
        conv('r2', 'c3', 'a3'),
        node('Relu', ['a3'], ['r3']),
        node('GlobalAveragePool', ['r3'], ['p']),
        node('Flatten', ['p'], ['f']),
        node('Gemm', ['f', 'fc'], ['y'], { attrs: { transB: int(1) } }),
      ],
      initializers: [
        floatTensor('c1', shapes.c1, c1),
        floatTensor('c2', shapes.c2, c2),
        floatTensor('c3', shapes.c3, c3),
        // Scores far enough apart that classes are told from each other.
        floatTensor(
          'fc',
          [CLASSES, CHANNELS],
          weights(4, [CLASSES, CHANNELS]).map((w) => 20 * w),
        ),
      ],
      inputs: [valueInfo('x', 'float32', ['n', 3, SIDE, SIDE])],
      outputs: [valueInfo('y', 'float32', ['n', CLASSES])],
    }),
  );
}

export function inputs(seed: number, rows: number): HostTensor {
  const random = seededRandom(seed);
  const dims = [rows, 3, SIDE, SIDE];
  return floatFeed(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 2 * random.next() - 1),
  );
}

/** 24 samples in three batches. */
export function searchContext(said: string[] = []): SearchContext {
  const runner = createNodeRunner();
  const samples = givenSamples([1, 2, 3].map((seed) => new Map([['x', inputs(seed, 8)]])));
  return {
    kernels: createReferenceKernels(),
    runner,
    calibration: calibrationOn(samples, runner),
    checkpoint: (_, doing) => {
      said.push(doing);
      return Promise.resolve();
    },
    now: () => 0,
  };
}
