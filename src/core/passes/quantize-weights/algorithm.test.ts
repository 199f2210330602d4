import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '../../../kernels/reference-backend.ts';
import { decodeWeight } from '../../tensor/decode.ts';
import type { WeightEncoding } from '../../tensor/encoding.ts';
import { noise } from '../../testing/weight-models.ts';
import { quantizeTensor } from './algorithm.ts';
import type { Quantized, QuantizeSpec } from './algorithm.ts';
import { CLIP_FACTORS } from './clip-factors.ts';

const kernels = createReferenceKernels();
const INT8: QuantizeSpec = {
  precision: 'int8',
  signed: true,
  granularity: { kind: 'tensor' },
  scaleType: 'float32',
  clip: 'none',
};

const quantize = (values: readonly number[] | Float32Array, dims: number[], spec: Partial<QuantizeSpec>) =>
  quantizeTensor(Float32Array.from(values), dims, { ...INT8, ...spec }, kernels);

function decoded(q: Quantized, dims: number[], spec: Partial<QuantizeSpec>): Float32Array {
  const full = { ...INT8, ...spec };
  const encoding: WeightEncoding = {
    ...full,
    ...q,
    masked: false,
    kept: q.codes.length,
    storage: { form: 'decode-at-load', sparse: 'dense' },
  };
  return decodeWeight(encoding, dims);
}

describe('symmetric', () => {
  it('int8: the largest magnitude becomes ±127', async () => {
    // scale = 2.54 / 127 = 0.02; 1 / 0.02 = 50; −0.03 / 0.02 = −1.5, ties to even: −2.
    const { codes, scales, zeroPoints } = await quantize([2.54, 1, -0.03, 0], [4], {});
    expect([...codes]).toEqual([127, 50, -2, 0]);
    expect(scales[0]).toBeCloseTo(0.02, 8);
    expect(zeroPoints).toBeUndefined();
  });

  it('int4: the largest magnitude becomes ±7', async () => {
    const { codes } = await quantize([7, -7, 3.4, -0.6], [4], { precision: 'int4' });
    expect([...codes]).toEqual([7, -7, 3, -1]);
  });

  it('one scale a channel, rows and columns', async () => {
    const rows = await quantize([127, 1, 1.27, 1], [2, 2], { granularity: { kind: 'channel', axis: 0 } });
    expect([...rows.codes]).toEqual([127, 1, 127, 100]);
    const columns = await quantize([127, 1.27, 1, 1], [2, 2], { granularity: { kind: 'channel', axis: 1 } });
    expect([...columns.codes]).toEqual([127, 127, 1, 100]);
  });

  it('one scale a block; a short last block has its own', async () => {
    const spec = { granularity: { kind: 'block', axis: 0, size: 2 } } as const;
    const { codes, scales } = await quantize([127, 254, 1.27], [1, 3], spec);
    expect([...codes]).toEqual([64, 127, 127]);
    expect(scales.length).toBe(2);
    expect(scales[0]).toBe(2);
    expect(scales[1]).toBeCloseTo(0.01, 8);
  });

  it('blocks of a middle axis run through the outer and inner axes of one channel', async () => {
    const dims = [2, 2, 3];
    const values = Float32Array.of(1, 1, 1, 10, 10, 10, 2, 2, 2, 20, 20, 20);
    const spec = { granularity: { kind: 'block', axis: 1, size: 4 } } as const;
    // Channel 0 reads 1 1 1 2 | 2 2, channel 1 reads 10 10 10 20 | 20 20.
    const q = await quantize(values, dims, spec);
    expect([...q.scales].map((s) => Math.round(s * 127))).toEqual([2, 2, 20, 20]);
    expect([...q.codes]).toEqual([64, 64, 64, 64, 64, 64, 127, 127, 127, 127, 127, 127]);
  });

  it('an all-zero group has scale 0 and codes 0', async () => {
    const q = await quantize([0, 0, 1, 1], [2, 2], { granularity: { kind: 'channel', axis: 0 } });
    expect(q.scales[0]).toBe(0);
    expect([...q.codes]).toEqual([0, 0, 127, 127]);
  });
});

describe('asymmetric', () => {
  it('maps the range that holds 0 onto 0…255', async () => {
    // min −1, max 4: scale 5/255, zero point round(1 / scale) = 51; 4 / scale + 51 = 255.
    const { codes, zeroPoints } = await quantize([-1, 0, 4, 1], [4], { signed: false });
    expect(zeroPoints).toEqual(Uint8Array.of(51));
    expect([...codes]).toEqual([0, 51, 255, 102]);
  });

  it('includes 0 in a range that lies above it, so that zeros stay zeros', async () => {
    const { codes, zeroPoints } = await quantize([3, 6], [2], { signed: false, precision: 'int4' });
    expect(zeroPoints).toEqual(Uint8Array.of(0));
    expect([...codes]).toEqual([8, 15]);
  });

  it('has half the error of symmetric codes on one-sided weights', async () => {
    const values = noise(4096).map(Math.abs);
    const error = async (spec: Partial<QuantizeSpec>): Promise<number> => {
      const back = decoded(await quantize(values, [4096], spec), [4096], spec);
      return Math.sqrt(values.reduce((sum, x, i) => sum + (x - back[i]) ** 2, 0));
    };
    // The step is half as wide, and the error of rounding is proportional to the step; 10 % for chance.
    expect(await error({ signed: false })).toBeLessThan(0.55 * (await error({})));
  });
});

describe('clipping by least squared error', () => {
  it('tries 20 factors from 1 down to 0.5', () => {
    expect(CLIP_FACTORS).toHaveLength(20);
    expect(CLIP_FACTORS[0]).toBe(1);
    expect(CLIP_FACTORS[19]).toBe(0.5);
  });

  it.each([true, false])('never has a larger error than the full range (signed: %s)', async (signed) => {
    const values = noise(2048, 5);
    values[7] = 1.5;
    const granularity = { kind: 'block', axis: 0, size: 32 } as const;
    const error = async (clip: 'none' | 'mse'): Promise<number> => {
      const spec = { precision: 'int4', signed, granularity, clip } as const;
      const back = decoded(await quantize(values, [8, 256], spec), [8, 256], spec);
      return values.reduce((sum, x, i) => sum + (x - back[i]) ** 2, 0);
    };
    expect(await error('mse')).toBeLessThan(await error('none'));
  });
});

describe('float16 scales', () => {
  it('are exactly a half times a power of two, never below the float32 scale, at most 2^-10 above', async () => {
    const values = noise(64 * 9, 3).map((x, i) => x * 10 ** -(Math.floor(i / 9) % 8));
    const granularity = { kind: 'channel', axis: 0 } as const;
    const wide = await quantize(values, [64, 9], { granularity });
    const { scales, scaleExponent, codes } = await quantize(values, [64, 9], {
      granularity,
      scaleType: 'float16',
    });
    for (const [i, scale] of scales.entries()) {
      expect(scale).toBeGreaterThanOrEqual(wide.scales[i]);
      // One step of an 11-bit significand.
      expect(scale).toBeLessThanOrEqual(wide.scales[i] * (1 + 2 ** -10));
      const half = scale / 2 ** scaleExponent;
      expect(half).toBeLessThanOrEqual(65504);
      expect(Number.isInteger(half * 2 ** 24)).toBe(true);
    }
    expect(Math.max(...codes)).toBeLessThanOrEqual(127);
  });
});
