/**
 * What the passes write for each target keeps every rule of that target: on a net made for it (residual block, pooling,
 * concatenation, depthwise and dense layers, softmax) and on the real models of the shared folder.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createKernels } from '../../kernels/dispatch.ts';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { MemorySource } from '../bytes/spans.ts';
import { createCalibration } from '../calibration/create.ts';
import { syntheticSamples } from '../calibration/synthetic.ts';
import { floatTensor, graph, int, ints, model, node, valueInfo } from '../onnx/build.ts';
import type { Model, Node, Tensor } from '../onnx/ir.ts';
import { readModel } from '../onnx/read.ts';
import { applyRecipe } from '../passes/manager.ts';
import { seededRandom } from '../passes/random.ts';
import type { PassStep } from '../passes/types.ts';
import { sharedDir } from '../testing/shared.ts';
import { TARGETS } from './registry.ts';
import { checkTarget } from './rules/check.ts';
import { isIntegerLayer, qdqView } from './rules/qdq-view.ts';
import type { Target } from './types.ts';

const random = seededRandom(5);
const initializers: Tensor[] = [];

function weight(name: string, dims: readonly number[]): string {
  const count = dims.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length: count }, () => random.next() - 0.5);
  initializers.push(floatTensor(name, dims, values));
  return name;
}

function conv(x: string, y: string, dims: readonly number[], group = 1): Node {
  const attrs = { kernel_shape: ints(dims.slice(2)), pads: ints([1, 1, 1, 1]), group: int(group) };
  return node('Conv', [x, weight(`${y}_w`, dims), weight(`${y}_b`, [dims[0]])], [y], { name: y, attrs });
}

/** A little of everything that has a rule somewhere. */
const everything: Model = model(
  graph({
    nodes: [
      conv('x', 'c1', [8, 3, 3, 3]),
      node('Relu', ['c1'], ['r1'], { name: 'r1' }),
      conv('r1', 'c2', [8, 1, 3, 3], 8),
      node('Relu', ['c2'], ['r2'], { name: 'r2' }),
      conv('r2', 'c3', [8, 8, 3, 3]),
      node('Add', ['c3', 'r1'], ['sum'], { name: 'sum' }),
      node('Relu', ['sum'], ['r3'], { name: 'r3' }),
      node('MaxPool', ['r3'], ['p'], {
        name: 'p',
        attrs: { kernel_shape: ints([2, 2]), strides: ints([2, 2]) },
      }),
      conv('p', 'c4', [8, 8, 3, 3]),
      node('Sigmoid', ['c4'], ['gate'], { name: 'gate' }),
      node('Concat', ['gate', 'p'], ['cat'], { name: 'cat', attrs: { axis: int(1) } }),
      node('GlobalAveragePool', ['cat'], ['g'], { name: 'g' }),
      node('Flatten', ['g'], ['f'], { name: 'f' }),
      node('Gemm', ['f', weight('fc', [16, 10]), weight('fcb', [10])], ['fc_y'], { name: 'gemm' }),
      node('Softmax', ['fc_y'], ['y'], { name: 'softmax', attrs: { axis: int(-1) } }),
    ],
    initializers,
    inputs: [valueInfo('x', 'float32', [1, 3, 16, 16])],
    outputs: [valueInfo('y', 'float32', [1, 10])],
  }),
);

const FORMS: Readonly<Record<string, readonly PassStep[]>> = {
  'weights in 8 bits': [{ pass: 'quantize-weights', params: { precision: 'int8' } }],
  'weights in 4 bits': [{ pass: 'quantize-weights', params: { precision: 'int4', method: 'nearest' } }],
  'weights in 3 bits': [{ pass: 'quantize-weights', params: { precision: 'int3', method: 'nearest' } }],
  palettes: [{ pass: 'quantize-weights', params: { precision: 'palette16' } }],
  'weights with zero points': [
    {
      pass: 'quantize-weights',
      params: { precision: 'int8', symmetric: false, storage: 'dequantize-linear' },
    },
  ],
  'integer layers': [
    { pass: 'quantize-weights', params: { precision: 'int8' } },
    { pass: 'quantize-activations', params: { mode: 'static' } },
  ],
  'integers with ranges at run time': [
    { pass: 'quantize-weights', params: { precision: 'int8' } },
    { pass: 'quantize-activations', params: { mode: 'dynamic' } },
  ],
  'sparse weights': [{ pass: 'prune-magnitude', params: { sparsity: 0.8 } }],
  halves: [{ pass: 'quantize-weights', params: { precision: 'fp16' } }],
};

async function written(original: Model, target: Target, steps: readonly PassStep[]): Promise<Model> {
  const runner = createNodeRunner();
  const kernels = createKernels();
  const samples = syntheticSamples(original, { seed: 1, count: 2, runner });
  const applied = await applyRecipe(
    original,
    { seed: 1, target: target.id, steps: [{ pass: 'simplify' }, ...steps] },
    {
      kernels,
      runner,
      calibration: createCalibration({ runner, samples, kernels }),
      checkpoint: () => Promise.resolve(),
      now: () => 0,
    },
  );
  return applied.model;
}

const errorsOf = (file: Model, target: Target): string[] =>
  checkTarget(file, target)
    .filter(({ severity }) => severity === 'error')
    .map(({ rule, what, where }) => `${rule}: ${what} ${where.slice(0, 3).join(', ')}`);

describe.each(TARGETS.map((target) => [target.id, target] as const))('for %s', (_, target) => {
  it.each(Object.entries(FORMS))('%s keep the rules', async (_name, steps) => {
    expect(errorsOf(await written(everything, target, steps), target)).toEqual([]);
  });

  if (target.activations !== null) {
    it('integer layers are there', async () => {
      const { graph: main } = await written(everything, target, FORMS['integer layers']);
      const view = qdqView(main);
      // Four convolutions and one Gemm; the depthwise one too: `static` asks for all.
      expect(main.nodes.filter((candidate) => isIntegerLayer(candidate, view))).toHaveLength(5);
    });
  }
});

const shared = sharedDir();
const REAL = ['cifar10-resnet8/resnet8.onnx', 'kws-dscnn/kws_dscnn.onnx'];

describe.skipIf(shared === undefined)('real models', () => {
  it.each(REAL)('%s in integers keeps the rules of every target', { timeout: 120_000 }, async (path) => {
    const bytes = Uint8Array.from(readFileSync(join(shared ?? '', 'models', path)));
    const original = readModel(new MemorySource(bytes));
    for (const target of TARGETS.filter(({ activations }) => activations !== null)) {
      const file = await written(original, target, FORMS['integer layers']);
      expect(errorsOf(file, target), `${basename(path)} for ${target.id}`).toEqual([]);
    }
  });
});
if (shared === undefined) console.log('Real models are skipped: the folder ../shared is absent.');
