import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '../../../kernels/reference-backend.ts';
import { createNodeRunner } from '../../../runtime/node-runner.ts';
import { float, floatTensor, graph, int, model, node, valueInfo } from '../../onnx/build.ts';
import type { Graph, Model, Node, Tensor } from '../../onnx/ir.ts';
import { listWeights, readWeight } from '../../onnx/weights.ts';
import { writeModel } from '../../onnx/write.ts';
import { noise, weight } from '../../testing/weight-models.ts';
import { targetOf } from '../../targets/registry.ts';
import { seededRandom } from '../random.ts';
import type { PassOutcome } from '../types.ts';
import { equalizePass } from './pass.ts';

const runner = createNodeRunner();

function run(base: Model): Promise<PassOutcome> {
  return equalizePass.run(
    base,
    {},
    {},
    {
      kernels: createReferenceKernels(),
      runner: undefined,
      random: seededRandom(1),
      target: targetOf(),
      calibration: undefined,
      checkpoint: () => Promise.resolve(),
    },
  );
}

async function outputs(made: Model, dims: readonly number[]): Promise<Float32Array> {
  const x = noise(
    dims.reduce((a, b) => a * b, 1),
    9,
  );
  const feeds = new Map([['x', { dataType: 'float32' as const, dims, bytes: new Uint8Array(x.buffer) }]]);
  const found = await runner.run(writeModel(made).model, feeds, ['y']);
  const bytes = found.get('y')!.bytes;
  return new Float32Array(bytes.slice().buffer);
}

/** Channel c of a weight of shape [C, …] times factor(c). */
function scaledRows(tensor: Tensor, factor: (c: number) => number): Tensor {
  const values = readWeight(tensor)!.slice();
  const row = values.length / tensor.dims[0];
  return floatTensor(
    tensor.name,
    tensor.dims,
    values.map((v, i) => v * factor(Math.floor(i / row))),
  );
}

const images: Pick<Graph, 'inputs' | 'outputs'> = {
  inputs: [valueInfo('x', 'float32', [1, 3, 8, 8])],
  outputs: [valueInfo('y', 'float32')],
};

function twoConvolutions(between: readonly Node[], last: string, extra: readonly Tensor[] = []): Model {
  const first = scaledRows(weight('w1', [16, 3, 3, 3]), (c) => (c === 5 ? 300 : 1));
  return model(
    graph({
      ...images,
      nodes: [
        node('Conv', ['x', 'w1', 'b1'], ['a']),
        ...between,
        node('Conv', [last, 'w2'], ['y'], { attrs: { group: int(1) } }),
      ],
      initializers: [first, weight('b1', [16], 3), weight('w2', [8, 16, 3, 3], 2), ...extra],
    }),
  );
}

/** Largest over smallest channel range. */
function rangeRatio(made: Model, id: string): number {
  const { tensor } = listWeights(made).find((layer) => layer.id === id)!;
  const values = readWeight(tensor)!;
  const row = values.length / tensor.dims[0];
  const ranges = Array.from({ length: tensor.dims[0] }, (_, c) =>
    values.subarray(c * row, (c + 1) * row).reduce((a, v) => Math.max(a, Math.abs(v)), 0),
  );
  return Math.max(...ranges) / Math.min(...ranges);
}

