/**
 * What lowering writes, run by onnxruntime-web, gives exactly the floats that decodeWeight gives. One weight of every
 * layout, in every encoding, at every operator set where the chain differs.
 */
import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '../../../kernels/reference-backend.ts';
import { graph, model, node, valueInfo } from '../../onnx/build.ts';
import type { Model, Node } from '../../onnx/ir.ts';
import { listWeights, readWeight } from '../../onnx/weights.ts';
import { verifyModel } from '../../onnx/verify.ts';
import { sizeOf, writeModel } from '../../onnx/write.ts';
import {
  functionModel,
  halfWeight,
  mixedModel,
  noise,
  oneWeight,
  reads,
  reread,
  testContext,
  weight,
} from '../../testing/weight-models.ts';
import { floatToHalf } from '../../tensor/float16.ts';
import { applyRecipe, layerFloats } from '../manager.ts';
import type { ParamValues, PassStep } from '../types.ts';
import { lowerModel } from './lower.ts';
import { LAYOUTS, roundTrip } from './testing/round-trip.ts';
import { constantBytes, hollow, plannedBytes } from './measure.ts';
import { freeDomain, namePrefix } from './names.ts';

const context = testContext();

const quantize = (params: ParamValues): PassStep => ({ pass: 'quantize-weights', params });
const prune = (params: ParamValues): PassStep => ({ pass: 'prune-magnitude', params });

const ENCODINGS: readonly { name: string; steps: readonly PassStep[] }[] = [
  { name: 'fp16', steps: [quantize({ precision: 'fp16' })] },
  { name: 'int8 a channel', steps: [quantize({ precision: 'int8' })] },
  {
    name: 'int8 a tensor, asymmetric',
    steps: [quantize({ precision: 'int8', granularity: 'tensor', symmetric: false })],
  },
  {
    name: 'int8 a block, asymmetric',
    steps: [quantize({ precision: 'int8', granularity: 'block', symmetric: false })],
  },
  { name: 'int4 a block', steps: [quantize({ precision: 'int4' })] },
  {
    name: 'int4 a channel, asymmetric',
    steps: [quantize({ precision: 'int4', granularity: 'channel', symmetric: false })],
  },
  { name: 'sparse', steps: [prune({ sparsity: 0.75 })] },
  { name: 'sparse fp16', steps: [prune({ sparsity: 0.75 }), quantize({ precision: 'fp16' })] },
  { name: 'sparse int8', steps: [prune({ sparsity: 0.75 }), quantize({ precision: 'int8' })] },
  { name: 'sparse int4', steps: [prune({ sparsity: 0.75 }), quantize({ precision: 'int4' })] },
  {
    name: 'sparse int8, asymmetric, one scale',
    steps: [
      prune({ sparsity: 0.75, storage: 'bitmask' }),
      quantize({ precision: 'int8', granularity: 'tensor', symmetric: false }),
    ],
  },
  { name: 'pruned after int8', steps: [quantize({ precision: 'int8' }), prune({ sparsity: 0.6 })] },
  { name: 'two of four, int8', steps: [prune({ scope: 'nm' }), quantize({ precision: 'int8' })] },
  {
    name: 'zeros written out, int8',
    steps: [prune({ sparsity: 0.5, storage: 'dense' }), quantize({ precision: 'int8' })],
  },
];

describe.each(LAYOUTS)('$name', ({ dims, consumer }) => {
  it.each(ENCODINGS)('$name decodes to the same floats', async ({ steps }) => {
    const { model: lowered, steps: reports } = await roundTrip(
      oneWeight({ tensor: weight('w', dims), consumer }),
      steps,
    );
    expect(reports.flatMap(({ skipped }) => skipped)).toEqual([]);
    expect(sizeOf(lowered)).toBeLessThan(sizeOf(oneWeight({ tensor: weight('w', dims), consumer })));
  });
});

