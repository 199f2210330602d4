import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '../../kernels/reference-backend.ts';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { floatTensor, graph, int, ints, model, node, valueInfo } from '../onnx/build.ts';
import type { AttributeInit } from '../onnx/build.ts';
import type { Model, Node, Tensor } from '../onnx/ir.ts';
import { calibrationOn, floatFeed, givenSamples } from '../testing/node-calibration.ts';
import { noise, reread, weight } from '../testing/weight-models.ts';
import { createCalibration } from './create.ts';
import type { Calibration, LayerGram } from './types.ts';

const wait = () => Promise.resolve();

async function gramsOf(
  calibration: Calibration,
  net: Model,
  layers: readonly string[],
): Promise<Map<string, LayerGram | string>> {
  const found = new Map<string, LayerGram | string>();
  await calibration.grams(net, layers, 'floats', wait, (layer, gram) => {
    found.set(layer, gram);
    return Promise.resolve();
  });
  return found;
}

/** Rows as a plain matrix → Σ xᵀx and Σ x in float64. */
function sumsOf(rows: readonly (readonly number[])[]): { gram: number[]; sums: number[]; scale: number } {
  const n = rows[0].length;
  const gram = new Array<number>(n * n).fill(0);
  const sums = new Array<number>(n).fill(0);
  let scale = 0;
  for (const row of rows) {
    for (let i = 0; i < n; i++) {
      sums[i] += row[i];
      for (let j = 0; j < n; j++) gram[i * n + j] += row[i] * row[j];
      scale += row[i] * row[i];
    }
  }
  return { gram, sums, scale };
}

/**
 * A float32 sum of R products is at most (R + 1) · 2⁻²⁴ of Σ|terms| off, and Σ|terms| of any element is at most the trace
 * (Cauchy-Schwarz): `scale`.
 */
function expectGram(found: LayerGram, group: number, rows: readonly (readonly number[])[]): void {
  const n = found.columns;
  const { gram, sums, scale } = sumsOf(rows);
  const bound = (rows.length + 1) * 2 ** -24 * scale;
  expect(found.rows).toBe(rows.length);
  for (let i = 0; i < n * n; i++) {
    expect(Math.abs(found.values[group * n * n + i] - gram[i])).toBeLessThanOrEqual(bound);
  }
  for (let i = 0; i < n; i++) {
    expect(found.sums[group * n + i]).toBeCloseTo(sums[i], 4);
  }
}

interface ConvCase {
  readonly channels: number;
  readonly groups: number;
  readonly out: number;
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads: readonly [number, number, number, number];
}

/** Patches of one group for every output position, in the order of the weight's reduction. */
function im2col(x: ArrayLike<number>, images: number, group: number, c: ConvCase): number[][] {
  const [h, w] = c.size;
  const [kh, kw] = c.kernel;
  const each = c.channels / c.groups;
  const oh = Math.floor((h + c.pads[0] + c.pads[2] - (kh - 1) * c.dilations[0] - 1) / c.strides[0]) + 1;
  const ow = Math.floor((w + c.pads[1] + c.pads[3] - (kw - 1) * c.dilations[1] - 1) / c.strides[1]) + 1;
  const rows: number[][] = [];
  for (let n = 0; n < images; n++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++) {
        const row: number[] = [];
        for (let ch = group * each; ch < (group + 1) * each; ch++) {
          for (let ky = 0; ky < kh; ky++) {
            for (let kx = 0; kx < kw; kx++) {
              const y = oy * c.strides[0] + ky * c.dilations[0] - c.pads[0];
              const at = ox * c.strides[1] + kx * c.dilations[1] - c.pads[1];
              const inside = y >= 0 && y < h && at >= 0 && at < w;
              row.push(inside ? x[((n * c.channels + ch) * h + y) * w + at] : 0);
            }
          }
        }
        rows.push(row);
      }
    }
  }
  return rows;
}

function convNet(c: ConvCase, more: Readonly<Record<string, AttributeInit>> = {}, opset = 13): Model {
  return reread(
    model(
      graph({
        nodes: [
          node('Conv', ['x', 'w'], ['y'], {
            attrs: {
              group: int(c.groups),
              strides: ints(c.strides),
              dilations: ints(c.dilations),
              ...('auto_pad' in more ? {} : { pads: ints(c.pads) }),
              ...more,
            },
          }),
        ],
        initializers: [weight('w', [c.out, c.channels / c.groups, ...c.kernel], 7)],
        inputs: [valueInfo('x', 'float32', ['N', c.channels, ...c.size])],
        outputs: [valueInfo('y', 'float32')],
      }),
      { opset },
    ),
  );
}

