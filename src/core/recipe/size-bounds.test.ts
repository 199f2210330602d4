/** Sizes with passes that look at samples: exact where no byte can move, else the written file lies within the bounds. */
import { describe, expect, it } from 'vitest';
import { partsLength } from '../bytes/spans.ts';
import type { Calibration } from '../calibration/types.ts';
import {
  opsetOf,
  constantNode,
  floatTensor,
  graph,
  int,
  ints,
  model,
  node,
  valueInfo,
} from '../onnx/build.ts';
import type { Model } from '../onnx/ir.ts';
import { writeModel } from '../onnx/write.ts';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { createKernels } from '../../kernels/dispatch.ts';
import { applyRecipe } from '../passes/manager.ts';
import type { ParamValues, PassStep } from '../passes/types.ts';
import type { TargetId } from '../targets/types.ts';
import { calibrationOn, floatFeed, givenSamples, nodeCalibration } from '../testing/node-calibration.ts';
import { sharedDir } from '../testing/shared.ts';
import { mixedModel, noise, reread, weight } from '../testing/weight-models.ts';
import { makeSkeleton } from './make-skeleton.ts';
import { predictSize } from './predict.ts';
import type { SizePrediction } from './predict.ts';
import type { Recipe } from './types.ts';

const runner = createNodeRunner();
const step = (pass: string, params: ParamValues = {}): PassStep => ({ pass, params, layers: {} });
const int8 = step('quantize-weights', { precision: 'int8' });
const EQUALIZE = step('equalize');
const CORRECT = step('correct-bias');
const INTEGERS = step('quantize-activations');
const HALF = step('convert-half');

function recipeOf(steps: readonly PassStep[], target: TargetId = 'ort-wasm'): Recipe {
  return { format: 'pare-recipe', version: 1, seed: 1, steps, target };
}

interface Compared {
  readonly prediction: SizePrediction;
  readonly bytes: number;
  readonly changed: readonly number[];
}

async function compare(made: Model, calibration: Calibration, recipe: Recipe): Promise<Compared> {
  const skeleton = structuredClone(await makeSkeleton(made));
  const applied = await applyRecipe(made, recipe, {
    kernels: createKernels(),
    runner,
    calibration,
    checkpoint: () => Promise.resolve(),
    now: () => 0,
  });
  const { model: file, data } = writeModel(applied.model);
  const bytes = partsLength(file) + data.reduce((sum, { parts }) => sum + partsLength(parts), 0);
  const changed = applied.steps.map((report) => report.changed.length);
  return { prediction: predictSize(skeleton, recipe), bytes, changed };
}

/** Exact, or within bounds that are not absurd. */
function holds({ prediction, bytes }: Compared, what: string, opset = 13): void {
  const { exact, bounds } = prediction;
  if (exact) {
    expect(`${what}: ${prediction.bytes}`).toBe(`${what}: ${bytes}`);
    return;
  }
  expect(prediction.inexact).toMatch(/what the step "[a-z-]+" writes depends on values/);
  // Raising the operator set for integers or halves may change all other forms.
  if (opset < 13 && prediction.inexact?.includes('quantize-activations')) return;
  if (opset < 9 && prediction.inexact?.includes('convert-half')) return;
  expect(bounds, what).toBeDefined();
  expect(bytes, what).toBeGreaterThanOrEqual(bounds!.low);
  expect(bytes, what).toBeLessThanOrEqual(bounds!.high);
}

interface Net {
  /** Where the first bias stands. */
  readonly bias: 'own' | 'every' | 'constant' | 'none' | 'shared';
  readonly opset?: number;
  readonly irVersion?: number;
  /** Factor of the first channels, so that equalizing has something to do. */
  readonly uneven?: number;
  readonly listed?: boolean;
}

