/** Every way to find codes, on matrices made for it and on real layers where they are at hand. */
import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '../../../kernels/reference-backend.ts';
import type { LayerGram } from '../../calibration/types.ts';
import { listWeights, readWeight } from '../../onnx/weights.ts';
import { decodeWeight } from '../../tensor/decode.ts';
import { layoutOf } from '../../tensor/encoding.ts';
import type { Granularity, IntegerPrecision, PalettePrecision } from '../../tensor/encoding.ts';
import { nodeCalibration } from '../../testing/node-calibration.ts';
import { sharedDir } from '../../testing/shared.ts';
import { noise } from '../../testing/weight-models.ts';
import { encodeCodes, momentsProblem } from './encode.ts';
import type { Encoded, EncodeTask } from './encode.ts';
import type { QuantizePlan } from './plan.ts';

const kernels = createReferenceKernels();
const calm = (): Promise<void> => Promise.resolve();

/** Second moments of inputs with a common part and a mean: what images behind a ReLU look like. */
function moments(columns: number, groups = 1, rows = 400, seed = 3): LayerGram {
  const values = new Float32Array(groups * columns * columns);
  const sums = new Float32Array(groups * columns);
  for (let g = 0; g < groups; g++) {
    const x = noise(rows * columns, seed + g);
    const common = noise(rows, 100 + seed + g);
    for (let r = 0; r < rows; r++) {
      const row = x
        .subarray(r * columns, (r + 1) * columns)
        .map((v, c) => 0.1 + v * (1 + (c % 5)) + 2 * common[r]);
      for (let i = 0; i < columns; i++) {
        sums[g * columns + i] += row[i];
        for (let j = 0; j < columns; j++) values[(g * columns + i) * columns + j] += row[i] * row[j];
      }
    }
  }
  return { layer: 'w', groups, columns, values, sums, rows };
}

interface Made {
  readonly precision?: IntegerPrecision | PalettePrecision;
  readonly granularity?: Granularity;
  readonly method?: QuantizePlan['method'];
  readonly signed?: boolean;
  readonly form?: QuantizePlan['form'];
}

const CHANNEL: Granularity = { kind: 'channel', axis: 0 };

function taskOf(
  values: Float32Array,
  dims: readonly number[],
  made: Made,
  more: Partial<EncodeTask> = {},
): EncodeTask {
  const {
    precision = 'int4',
    granularity = CHANNEL,
    method = 'auto',
    signed = true,
    form = 'decode-at-load',
  } = made;
  return {
    values,
    dims,
    dataType: 'float32',
    axis: 0,
    plan: { precision, granularity, signed, scaleType: 'float32', clip: 'mse', form, method },
    masked: false,
    gram: undefined,
    kernel: undefined,
    ...more,
  };
}

function decoded({ plan, dims, values }: EncodeTask, { part }: Encoded): Float32Array {
  const storage = { form: plan.form, sparse: 'dense' } as const;
  return decodeWeight({ ...plan, ...part, masked: false, kept: values.length, storage }, dims);
}

const encode = (task: EncodeTask): Promise<Encoded> => encodeCodes(task, kernels, calm);