describe('operator sets', () => {
  const made = (opset: number, dims: number[], consumer: Node, irVersion = 8): Model =>
    oneWeight({ tensor: weight('w', dims), consumer, opset, irVersion });

  it.each([7, 8, 9, 10, 11, 13, 15, 21])('nibbles at %i', async (opset) => {
    const { model: lowered } = await roundTrip(made(opset, [45, 21], reads.matMul()), [
      quantize({ precision: 'int4', symmetric: false }),
    ]);
    // Expand, for the short last block, came with version 8.
    expect(lowered.opsets[0].version).toBe(opset === 7 ? 11 : opset);
  });

  it.each([9, 10])('a bit mask at %i raises the set to 11', async (opset) => {
    const steps = [prune({ sparsity: 0.8 }), quantize({ precision: 'int8' })];
    const { model: lowered, steps: reports } = await roundTrip(made(opset, [64, 20], reads.matMul()), steps);
    expect(lowered.opsets[0].version).toBe(11);
    expect(reports.at(-1)?.facts['operator set']).toBe(`${opset} → 11`);
  });

  it('stays dense, and says why, where the set cannot be raised', async () => {
    const base = made(9, [64, 20], reads.matMul());
    const strange = node('Strange', ['y'], ['z'], { name: 'strange' });
    const stuck = reread({
      ...base,
      graph: { ...base.graph, nodes: [...base.graph.nodes, strange] },
    });
    const { model: lowered, steps: reports } = await applyRecipe(
      stuck,
      { seed: 1, steps: [prune({ sparsity: 0.8 }), quantize({ precision: 'int8' })] },
      context,
    );
    expect(lowered.opsets[0].version).toBe(9);
    expect(reports.at(-1)?.facts['operator set 11']).toMatch(/not raised: .*strange/);
    expect(reports.at(-1)?.facts['storage']).toBe('a bit mask needs operator set 11, the model has 9');
  });

  it('before IR 4 no initializer is left among the inputs', async () => {
    const { model: lowered } = await roundTrip(made(8, [64, 20], reads.matMul(), 3), [
      quantize({ precision: 'int4' }),
    ]);
    expect(lowered.irVersion).toBeGreaterThanOrEqual(4);
    expect(lowered.graph.inputs.map(({ name }) => name)).toEqual(['x']);
  });
});

describe('DequantizeLinear', () => {
  it.each([
    ['int8 a tensor', { precision: 'int8', granularity: 'tensor' }, 13],
    ['int8 a channel', { precision: 'int8' }, 13],
    ['int8 a channel, asymmetric', { precision: 'int8', symmetric: false }, 13],
    ['int8 a block', { precision: 'int8', granularity: 'block' }, 21],
    ['int4 a channel, asymmetric', { precision: 'int4', granularity: 'channel', symmetric: false }, 21],
    ['int4 a block', { precision: 'int4' }, 21],
  ])('%s', async (_name, params, opset) => {
    for (const { dims, consumer } of LAYOUTS) {
      const { model: lowered } = await roundTrip(
        oneWeight({ tensor: weight('w', dims), consumer, opset: 13 }),
        [quantize({ ...params, storage: 'dequantize-linear' })],
      );
      const kinds = lowered.graph.nodes.map(({ opType }) => opType);
      expect(kinds).toContain('DequantizeLinear');
      // A block that holds all inputs of a channel is a channel.
      expect([13, opset]).toContain(lowered.opsets[0].version);
    }
  });
});

describe('other types', () => {
  it.each(ENCODINGS.filter(({ name }) => !name.includes('fp16')))(
    'float16 weights: $name',
    async ({ steps }) => {
      const tensor = halfWeight('w', [64, 20]);
      await roundTrip(oneWeight({ tensor, consumer: reads.matMul() }), steps);
    },
  );

  it('float16 weights are left alone at fp16', async () => {
    const made = oneWeight({ tensor: halfWeight('w', [64, 20]), consumer: reads.matMul() });
    const { model: same, steps } = await applyRecipe(
      made,
      { seed: 1, steps: [quantize({ precision: 'fp16' })] },
      context,
    );
    expect(same).toBe(made);
    expect(steps[0].skipped).toEqual([{ layer: 'w', reason: 'already float16' }]);
  });
});