const plain: ConvCase = {
  channels: 3,
  groups: 1,
  out: 4,
  size: [7, 6],
  kernel: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  pads: [1, 1, 1, 1],
};

describe('Gram matrices of convolutions', () => {
  it.each<[string, ConvCase]>([
    ['pads', plain],
    ['strides', { ...plain, strides: [2, 3], pads: [0, 1, 1, 0] }],
    ['dilations', { ...plain, kernel: [3, 2], dilations: [2, 3], pads: [2, 1, 0, 3] }],
    ['groups', { ...plain, channels: 6, groups: 3, out: 6 }],
    ['a depthwise layer', { ...plain, channels: 16, groups: 16, out: 16, strides: [2, 2] }],
    ['1×1', { ...plain, channels: 20, kernel: [1, 1], pads: [0, 0, 0, 0] }],
  ])('equal explicit patches with %s', async (_, c) => {
    const [h, w] = c.size;
    const inputs = [2, 3].map((rows, i) => noise(rows * c.channels * h * w, i + 1));
    const batches = inputs.map((x, i) => new Map([['x', floatFeed([i + 2, c.channels, h, w], x)]]));
    const net = convNet(c);
    const found = (await gramsOf(calibrationOn(givenSamples(batches)), net, ['w'])).get('w') as LayerGram;
    expect([found.groups, found.columns]).toEqual([
      c.groups,
      (c.channels / c.groups) * c.kernel[0] * c.kernel[1],
    ]);
    for (let g = 0; g < c.groups; g++) {
      expectGram(found, g, [...im2col(inputs[0], 2, g, c), ...im2col(inputs[1], 3, g, c)]);
    }
  });

  it.each([
    // Output ⌈7 / 2⌉ = 4 needs (4 − 1) · 2 + 3 − 7 = 2 rows; ⌈6 / 2⌉ = 3 needs (3 − 1) · 2 + 3 − 6 = 1 column.
    ['SAME_UPPER', [1, 0, 1, 1]],
    ['SAME_LOWER', [1, 1, 1, 0]],
    ['VALID', [0, 0, 0, 0]],
  ] as const)('follow auto_pad %s', async (auto, pads) => {
    const c: ConvCase = { ...plain, strides: [2, 2], pads: [...pads] };
    const x = noise(2 * 3 * 42, 5);
    const net = convNet(c, { auto_pad: auto });
    const samples = givenSamples([new Map([['x', floatFeed([2, 3, 7, 6], x)]])]);
    const found = (await gramsOf(calibrationOn(samples), net, ['w'])).get('w') as LayerGram;
    expectGram(found, 0, im2col(x, 2, 0, c));
  });

  it('take positions of every remainder where there are more than are needed, and only real patches', async () => {
    const c: ConvCase = { ...plain, channels: 2, size: [40, 40] };
    const batches = Array.from({ length: 8 }, (_, i) => noise(2 * 1600, i + 1));
    const seen: Float32Array[] = [];
    const kernels = {
      ...createReferenceKernels(),
      accumulateGram(x: Float32Array, _rows: number, _columns: number, gram: Float32Array) {
        seen.push(x.slice());
        return gram;
      },
    };
    const samples = givenSamples(batches.map((x) => new Map([['x', floatFeed([1, 2, 40, 40], x)]])));
    const calibration = createCalibration({ runner: createNodeRunner(), samples, kernels });
    const found = (await gramsOf(calibration, convNet(c), ['w'])).get('w') as LayerGram;
    // 2048 rows are wanted of 8 · 1600: 256 of each image, so every second position in both directions gives 400.
    expect(found.rows).toBe(8 * 400);
    const known = new Map<string, number>();
    batches.forEach((x) =>
      im2col(x, 1, 0, c).forEach((row, p) => known.set(Float32Array.from(row).join(), p)),
    );
    const remainders = new Set<string>();
    for (const rows of seen) {
      for (let at = 0; at < rows.length; at += 18) {
        const position = known.get(rows.slice(at, at + 18).join());
        expect(position).toBeDefined();
        remainders.add(`${Math.floor((position ?? 0) / 40) % 2} ${(position ?? 0) % 2}`);
      }
    }
    expect(remainders.size).toBeGreaterThan(1);
  });
});

