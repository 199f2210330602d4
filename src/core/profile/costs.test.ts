/** Costs on graphs whose figures can be worked out by hand, and on published networks. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { MemorySource } from '../bytes/spans.ts';
import { floatTensor, graph, graphValue, int, ints, model, node, text, valueInfo } from '../onnx/build.ts';
import type { Model, Node, Tensor } from '../onnx/ir.ts';
import { readModel } from '../onnx/read.ts';
import { sharedDir } from '../testing/shared.ts';
import { countCosts, countCostsByRunning } from './costs.ts';
import { layerNodes } from './layer-nodes.ts';
import { peakBytes } from './liveness.ts';

const F = 'float32' as const;
const zeros = (name: string, ...dims: number[]): Tensor =>
  floatTensor(name, dims, new Float32Array(dims.reduce((a, b) => a * b, 1)));

/** x → nodes → y. */
function made(
  nodes: readonly Node[],
  initializers: readonly Tensor[],
  input: readonly (number | string)[],
  more: Parameters<typeof model>[1] = {},
): Model {
  return model(
    graph({
      nodes: [...nodes],
      initializers: [...initializers],
      inputs: [valueInfo('x', F, input)],
      outputs: [valueInfo('y', F)],
    }),
    more,
  );
}

const macs = (nodes: readonly Node[], initializers: readonly Tensor[], input: readonly number[]): number =>
  countCosts(made(nodes, initializers, input), {}).macs;

describe('multiply-accumulates', () => {
  it('of a convolution: outputs × filter', () => {
    const pads = { pads: ints([1, 1, 1, 1]), strides: ints([2, 2]) };
    // 8×8 outputs, 16 channels, each 3·3·8.
    expect(
      macs([node('Conv', ['x', 'w'], ['y'], { attrs: pads })], [zeros('w', 16, 8, 3, 3)], [1, 8, 16, 16]),
    ).toBe(8 * 8 * 16 * (3 * 3 * 8));
    // In 8 groups a filter sees one channel.
    const depthwise = { ...pads, group: int(8) };
    expect(
      macs([node('Conv', ['x', 'w'], ['y'], { attrs: depthwise })], [zeros('w', 8, 1, 3, 3)], [1, 8, 16, 16]),
    ).toBe(8 * 8 * 8 * (3 * 3 * 1));
  });

  it('of a transposed convolution: inputs × filter', () => {
    expect(macs([node('ConvTranspose', ['x', 'w'], ['y'])], [zeros('w', 4, 6, 3, 3)], [2, 4, 5, 5])).toBe(
      2 * 4 * 5 * 5 * (6 * 3 * 3),
    );
  });

  it('of matrices, with batches and transposed sides', () => {
    expect(macs([node('MatMul', ['x', 'w'], ['y'])], [zeros('w', 7, 5)], [2, 3, 4, 7])).toBe(
      2 * 3 * 4 * 7 * 5,
    );
    expect(
      macs(
        [node('Gemm', ['x', 'w'], ['y'], { attrs: { transA: int(1), transB: int(1) } })],
        [zeros('w', 5, 7)],
        [7, 4],
      ),
    ).toBe(4 * 7 * 5);
    expect(macs([node('MatMul', ['x', 'w'], ['y'])], [zeros('w', 7, 5)], [7])).toBe(7 * 5);
  });

  it('of recurrent layers: both matrices at each step', () => {
    // 10 steps of batch 2: 4 gates of 6, from 3 inputs and from 6 hidden.
    const lstm = node('LSTM', ['x', 'w', 'r'], ['y'], { attrs: { hidden_size: int(6) } });
    expect(macs([lstm], [zeros('w', 1, 24, 3), zeros('r', 1, 24, 6)], [10, 2, 3])).toBe(
      10 * 2 * (24 * 3 + 24 * 6),
    );
  });

  it('of einsum: all labels', () => {
    const einsum = node('Einsum', ['x', 'w'], ['y'], { attrs: { equation: text('bij, bjk -> bik') } });
    expect(macs([einsum], [zeros('w', 2, 4, 5)], [2, 3, 4])).toBe(2 * 3 * 4 * 5);
  });

  it('of element-wise work, pooling and normalization are none', () => {
    const nodes = [
      node('Relu', ['x'], ['a']),
      node('MaxPool', ['a'], ['b'], { attrs: { kernel_shape: ints([2, 2]) } }),
      node('GlobalAveragePool', ['b'], ['y']),
    ];
    expect(macs(nodes, [], [1, 3, 8, 8])).toBe(0);
  });
});