describe('one form for many weights', () => {
  /** Twelve layers of one shape. */
  const stack = (): Model =>
    reread(
      model(
        graph({
          nodes: Array.from({ length: 12 }, (_, i) =>
            node('MatMul', [i === 0 ? 'x' : `h${i}`, `w${i}`], [`h${i + 1}`]),
          ),
          initializers: Array.from({ length: 12 }, (_, i) => weight(`w${i}`, [32, 32], i + 1)),
          inputs: [valueInfo('x', 'float32', [1, 32])],
          outputs: [valueInfo('h12', 'float32', [1, 32])],
        }),
        { irVersion: 7 },
      ),
    );

  it('becomes a function that is called, with each shape written once', async () => {
    const { model: lowered } = await applyRecipe(
      stack(),
      { seed: 1, steps: [prune({ sparsity: 0.8 }), quantize({ precision: 'int4' })] },
      context,
    );
    expect(lowered.functions.map(({ domain, name }) => `${domain}.${name}`)).toEqual(['pare.int4s']);
    expect(lowered.graph.nodes.filter(({ domain }) => domain === 'pare')).toHaveLength(12);
    expect(lowered.graph.initializers.filter(({ dataType }) => dataType === 'int64')).toHaveLength(1);
    expect(lowered.irVersion).toBe(8);
    expect(verifyModel(lowered).errors).toEqual([]);
  });

  it('runs as the floats do', async () => {
    const { model: lowered, logical } = await applyRecipe(
      stack(),
      { seed: 1, steps: [prune({ sparsity: 0.5 }), quantize({ precision: 'int8' })] },
      context,
    );
    const x = noise(32, 40);
    let h = Float64Array.from(x);
    for (let i = 0; i < 12; i++) {
      const w = layerFloats(logical, `w${i}`) ?? new Float32Array(0);
      h = Float64Array.from({ length: 32 }, (_, c) => h.reduce((sum, v, r) => sum + v * w[r * 32 + c], 0));
    }
    const feed = { dataType: 'float32' as const, dims: [1, 32], bytes: new Uint8Array(x.buffer) };
    const out = await context.runner?.run(writeModel(lowered).model, new Map([['x', feed]]), ['h12']);
    const y = new Float32Array(out?.get('h12')?.bytes.slice().buffer ?? new ArrayBuffer(0));
    const size = Math.sqrt(h.reduce((sum, v) => sum + v * v, 0));
    const error = Math.sqrt(h.reduce((sum, v, i) => sum + (v - y[i]) ** 2, 0));
    // Twelve products of 32 terms in float32: at most 12 · 32 · 2^-24 relative, were the terms not to cancel; 10 for that.
    expect(error / size).toBeLessThan(10 * 12 * 32 * 2 ** -24);
  });

  it('keeps its names apart from those of the model, and of an earlier round', () => {
    const named = reread(
      model(
        graph({
          nodes: [node('MatMul', ['x', '_1a'], ['y']), node('Identity', ['__x'], ['z'])],
          initializers: [weight('_1a', [8, 16])],
          inputs: [valueInfo('x', 'float32'), valueInfo('__x', 'float32')],
          outputs: [valueInfo('y', 'float32')],
        }),
        { domains: { pare: 1 } },
      ),
    );
    expect(namePrefix(named)).toBe('__');
    expect(freeDomain(named)).toBe('pare2');
  });
});