describe('second-order rounding', () => {
  const dims = [16, 48];
  const values = noise(16 * 48, 7);
  const gram = moments(48);

  it.each(['int8', 'int4', 'int3', 'int2'] as const)(
    '%s: less output error than nearest codes',
    async (precision) => {
      for (const granularity of [
        CHANNEL,
        { kind: 'block', axis: 0, size: 16 },
        { kind: 'tensor' },
      ] as const) {
        const error = async (method: QuantizePlan['method']): Promise<number> =>
          (await encode(taskOf(values, dims, { precision, granularity, method }, { gram }))).outputError ??
          NaN;
        const nearest = await error('nearest');
        for (const method of ['gptq', 'descent', 'gptq-descent'] as const) {
          expect(await error(method)).toBeLessThan(nearest);
        }
        // Descent starts where GPTQ ends and never adds error; 1e-3 for float32 sums and the damping, which only descent sees.
        expect(await error('gptq-descent')).toBeLessThan(1.001 * (await error('gptq')));
      }
    },
  );

  it('with zero points, with short last blocks, along the other axis', async () => {
    const transposed = taskOf(
      values,
      [48, 16],
      { granularity: { kind: 'block', axis: 1, size: 20 }, signed: false },
      {
        axis: 1,
        gram,
      },
    );
    const best = await encode(transposed);
    const nearest = await encode({ ...transposed, plan: { ...transposed.plan, method: 'nearest' } });
    expect(best.method).toBe('gptq-descent');
    expect(best.outputError).toBeLessThan(nearest.outputError ?? 0);
    expect(best.part.zeroPoints).toBeInstanceOf(Uint8Array);
  });

  it('says the error that its codes really make', async () => {
    const task = taskOf(values, dims, {}, { gram });
    const found = await encode(task);
    const back = decoded(task, found);
    let noiseSum = 0;
    let signal = 0;
    for (let r = 0; r < 16; r++) {
      for (let i = 0; i < 48; i++) {
        for (let j = 0; j < 48; j++) {
          const [a, b] = [r * 48 + i, r * 48 + j];
          const h = gram.values[i * 48 + j];
          noiseSum += (values[a] - back[a]) * h * (values[b] - back[b]);
          signal += values[a] * h * values[b];
        }
      }
    }
    // Both sums have 16 · 48² terms of float32 products; they agree to some 2^-24 · √(terms), 1e-4 is far above it.
    expect(found.outputError).toBeCloseTo(noiseSum / signal, 4);
    expect(Math.abs((found.outputError ?? 0) / (noiseSum / signal) - 1)).toBeLessThan(1e-3);
  });

  it('one small matrix a channel: depthwise', async () => {
    const depthwise = moments(9, 20);
    const task = taskOf(noise(180, 5), [20, 1, 3, 3], {}, { gram: depthwise, kernel: 9 });
    const nearest = await encode({ ...task, plan: { ...task.plan, method: 'nearest' } });
    expect((await encode(task)).outputError).toBeLessThan(nearest.outputError ?? 0);
  });

  it('a column that no sample touches, and more columns than rows', async () => {
    const few = moments(48, 1, 10);
    for (let i = 0; i < 48; i++) few.values[5 * 48 + i] = few.values[i * 48 + 5] = 0;
    const task = taskOf(values, dims, {}, { gram: few });
    const back = decoded(task, await encode(task));
    expect(back.every(Number.isFinite)).toBe(true);
    // The column has no part in any output: its weights are near the nearest codes.
    const nearest = decoded(task, await encode({ ...task, plan: { ...task.plan, method: 'nearest' } }));
    const largest = Math.max(...values.map(Math.abs));
    for (let r = 0; r < 16; r++)
      expect(Math.abs(back[r * 48 + 5] - nearest[r * 48 + 5])).toBeLessThan(largest);
  });

  it('without a factor of the moments it descends, and does not call it GPTQ', async () => {
    const none = { ...kernels, inverseCholesky: () => Promise.resolve(null) };
    for (const method of ['gptq', 'gptq-descent'] as const) {
      const task = taskOf(noise(6 * 16, 7), [6, 16], { method }, { gram: moments(16) });
      const made = await encodeCodes(task, none, calm);
      expect(made.method).toBe('descent');
      expect(made.note).toContain('no factor for GPTQ: descent alone');
      const wanted = await encodeCodes({ ...task, plan: { ...task.plan, method: 'descent' } }, kernels, calm);
      expect(made.part.codes).toEqual(wanted.part.codes);
    }
  });

  it('a depthwise channel that never sees anything is said, the others get GPTQ', async () => {
    const gram = moments(9, 4);
    gram.values.fill(0, 0, 81);
    const made = await encodeCodes(
      taskOf(noise(36, 8), [4, 1, 3, 3], { method: 'gptq-descent' }, { gram }),
      kernels,
      calm,
    );
    expect(made.method).toBe('gptq-descent');
    expect(made.note).toContain('1 of 4 groups of its inputs have no factor');
  });

  it('moments that cannot serve say why', () => {
    const good = moments(9, 4);
    expect(momentsProblem(good, [8, 1, 3, 3], 0)).toBeUndefined();
    expect(momentsProblem(good, [8, 2, 3, 3], 0)).toMatch(/9 values in 4 groups, the weight 18/);
    expect(momentsProblem(good, [7, 1, 3, 3], 0)).toMatch(/4 groups/);
    expect(momentsProblem({ ...good, rows: 0 }, [8, 1, 3, 3], 0)).toMatch(/no sample/);
    expect(momentsProblem({ ...good, values: good.values.map(() => 0) }, [8, 1, 3, 3], 0)).toMatch(
      /0 on all/,
    );
    expect(momentsProblem({ ...good, values: good.values.map(() => NaN) }, [8, 1, 3, 3], 0)).toMatch(
      /not finite/,
    );
  });

  it('zero channels stay zero', async () => {
    const some = values.slice();
    some.fill(0, 48, 96);
    const task = taskOf(some, dims, {}, { gram });
    expect(decoded(task, await encode(task)).subarray(48, 96)).toEqual(new Float32Array(48));
  });

  it('pruned weights get nearest codes, with a reason where more was asked', async () => {
    const task = taskOf(values, dims, { method: 'gptq' }, { masked: true });
    const { method, note } = await encode(task);
    expect([method, note]).toEqual(['nearest', 'pruned weights cannot make up for errors: nearest codes']);
  });
});

