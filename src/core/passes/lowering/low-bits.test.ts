/**
 * Codes below eight bits, palettes and MatMulNBits: what lowering writes, run by onnxruntime-web, gives exactly the
 * floats that decodeWeight gives.
 */
import { describe, expect, it } from 'vitest';
import { floatTensor, graph, int, model, node, valueInfo } from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { verifyModel } from '../../onnx/verify.ts';
import { sizeOf, writeModel } from '../../onnx/write.ts';
import { TARGETS } from '../../targets/registry.ts';
import {
  halfWeight,
  noise,
  oneWeight,
  reads,
  reread,
  testContext,
  weight,
} from '../../testing/weight-models.ts';
import { applyRecipe, layerFloats } from '../manager.ts';
import type { ParamValues, PassStep } from '../types.ts';
import { packCodes, packedLength } from './fill.ts';
import { LAYOUTS, roundTrip } from './testing/round-trip.ts';

const context = testContext();
const quantize = (params: ParamValues): PassStep => ({
  pass: 'quantize-weights',
  params: { protect: 'none', ...params },
});
const prune = (params: ParamValues): PassStep => ({ pass: 'prune-magnitude', params });

const PRECISIONS = ['int4', 'int3', 'int2', 'palette16', 'palette64', 'palette256'] as const;
const METHODS: readonly ParamValues[] = [
  { method: 'nearest' },
  { method: 'auto' },
  { method: 'hqq' },
  { method: 'nearest', symmetric: false },
  { method: 'nearest', clip: 'none' },
];

describe.each(LAYOUTS)('$name', ({ dims, consumer }) => {
  describe.each(PRECISIONS)('%s', (precision) => {
    it.each(['tensor', 'channel', 'block'])('one scale a %s', async (granularity) => {
      for (const method of METHODS) {
        const { steps } = await roundTrip(oneWeight({ tensor: weight('w', dims), consumer }), [
          quantize({ precision, granularity, ...method }),
        ]);
        expect(
          steps.flatMap(({ skipped }) => skipped.filter(({ reason }) => !/too small/.test(reason))),
        ).toEqual([]);
      }
    });

    it('with pruned weights, before and after', async () => {
      for (const steps of [
        [prune({ sparsity: 0.75 }), quantize({ precision })],
        [prune({ sparsity: 0.75, storage: 'dense' }), quantize({ precision, symmetric: false })],
        [prune({ sparsity: 0.4 }), quantize({ precision, method: 'hqq' })],
        [quantize({ precision }), prune({ sparsity: 0.6 })],
        [quantize({ precision, method: 'hqq' }), prune({ sparsity: 0.6 })],
      ]) {
        await roundTrip(oneWeight({ tensor: weight('w', dims), consumer }), steps);
      }
    });

    it('as DequantizeLinear, palettes decoded at load', async () => {
      const { model: lowered } = await roundTrip(
        oneWeight({ tensor: weight('w', dims), consumer, opset: 13 }),
        [quantize({ precision, storage: 'dequantize-linear' })],
      );
      const kinds = lowered.graph.nodes.map(({ opType }) => opType);
      expect(kinds.includes('DequantizeLinear')).toBe(!precision.startsWith('palette'));
    });
  });
});

describe('sizes of codes', () => {
  it.each([
    ['int4', 4],
    ['int3', 3],
    ['int2', 2],
    ['palette16', 4],
    ['palette64', 6],
  ] as const)('%s takes %i bits a weight', async (precision, bits) => {
    const made = oneWeight({ tensor: weight('w', [64, 256]), consumer: reads.matMul() });
    const { model: lowered } = await applyRecipe(
      made,
      { seed: 1, steps: [quantize({ precision, granularity: 'tensor' })] },
      context,
    );
    const packed = (64 * 256 * bits) / 8;
    expect(sizeOf(lowered)).toBeGreaterThan(packed);
    // Operators, shapes, one scale and a codebook of at most 64 halves.
    expect(sizeOf(lowered)).toBeLessThan(packed + 1000);
  });

  it('bits are packed as one run, the lowest first', () => {
    expect(packCodes(Int8Array.of(1, 2, 3, 0), 2, 0)).toEqual(Uint8Array.of(0b00_11_10_01));
    expect(packCodes(Int8Array.of(-4, 3, 0), 3, 4)).toEqual(Uint8Array.of(0b00_111_000, 0b1, 0));
    expect(packCodes(Uint8Array.of(63, 0, 1), 6, 0)).toEqual(Uint8Array.of(63, 0b0001_0000, 0));
    expect([2, 3, 4, 6].map((bits) => packedLength(9, bits as 2 | 3 | 4 | 6))).toEqual([3, 6, 5, 9]);
  });
});

describe('operator sets and types', () => {
  it.each([7, 9, 10])('three bits at %i raise the set to 11', async (opset) => {
    const made = oneWeight({ tensor: weight('w', [45, 21]), consumer: reads.matMul(), opset });
    for (const precision of ['int3', 'int2', 'palette64']) {
      const { model: lowered } = await roundTrip(made, [quantize({ precision })]);
      expect(lowered.opsets[0].version).toBe(11);
    }
  });

  it.each(PRECISIONS)('float16 weights: %s', async (precision) => {
    const tensor = halfWeight('w', [64, 20]);
    await roundTrip(oneWeight({ tensor, consumer: reads.matMul() }), [quantize({ precision })]);
  });
});