describe('costs', () => {
  const two = [node('MatMul', ['x', 'w'], ['h']), node('MatMul', ['h', 'v'], ['y'])];

  it('by layer, with parameters and bytes written', () => {
    const costs = countCosts(made(two, [zeros('w', 4, 100), zeros('v', 100, 2)], ['N', 4]), { N: 3 });
    expect(costs).toMatchObject({
      source: 'counted',
      macs: 3 * 4 * 100 + 3 * 100 * 2,
      parameters: 600,
      weightBytes: 2400,
      activationBytes: 4 * (300 + 6),
      // x, then h beside x, then y beside h.
      peakActivationBytes: 4 * (12 + 300),
      uncounted: {},
      dimensions: { N: 3 },
    });
    expect(costs.layers).toEqual([
      { layerId: 'w', macs: 1200, parameters: 400, activationBytes: 1200 },
      { layerId: 'v', macs: 600, parameters: 200, activationBytes: 24 },
    ]);
  });

  it('share a recurrent node between its two weights', () => {
    const lstm = node('LSTM', ['x', 'w', 'r'], ['y'], { attrs: { hidden_size: int(6) } });
    const { layers } = countCosts(made([lstm], [zeros('w', 1, 24, 3), zeros('r', 1, 24, 6)], [10, 2, 3]), {});
    expect(layers.map((layer) => layer.macs)).toEqual([10 * 2 * 24 * 3, 10 * 2 * 24 * 6]);
  });

  it('leave out what depends on constants alone: it is folded at load', () => {
    const decode = [node('Mul', ['codes', 'scale'], ['w']), node('MatMul', ['x', 'w'], ['y'])];
    const costs = countCosts(made(decode, [zeros('codes', 4, 100), zeros('scale', 1)], [1, 4]), {});
    expect(costs).toMatchObject({ macs: 400, activationBytes: 400, peakActivationBytes: 4 * (4 + 100) });
  });

  it('say which sizes and operators they do not know', () => {
    const nodes = [
      node('Mystery', ['x'], ['h'], { domain: 'com.example' }),
      node('MatMul', ['h', 'w'], ['y']),
    ];
    const init = { domains: { 'com.example': 1 } };
    const costs = countCosts(made(nodes, [zeros('w', 4, 4)], [null as unknown as string, 4], init), {});
    expect(costs.uncounted).toEqual({ 'com.example.Mystery': 1, MatMul: 1 });
    expect(costs).toMatchObject({ macs: 0, dimensions: { 'x:0': 1 } });
  });

  it('find shapes that no rule knows by running', async () => {
    const nodes = [
      node('Gelu', ['x'], ['h'], { domain: 'com.microsoft' }),
      node('MatMul', ['h', 'w'], ['y']),
    ];
    const init = { domains: { 'com.microsoft': 1 } };
    const gelu = made(nodes, [zeros('w', 4, 5)], ['N', 4], init);
    expect(countCosts(gelu, { N: 2 }).uncounted).not.toEqual({});
    const costs = await countCostsByRunning(gelu, { N: 2 }, createNodeRunner());
    expect(costs).toMatchObject({ macs: 2 * 4 * 5, activationBytes: 4 * (8 + 10), uncounted: {} });
  });

  it('count the heavier branch, and the body of a loop once, and say so', () => {
    const branch = (width: number) =>
      graphValue(
        graph({
          nodes: [node('MatMul', ['x', `w${width}`], ['out'])],
          initializers: [zeros(`w${width}`, 4, width)],
          outputs: [valueInfo('out', F)],
        }),
      );
    const either = node('If', ['c'], ['y'], { attrs: { then_branch: branch(5), else_branch: branch(50) } });
    const greater = [
      node('ReduceMax', ['x'], ['m'], { attrs: { keepdims: int(0) } }),
      node('Cast', ['m'], ['c'], { attrs: { to: int(9) } }),
    ];
    const costs = countCosts(made([...greater, either], [], [1, 4]), {});
    expect(costs.macs).toBe(4 * 50);
    expect(costs.notes).toEqual(['Of each If the branch with more work is counted.']);
  });

  it('do not change with the order in which a file lists its nodes', () => {
    const init = [zeros('w', 4, 100), zeros('v', 100, 2)];
    const unsorted = countCosts(made(two.toReversed(), init, [3, 4]), {});
    // Layers are listed as the file has them.
    expect({ ...unsorted, layers: unsorted.layers.toReversed() }).toEqual(
      countCosts(made(two, init, [3, 4]), {}),
    );
  });

  it('survive sizes that no tensor can have', () => {
    const huge = made([node('MatMul', ['x', 'w'], ['y'])], [zeros('w', 4, 4)], [2 ** 31 - 1, 2 ** 31 - 1, 4]);
    expect(Number.isFinite(countCosts(huge, {}).macs)).toBe(true);
    expect(
      countCosts(made(two, [zeros('w', 4, 1), zeros('v', 1, 1)], ['N', 4]), { N: -3 }).dimensions,
    ).toEqual({
      N: 1,
    });
  });
});