describe('assumed inputs', () => {
  const dims = [12, 8, 3, 3];
  const values = noise(12 * 72, 9);

  it.each(['int4', 'int3', 'int2', 'palette16', 'palette64'] as const)(
    '%s: the errors of a channel cancel',
    async (precision) => {
      const task = taskOf(values, dims, { precision }, { kernel: 9 });
      const found = await encode(task);
      expect(found.method).toBe('assumed');
      const nearest = await encode({ ...task, plan: { ...task.plan, method: 'nearest' } });
      const imbalance = (one: Encoded): number => {
        const back = decoded(task, one);
        let sum = 0;
        for (let c = 0; c < 12; c++) {
          let channel = 0;
          for (let i = 0; i < 72; i++) channel += values[c * 72 + i] - back[c * 72 + i];
          sum += channel * channel;
        }
        return sum;
      };
      expect(imbalance(found)).toBeLessThan(0.25 * imbalance(nearest));
    },
  );

  it('nothing is assumed of a matrix multiplication, and of eight bits', async () => {
    expect((await encode(taskOf(values, [12, 72], {}))).method).toBe('nearest');
    expect((await encode(taskOf(values, dims, { precision: 'int8' }, { kernel: 9 }))).method).toBe('nearest');
    expect((await encode(taskOf(values, dims, { precision: 'palette256' }, { kernel: 9 }))).method).toBe(
      'nearest',
    );
  });
});

describe('two-sided codes', () => {
  it('reach one step further on the side that needs it', async () => {
    for (const sign of [1, -1]) {
      const values = Float32Array.from({ length: 32 }, (_, i) => sign * (i === 0 ? 8 : (i % 15) - 7));
      const task = taskOf(values, [1, 32], { granularity: CHANNEL }, { gram: moments(32) });
      const found = await encode(task);
      // Turned scales make −0 of code 0.
      expect(decoded(task, found).map((x) => x + 0)).toEqual(values.map((x) => x + 0));
      expect(Math.min(...(found.part.codes as Int8Array))).toBe(-8);
      expect(Math.sign(found.part.scales?.[0] ?? 0)).toBe(-sign);
    }
  });

  it('are not for DequantizeLinear: tools beside onnxruntime want positive scales', async () => {
    const task = taskOf(noise(512, 2), [16, 32], { form: 'dequantize-linear' }, { gram: moments(32) });
    expect((await encode(task)).part.scales?.every((scale) => scale > 0)).toBe(true);
  });
});

describe('HQQ', () => {
  it('with zero points that need not be whole, the errors of a group cancel better', async () => {
    const values = noise(32 * 64, 4);
    const task = taskOf(values, [32, 64], { method: 'hqq', signed: false });
    const half = { ...task, plan: { ...task.plan, zeroType: 'float16' as const } };
    const mean = async (one: EncodeTask): Promise<number> => {
      const back = decoded(one, await encode(one));
      let sum = 0;
      for (let r = 0; r < 32; r++) {
        let row = 0;
        for (let c = 0; c < 64; c++) row += values[r * 64 + c] - back[r * 64 + c];
        sum += Math.abs(row);
      }
      return sum;
    };
    expect(await mean(half)).toBeLessThan(0.8 * (await mean(task)));
  });

  it('needs zero points', async () => {
    const { method, note } = await encode(taskOf(noise(64), [2, 32], { method: 'hqq' }));
    expect([method, note]).toEqual(['nearest', 'HQQ needs zero points: nearest codes']);
  });
});