/** x = identity, so that the product is the weight itself. */
function identityMatMul(
  kind: 'MatMul' | 'Gemm' | 'Gemm transposed',
  k: number,
  n: number,
  bias: boolean,
): Model {
  const transposed = kind === 'Gemm transposed';
  const inputs = ['x', 'w', ...(bias ? ['c'] : [])];
  const attrs = transposed ? { transB: int(1) } : {};
  return reread(
    model(
      graph({
        nodes: [node(kind.split(' ')[0], inputs, ['y'], { name: 'dense', attrs })],
        initializers: [
          weight('w', transposed ? [n, k] : [k, n]),
          ...(bias ? [floatTensor('c', [n], noise(n, 3))] : []),
        ],
        inputs: [valueInfo('x', 'float32', ['rows', k])],
        outputs: [valueInfo('y', 'float32', ['rows', n])],
      }),
      { opset: 13 },
    ),
  );
}

describe('MatMulNBits', () => {
  it.each([
    ['MatMul', 64, 24, false],
    ['MatMul', 45, 21, false],
    ['Gemm', 70, 16, true],
    ['Gemm transposed', 96, 10, true],
    ['Gemm transposed', 33, 5, false],
  ] as const)('%s %i × %i multiplies with the weight that decodeWeight gives', async (kind, k, n, bias) => {
    for (const precision of ['int8', 'int4', 'int2']) {
      for (const more of [{}, { symmetric: false }, { blockSize: '16' }, { method: 'hqq' }]) {
        const made = identityMatMul(kind, k, n, bias);
        const step = quantize({ precision, storage: 'matmul-nbits', ...more });
        const {
          model: lowered,
          logical,
          steps,
        } = await applyRecipe(made, { seed: 1, steps: [step] }, context);
        if (steps[0].changed.length === 0) {
          expect(steps[0].skipped[0].reason).toMatch(/too small/);
          continue;
        }
        expect(lowered.graph.nodes.map(({ opType }) => opType)).toEqual(
          bias ? ['MatMulNBits', 'Add'] : ['MatMulNBits'],
        );
        expect(verifyModel(reread(lowered)).errors).toEqual([]);
        const x = Float32Array.from({ length: k * k }, (_, i) => (i % (k + 1) === 0 ? 1 : 0));
        const feed = { dataType: 'float32' as const, dims: [k, k], bytes: new Uint8Array(x.buffer) };
        const out = await context.runner?.run(writeModel(lowered).model, new Map([['x', feed]]), ['y']);
        const y = new Float32Array(out?.get('y')?.bytes.slice().buffer ?? new ArrayBuffer(0));
        const w = layerFloats(logical, 'w') ?? new Float32Array(0);
        const c = bias ? noise(n, 3) : new Float32Array(n);
        const expected = Float32Array.from({ length: k * n }, (_, i) => {
          const [row, column] = [Math.floor(i / n), i % n];
          return (kind === 'Gemm transposed' ? w[column * k + row] : w[i]) + c[column];
        });
        expect(y).toEqual(expected);
      }
    }
  });

  it('keeps pruned weights 0', async () => {
    const made = identityMatMul('MatMul', 64, 24, false);
    const { model: lowered, logical } = await applyRecipe(
      made,
      {
        seed: 1,
        steps: [
          prune({ sparsity: 0.5, storage: 'dense' }),
          quantize({ precision: 'int4', storage: 'matmul-nbits', symmetric: false }),
        ],
      },
      context,
    );
    expect(lowered.graph.nodes.map(({ opType }) => opType)).toEqual(['MatMulNBits']);
    expect(layerFloats(logical, 'w')?.filter((x) => x === 0).length).toBeGreaterThanOrEqual(32 * 24);
  });

  it('is not for what it cannot do: other weights decode at load, with the reason', async () => {
    const step = (precision: string): PassStep => quantize({ precision, storage: 'matmul-nbits' });
    const conv = await roundTrip(oneWeight({ tensor: weight('w', [12, 32, 1, 1]), consumer: reads.conv() }), [
      step('int4'),
    ]);
    expect(conv.steps[0].changed[0].note).toMatch(/one MatMul or Gemm/);
    // `seen` reads the weight as well.
    for (const [precision, reason] of [
      ['int3', /no 3 bits/],
      ['palette16', /no palettes/],
    ] as const) {
      const { steps, model: lowered } = await applyRecipe(
        identityMatMul('MatMul', 64, 24, false),
        { seed: 1, steps: [step(precision)] },
        context,
      );
      expect(steps[0].changed[0].note).toMatch(reason);
      expect(lowered.graph.nodes.some(({ opType }) => opType === 'MatMulNBits')).toBe(false);
    }
  });
});

describe('targets', () => {
  it.each(TARGETS.map((target) => target.id))(
    '%s gets a form that it reads, or the reason why not',
    async (id) => {
      const target = TARGETS.find((one) => one.id === id);
      for (const precision of ['int8', ...PRECISIONS]) {
        const { model: lowered, steps } = await applyRecipe(
          identityMatMul('MatMul', 64, 24, false),
          { seed: 1, target: id, steps: [quantize({ precision })] },
          context,
        );
        const kinds = new Set(lowered.graph.nodes.map(({ opType }) => opType));
        if (steps[0].changed.length === 0) {
          expect(steps[0].skipped[0].reason.length).toBeGreaterThan(20);
          continue;
        }
        if (target?.weightForm === 'dequantize-linear') expect(kinds).toContain('DequantizeLinear');
        if (target?.contribOps === false) expect(kinds).not.toContain('MatMulNBits');
        expect(lowered.opsets.find(({ domain }) => domain === '')?.version).toBeLessThanOrEqual(
          target?.opset.max ?? 0,
        );
      }
    },
  );
});