/** Conv, Relu, depthwise, Relu, Conv, pool, Gemm. */
function net({ bias, opset = 13, irVersion = 8, uneven = 30, listed = false }: Net): Model {
  const first = noise(16 * 27, 1).map((value, i) => (i < 27 * 4 ? value * uneven : value));
  const tensors = [
    weight('features.0.weight', [16, 3, 3, 3]),
    weight('dw', [16, 1, 3, 3], 2),
    weight('c3', [24, 16, 1, 1], 3),
    weight('fc', [40, 24], 4),
    weight('fc_bias', [40], 5),
    ...(['own', 'every', 'shared'].includes(bias) ? [weight('b', [16], 6)] : []),
    weight('b3', [24], 7),
    ...(bias === 'every' ? [weight('b2', [16], 8)] : []),
  ];
  const made = tensors.map((tensor) =>
    tensor.name === 'features.0.weight' ? floatTensor(tensor.name, tensor.dims, first) : tensor,
  );
  const b = bias === 'none' ? [] : ['b'];
  const second = bias === 'every' ? ['b2'] : bias === 'shared' ? ['b'] : [];
  return reread(
    model(
      graph({
        nodes: [
          ...(bias === 'constant' ? [constantNode(weight('b', [16], 6))] : []),
          node('Conv', ['x', 'features.0.weight', ...b], ['a'], { attrs: { pads: ints([1, 1, 1, 1]) } }),
          node('Relu', ['a'], ['ar']),
          node('Conv', ['ar', 'dw', ...second], ['d'], {
            attrs: { group: int(16) },
          }),
          node('Relu', ['d'], ['dr']),
          node('Conv', ['dr', 'c3', 'b3'], ['e']),
          node('GlobalAveragePool', ['e'], ['p']),
          node('Flatten', ['p'], ['f']),
          node('Gemm', ['f', 'fc', 'fc_bias'], ['y'], { attrs: { transB: int(1) } }),
        ],
        initializers: made,
        inputs: [
          valueInfo('x', 'float32', [2, 3, 12, 12]),
          ...(listed ? made.map(({ name, dims }) => valueInfo(name, 'float32', [...dims])) : []),
        ],
        outputs: [valueInfo('y', 'float32', [2, 40])],
      }),
      { opset, irVersion },
    ),
  );
}

const samples = () =>
  calibrationOn(
    givenSamples(
      Array.from({ length: 8 }, (_, i) => new Map([['x', floatFeed([2, 3, 12, 12], noise(864, i + 1))]])),
    ),
  );

const NETS: readonly (readonly [string, Model])[] = [
  ['biases of their own', net({ bias: 'every' })],
  ['biases of their own and none', net({ bias: 'own' })],
  ['a bias in a Constant node', net({ bias: 'constant' })],
  ['no bias', net({ bias: 'none' })],
  ['a bias for two', net({ bias: 'shared' })],
  ['operator set 21', net({ bias: 'own', opset: 21, irVersion: 10 })],
  ['weights among the inputs', net({ bias: 'own', irVersion: 3, listed: true })],
];

const WASM: readonly TargetId[] = ['ort-wasm'];
const WHOLE: readonly TargetId[] = ['ort-wasm', 'openvino'];
const HALVES: readonly TargetId[] = ['ort-webgpu', 'tensorrt'];
const RECIPES: readonly (readonly [readonly TargetId[], readonly PassStep[]])[] = [
  [WASM, [EQUALIZE]],
  [WASM, [EQUALIZE, int8]],
  [WHOLE, [int8, CORRECT]],
  [WASM, [step('quantize-weights', { precision: 'int4', protect: 'none' }), CORRECT]],
  [
    HALVES,
    [
      step('quantize-weights', { precision: 'int8', storage: 'dequantize-linear' }),
      step('correct-bias', { spread: true }),
    ],
  ],
  [
    [...WHOLE, 'tensorrt'],
    [EQUALIZE, int8, CORRECT, INTEGERS],
  ],
  [WHOLE, [int8, step('quantize-activations', { mode: 'static' })]],
  [WASM, [int8, step('quantize-activations', { mode: 'dynamic' })]],
  [HALVES, [HALF]],
  [HALVES, [int8, HALF]],
  [HALVES, [EQUALIZE, int8, CORRECT, HALF]],
];