describe('palettes', () => {
  it('hold up to as many values as they have, exactly', async () => {
    const levels = [0, 0.5, -0.25, 1, -1, 0.125];
    const values = Float32Array.from({ length: 256 }, (_, i) => levels[(i * 7) % levels.length]);
    const task = taskOf(values, [4, 64], {
      precision: 'palette16',
      granularity: { kind: 'tensor' },
      method: 'nearest',
    });
    const found = await encode(task);
    expect(decoded(task, found)).toEqual(values);
    expect(found.part.codebook?.[0]).toBe(0);
    expect(found.part.codebook).toHaveLength(16);
  });

  it('have less error than as many equal steps', async () => {
    const values = noise(4096, 6);
    const error = async (precision: 'palette16' | 'int4'): Promise<number> => {
      const task = taskOf(values, [64, 64], { precision, method: 'nearest' });
      const back = decoded(task, await encode(task));
      return values.reduce((sum, x, i) => sum + (x - back[i]) ** 2, 0);
    };
    expect(await error('palette16')).toBeLessThan(await error('int4'));
  });

  it('descend on the moments of the inputs', async () => {
    const task = taskOf(noise(16 * 48, 7), [16, 48], { precision: 'palette16' }, { gram: moments(48) });
    const nearest = await encode({ ...task, plan: { ...task.plan, method: 'nearest' } });
    expect((await encode(task)).outputError).toBeLessThan(0.75 * (nearest.outputError ?? 0));
  });

  it('say what was done: descent, never GPTQ, and nearest codes of very long rows', async () => {
    const short = await encodeCodes(
      taskOf(noise(4 * 16, 9), [4, 16], { precision: 'palette16', method: 'gptq' }, { gram: moments(16) }),
      kernels,
      calm,
    );
    expect(short).toMatchObject({ method: 'descent', note: 'a palette has no GPTQ: descent alone' });
    const columns = 1153;
    const values = new Float32Array(columns * columns);
    for (let i = 0; i < columns; i++) values[i * columns + i] = 1;
    const gram: LayerGram = {
      layer: 'w',
      groups: 1,
      columns,
      values,
      sums: new Float32Array(columns),
      rows: columns,
    };
    const long = await encodeCodes(
      taskOf(noise(columns, 10), [1, columns], { precision: 'palette16' }, { gram }),
      kernels,
      calm,
    );
    expect(long.method).toBe('nearest');
    expect(long.note).toContain('too many inputs');
  });

  it('of nothing but zeros are zeros', async () => {
    const task = taskOf(new Float32Array(128), [2, 64], { precision: 'palette64' });
    expect(decoded(task, await encode(task))).toEqual(new Float32Array(128));
  });
});

describe('real layers', () => {
  const shared = sharedDir();
  if (shared === undefined) console.info('The folder `shared` is not here: no real layer is rounded.');

  it.skipIf(shared === undefined)(
    'GPTQ and descent lose less than nearest codes on each layer of ResNet-8',
    async () => {
      const { model, calibration, dispose } = await nodeCalibration(shared ?? '', 'resnet8', { samples: 32 });
      const layers = new Map(listWeights(model).map((layer) => [layer.id, layer]));
      const ratios: number[] = [];
      await calibration.grams(model, [...layers.keys()], 'floats', calm, async (id, gram) => {
        const layer = layers.get(id);
        if (typeof gram === 'string' || layer?.axis === undefined) return;
        const { dims } = layer.tensor;
        expect(momentsProblem(gram, dims, layer.axis)).toBeUndefined();
        const { reduction } = layoutOf(dims, layer.axis);
        if (reduction < 64) return;
        const granularity = { kind: 'channel', axis: layer.axis } as const;
        const values = readWeight(layer.tensor) ?? new Float32Array(0);
        const error = async (method: QuantizePlan['method']): Promise<number> => {
          const task = taskOf(values, dims, { method, granularity }, { gram, axis: layer.axis });
          return (await encode(task)).outputError ?? NaN;
        };
        ratios.push((await error('gptq-descent')) / (await error('nearest')));
      });
      dispose();
      expect(ratios.length).toBeGreaterThan(4);
      expect(Math.max(...ratios)).toBeLessThan(1);
    },
    120_000,
  );
});