describe('equalize', () => {
  it.each([
    ['nothing', [], 'a'],
    ['ReLU', [node('Relu', ['a'], ['r'])], 'r'],
    ['leaky ReLU', [node('LeakyRelu', ['a'], ['r'], { attrs: { alpha: float(0.1) } })], 'r'],
  ])('keeps the outputs to the bit with %s between, and narrows the channels', async (_, between, last) => {
    const base = twoConvolutions(between, last);
    const { model: made, changed } = await run(base);
    expect(changed.map(({ layer }) => layer)).toEqual(['w1', 'w2']);
    expect(await outputs(made, [1, 3, 8, 8])).toEqual(await outputs(base, [1, 3, 8, 8]));
    // √300 is what one step of equalization leaves of a factor of 300; powers of two lose at most √2 on either side.
    expect(rangeRatio(made, 'w1')).toBeLessThan(rangeRatio(base, 'w1') / 8);
  });

  it('goes through a depthwise layer, both ways', async () => {
    const base = model(
      graph({
        ...images,
        nodes: [
          node('Conv', ['x', 'w1'], ['a']),
          node('Relu', ['a'], ['r']),
          node('Conv', ['r', 'wd'], ['d'], { attrs: { group: int(16) } }),
          node('Relu', ['d'], ['e']),
          node('Conv', ['e', 'w2'], ['y']),
        ],
        initializers: [
          weight('w1', [16, 3, 3, 3]),
          scaledRows(weight('wd', [16, 1, 3, 3], 5), (c) => (c === 2 ? 1000 : 1)),
          weight('w2', [8, 16, 1, 1], 2),
        ],
      }),
    );
    const { model: made, changed } = await run(base);
    expect(changed.map(({ layer }) => layer).sort()).toEqual(['w1', 'w2', 'wd']);
    expect(await outputs(made, [1, 3, 8, 8])).toEqual(await outputs(base, [1, 3, 8, 8]));
    expect(rangeRatio(made, 'wd')).toBeLessThan(rangeRatio(base, 'wd') / 8);
  });

  it('reaches a Gemm behind a global pool and a Flatten', async () => {
    const base = model(
      graph({
        ...images,
        nodes: [
          node('Conv', ['x', 'w1'], ['a']),
          node('Relu', ['a'], ['r']),
          node('GlobalAveragePool', ['r'], ['p']),
          node('Flatten', ['p'], ['f']),
          node('Gemm', ['f', 'w2'], ['y'], { attrs: { transB: int(1) } }),
        ],
        initializers: [
          scaledRows(weight('w1', [16, 3, 3, 3]), (c) => (c === 5 ? 300 : 1)),
          weight('w2', [10, 16], 2),
        ],
      }),
    );
    const { model: made, changed } = await run(base);
    expect(changed).toHaveLength(2);
    expect(await outputs(made, [1, 3, 8, 8])).toEqual(await outputs(base, [1, 3, 8, 8]));
  });

  it('refuses what does not commute with a factor, in words', async () => {
    const clip = twoConvolutions([node('Clip', ['a', 'lo', 'hi'], ['r'])], 'r', [
      floatTensor('lo', [], [0]),
      floatTensor('hi', [], [6]),
    ]);
    const { model: made, skipped } = await run(clip);
    expect(made).toBe(clip);
    expect(skipped).toContainEqual({ layer: 'w1', reason: 'Clip does not let a factor through' });
  });

  it('refuses a Flatten that spreads a channel over several inputs', async () => {
    const base = model(
      graph({
        ...images,
        nodes: [
          node('Conv', ['x', 'w1'], ['a']),
          node('Flatten', ['a'], ['f']),
          node('MatMul', ['f', 'w2'], ['y']),
        ],
        initializers: [
          scaledRows(weight('w1', [16, 3, 3, 3]), (c) => (c === 5 ? 300 : 1)),
          weight('w2', [16 * 36, 10], 2),
        ],
      }),
    );
    const { model: made, skipped } = await run(base);
    expect(made).toBe(base);
    expect(skipped[0]?.reason).toContain('has 576 inputs, not 16');
  });

  it('leaves a bias that another operator reads as it is', async () => {
    const base = twoConvolutions([node('Add', ['a', 'b1x'], ['s']), node('Relu', ['s'], ['r'])], 'r');
    const withUse = {
      ...base,
      graph: { ...base.graph, initializers: [...base.graph.initializers, weight('b1x', [16, 1, 1], 8)] },
    };
    const { skipped } = await run(withUse);
    expect(skipped.find(({ layer }) => layer === 'w1')?.reason).toBe('Add does not let a factor through');
  });
});