describe('sizes with passes that look at samples', () => {
  it.each(NETS)('%s', async (_name, made) => {
    for (const [targets, steps] of RECIPES) {
      for (const target of targets) {
        const what = `${target} ${steps.map(({ pass }) => pass).join(', ')}`;
        holds(await compare(made, samples(), recipeOf(steps, target)), what);
      }
    }
  });

  it('nested graphs stay as they are at fp16', async () => {
    const feeds = new Map([
      ['x', floatFeed([1, 3, 12, 12], noise(432))],
      ['cond', { dataType: 'bool' as const, dims: [], bytes: Uint8Array.of(1) }],
    ]);
    const found = await compare(
      mixedModel(),
      calibrationOn(givenSamples([feeds], [1])),
      recipeOf([int8, HALF], 'ort-webgpu'),
    );
    expect(found.prediction.exact).toBe(true);
    holds(found, 'mixed');
  });

  it('correcting biases that have a place of their own moves no byte', async () => {
    const found = await compare(net({ bias: 'every' }), samples(), recipeOf([int8, CORRECT]));
    expect(found.prediction).toMatchObject({ exact: true, bytes: found.bytes });
    // It did something, and yet.
    const second = await compare(
      net({ bias: 'every' }),
      samples(),
      recipeOf([
        step('quantize-weights', { precision: 'int4', granularity: 'channel', protect: 'none' }),
        CORRECT,
      ]),
    );
    expect(second.changed[1]).toBeGreaterThan(0);
  });

  it('is exact where a target computes no halves, and unbounded where halves follow integers', async () => {
    const made = net({ bias: 'own' });
    const skeleton = await makeSkeleton(made);
    expect(predictSize(skeleton, recipeOf([int8, HALF], 'ort-wasm')).exact).toBe(true);
    const both = predictSize(skeleton, recipeOf([int8, INTEGERS, HALF], 'tensorrt'));
    expect(both).toMatchObject({ exact: false });
    expect(predictSize(skeleton, recipeOf([HALF, int8], 'ort-webgpu'))).toMatchObject({
      exact: false,
      inexact: 'an earlier step rewrites the operators that read the weights',
    });
    const floats = step('quantize-activations', { mode: 'float' });
    expect(predictSize(skeleton, recipeOf([int8, floats])).exact).toBe(true);
  });

  it('does not know global shares and half floats of weights that are rescaled', async () => {
    const skeleton = await makeSkeleton(net({ bias: 'own' }));
    const prune = step('prune-magnitude', { sparsity: 0.5 });
    expect(predictSize(skeleton, recipeOf([EQUALIZE, prune])).inexact).toContain('shared among layers');
    const fp16 = step('quantize-weights', { precision: 'fp16' });
    expect(predictSize(skeleton, recipeOf([EQUALIZE, fp16])).inexact).toContain('float16 can hold');
  });
});

describe('real models', () => {
  const shared = sharedDir();
  if (shared === undefined) console.info('The folder `shared` is not here: real models are not predicted.');

  it.skipIf(shared === undefined).each(['mobilenet', 'resnet8', 'dscnn', 'mnist'] as const)(
    '%s',
    async (id) => {
      const { model: made, calibration, dispose } = await nodeCalibration(shared ?? '', id, { samples: 16 });
      try {
        for (const [steps, target] of [
          [[EQUALIZE, int8, CORRECT], 'ort-wasm'],
          [[EQUALIZE, int8, INTEGERS], 'ort-wasm'],
          [[int8, HALF], 'ort-webgpu'],
        ] as const) {
          const what = `${id} ${steps.map(({ pass }) => pass).join(', ')}`;
          const found = await compare(made, calibration, recipeOf(steps, target));
          holds(found, what, opsetOf(made));
        }
      } finally {
        dispose();
      }
    },
    120_000,
  );
});