describe('peak of what is alive', () => {
  const bytes = new Map([
    ['x', 1],
    ['a', 10],
    ['b', 20],
    ['c', 5],
    ['y', 2],
  ]);
  const ends = { inputs: ['x'], outputs: ['y'] };
  const step = (reads: string[], writes: string[], inside = 0) => ({ reads, writes, inside });

  it('keeps a value until its last reader', () => {
    const steps = [step(['x'], ['a']), step(['a'], ['b']), step(['b'], ['c']), step(['a', 'c'], ['y'])];
    // a stays beside b and c: 10 + 20 + 5.
    expect(peakBytes(steps, bytes, ends)).toBe(35);
  });

  it('frees what nobody reads, keeps outputs, and adds what a body needs inside', () => {
    expect(peakBytes([step(['x'], ['a']), step(['x'], ['b'])], bytes, ends)).toBe(1 + 20);
    expect(peakBytes([step(['x'], ['y']), step(['x'], ['b'])], bytes, ends)).toBe(1 + 2 + 20);
    expect(peakBytes([step(['x'], ['y'], 100)], bytes, ends)).toBe(1 + 2 + 100);
  });
});

describe('names of nodes by layer', () => {
  it('are the nodes that read the weight; without a name operator and place count', () => {
    const nodes = [
      node('Relu', ['x'], ['a']),
      node('MatMul', ['a', 'w'], ['b'], { name: 'first' }),
      node('MatMul', ['b', 'w'], ['y']),
    ];
    expect(layerNodes(made(nodes, [zeros('w', 8, 8)], [1, 8]))).toEqual({ w: ['first', 'MatMul_2'] });
  });
});

const models = sharedDir();
const PUBLISHED = [
  {
    file: 'cifar10-resnet8/resnet8.onnx',
    // MLPerf Tiny names 12.5 million. 3×3 at 32², 16², 8²; two 1×1 shortcuts; 64 → 10.
    macs:
      32 ** 2 * 16 * 9 * (3 + 16 + 16) +
      16 ** 2 * 32 * (9 * 16 + 9 * 32 + 16) +
      8 ** 2 * 64 * (9 * 32 + 9 * 64 + 32) +
      64 * 10,
  },
  {
    file: 'kws-dscnn/kws_dscnn.onnx',
    // MLPerf Tiny names 2.7 million. 10×4 on 49×10 by stride 2 gives 25×5; four pairs of 3×3 depthwise and 1×1; 64 → 12.
    macs: 25 * 5 * 64 * (40 + 4 * (9 + 64)) + 64 * 12,
  },
  {
    file: 'imagenet-mobilenetv1/mobilenetv1_0.25_128.onnx',
    // Howard et al. 2017 give 14 million for width 0.25 at 128. Each pair: 3×3 depthwise, then 1×1; sizes after the stride.
    macs:
      64 ** 2 * 8 * 27 +
      [
        [64, 8, 16],
        [32, 16, 32],
        [32, 32, 32],
        [16, 32, 64],
        [16, 64, 64],
        [8, 64, 128],
        ...Array.from({ length: 5 }, () => [8, 128, 128]),
        [4, 128, 256],
        [4, 256, 256],
      ].reduce((sum, [side, from, to]) => sum + side ** 2 * from * (9 + to), 0) +
      256 * 1000,
  },
];

describe('published networks', () => {
  for (const { file, macs: expected } of PUBLISHED) {
    const path = models === undefined ? '' : join(models, 'models', file);
    const here = existsSync(path);
    // The networks may not be in the project; what a clone alone has to skip says so by name, and here.
    if (!here) console.warn(`skipped: ${file} is not in the shared corpus beside the project`);
    it.skipIf(!here)(here ? file : `${file}: not there, skipped`, () => {
      const costs = countCosts(readModel(new MemorySource(new Uint8Array(readFileSync(path)))), {});
      expect(costs.macs).toBe(expected);
      expect(costs.uncounted).toEqual({});
      expect(costs.layers.reduce((sum, layer) => sum + layer.macs, 0)).toBe(expected);
    });
  }
});