interface RowsCase {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Tensor[];
  readonly dims: readonly (number | string)[];
  /** Rows of the reduction that the operator sees in x. */
  readonly rows: (x: Float32Array) => number[][];
}

const chunks = (x: Float32Array, n: number): number[][] =>
  Array.from({ length: x.length / n }, (_, i) => [...x.subarray(i * n, (i + 1) * n)]);
const transposed = (rows: readonly (readonly number[])[]): number[][] =>
  rows[0].map((_, c) => rows.map((row) => row[c]));

describe('Gram matrices of products', () => {
  const [N, K] = [4, 16];
  it.each<[string, RowsCase]>([
    [
      'MatMul [K, N]',
      {
        nodes: [node('MatMul', ['x', 'w'], ['y'])],
        initializers: [weight('w', [K, 8])],
        dims: ['N', K],
        rows: (x) => chunks(x, K),
      },
    ],
    [
      'MatMul of a sequence',
      {
        nodes: [node('MatMul', ['x', 'w'], ['y'])],
        initializers: [weight('w', [K, 8])],
        dims: ['N', 5, K],
        rows: (x) => chunks(x, K),
      },
    ],
    [
      'Gemm',
      {
        nodes: [node('Gemm', ['x', 'w'], ['y'])],
        initializers: [weight('w', [K, 8])],
        dims: ['N', K],
        rows: (x) => chunks(x, K),
      },
    ],
    [
      'Gemm with transB',
      {
        nodes: [node('Gemm', ['x', 'w'], ['y'], { attrs: { transB: int(1) } })],
        initializers: [weight('w', [8, K])],
        dims: ['N', K],
        rows: (x) => chunks(x, K),
      },
    ],
    [
      'Gemm with transA',
      {
        nodes: [
          node('Transpose', ['x'], ['t'], { attrs: { perm: ints([1, 0]) } }),
          node('Gemm', ['t', 'w'], ['y'], { attrs: { transA: int(1) } }),
        ],
        initializers: [weight('w', [K, 8])],
        dims: ['N', K],
        rows: (x) => chunks(x, K),
      },
    ],
    [
      'MatMul with the weight on the left',
      {
        nodes: [node('MatMul', ['w', 'x'], ['y'])],
        initializers: [weight('w', [8, K])],
        dims: ['N', K, 3],
        rows: (x) => chunks(x, 3 * K).flatMap((m) => transposed(chunks(Float32Array.from(m), 3))),
      },
    ],
    [
      'a weight behind a Transpose',
      {
        nodes: [
          node('Transpose', ['w'], ['wt'], { attrs: { perm: ints([1, 0]) } }),
          node('MatMul', ['x', 'wt'], ['y']),
        ],
        initializers: [weight('w', [8, K])],
        dims: ['N', K],
        rows: (x) => chunks(x, K),
      },
    ],
    [
      'a tied weight',
      {
        nodes: [
          node('MatMul', ['x', 'w'], ['a']),
          node('Mul', ['x', 'two'], ['z']),
          node('MatMul', ['z', 'w'], ['b']),
          node('Add', ['a', 'b'], ['y']),
        ],
        initializers: [weight('w', [K, 8]), floatTensor('two', [], [2])],
        dims: ['N', K],
        rows: (x) => [...chunks(x, K), ...chunks(x, K).map((row) => row.map((v) => 2 * v))],
      },
    ],
  ])('%s', async (_, { nodes, initializers, dims, rows }) => {
    const rest = dims.slice(1).map(Number);
    const inputs = [1, 2].map((seed) => noise(N * rest.reduce((a, b) => a * b, 1), seed));
    const net = reread(
      model(
        graph({
          nodes,
          initializers,
          inputs: [valueInfo('x', 'float32', dims)],
          outputs: [valueInfo('y', 'float32')],
        }),
        { opset: 9 },
      ),
    );
    const batches = inputs.map((x) => new Map([['x', floatFeed([N, ...rest], x)]]));
    const found = (await gramsOf(calibrationOn(givenSamples(batches)), net, ['w'])).get('w') as LayerGram;
    expect(found).toMatchObject({ layer: 'w', groups: 1, columns: K });
    expectGram(found, 0, inputs.flatMap(rows));
  });
});