describe('where weights are', () => {
  it.each([
    ['initializers, Constant nodes, branches', mixedModel(), 6],
    ['function bodies', functionModel(), 2],
  ])('%s: nothing stays encoded, outputs stay', async (_name, made, layers) => {
    const { model: lowered, steps } = await applyRecipe(
      made,
      { seed: 1, steps: [quantize({ precision: 'int8' })] },
      context,
    );
    expect(
      steps[0].changed.length +
        steps[0].skipped.filter(({ reason }) => /encoded it would/.test(reason)).length,
    ).toBe(layers);
    expect(listWeights(lowered).some(({ tensor }) => tensor.data.kind === 'encoded')).toBe(false);
    expect(verifyModel(reread(lowered)).errors).toEqual([]);
    const x = noise(made.graph.inputs[0].name === 'x' && layers === 2 ? 16 : 432, 3);
    const feeds = new Map([
      [
        'x',
        {
          dataType: 'float32' as const,
          dims: layers === 2 ? [1, 16] : [1, 3, 12, 12],
          bytes: new Uint8Array(x.buffer),
        },
      ],
      ...(layers === 2
        ? []
        : [['cond', { dataType: 'bool' as const, dims: [], bytes: Uint8Array.of(1) }] as const]),
    ]);
    const run = async (m: Model): Promise<Float32Array> => {
      const out = await context.runner?.run(writeModel(m).model, feeds, ['y']);
      return new Float32Array(out?.get('y')?.bytes.slice().buffer ?? new ArrayBuffer(0));
    };
    const before = await run(made);
    const after = await run(lowered);
    const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + v * b[i], 0);
    // Eight bits lose less than 1 % of a weight's size each; four layers stay well within 10 degrees.
    expect(dot(before, after) / Math.sqrt(dot(before, before) * dot(after, after))).toBeGreaterThan(0.985);
  });

  it('returns the given model when nothing is encoded', async () => {
    const made = mixedModel();
    expect((await lowerModel(made)).model).toBe(made);
  });

  it('leaves a weight as it is when its encoding is not smaller, and says so', async () => {
    // 64 floats take 256 bytes and a header; four bits and a scale a channel need more operators than they save.
    const made = oneWeight({ tensor: weight('w', [64, 1]), consumer: reads.matMul() });
    const {
      model: lowered,
      logical,
      steps,
    } = await applyRecipe(
      made,
      { seed: 1, steps: [quantize({ precision: 'int4', granularity: 'tensor', symmetric: false })] },
      context,
    );
    expect(steps[0].changed).toEqual([]);
    expect(steps[0].skipped[0].reason).toMatch(
      /^too small: encoded it would take \d+ bytes, now it takes \d+$/,
    );
    expect(readWeight(listWeights(lowered)[0].tensor)).toEqual(noise(64));
    expect(layerFloats(logical, 'w')).toEqual(noise(64));
  });

  it('keeps zeros as floats where nothing smaller holds them', async () => {
    const made = oneWeight({ tensor: weight('w', [8, 9]), consumer: reads.matMul() });
    const {
      model: lowered,
      logical,
      steps,
    } = await applyRecipe(made, { seed: 1, steps: [prune({ sparsity: 0.25 })] }, context);
    const floats = readWeight(listWeights(lowered)[0].tensor) ?? new Float32Array(0);
    expect(floats.filter((x) => x === 0)).toHaveLength(18);
    expect(layerFloats(logical, 'w')).toEqual(floats);
    expect(steps[0].changed[0]).toMatchObject({ sparsity: 0.25 });
    expect(steps[0].changed[0].note).toMatch(/^zeros written out: too small/);
  });
});

describe('lengths', () => {
  it('by plain arithmetic are those of the writer', () => {
    const names = ['w', 'a'.repeat(127), 'ü'];
    const shapes = [[], [0], [1], [127, 1], [128, 300], [2 ** 21]];
    for (const name of names) {
      for (const dims of shapes) {
        for (const dataType of ['int8', 'float16', 'int64', 'int4'] as const) {
          const planned = { name, dataType, dims };
          for (const holder of ['initializer', 'constant'] as const) {
            expect(plannedBytes(planned, holder)).toBe(constantBytes(hollow(planned), holder));
          }
        }
      }
    }
  });

  it('of a half are what the kernels round to', () => {
    const x = noise(1000, 8);
    expect([...createReferenceKernels().toHalf(x).codes]).toEqual([...x].map(floatToHalf));
  });
});
