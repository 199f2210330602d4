import { describe, expect, it } from 'vitest';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import { floatTensor, graph, int64Tensor, model, node, valueInfo } from '../onnx/build.ts';
import type { Model, Tensor } from '../onnx/ir.ts';
import { floatFeed, givenSamples } from '../testing/node-calibration.ts';
import { outputError } from './output-error.ts';

const runner = createNodeRunner();
const wait = (): Promise<void> => Promise.resolve();
const feed = (values: readonly number[]) =>
  new Map([['x', floatFeed([values.length / 2, 2], Float32Array.from(values))]]);

/** y = x · factor, where x may have any number of rows. */
function scaled(factor: readonly number[], op = 'Mul'): Model {
  return model(
    graph({
      nodes: [node(op, ['x', 'factor'], ['y'])],
      initializers: [floatTensor('factor', [2], factor)],
      inputs: [valueInfo('x', 'float32', ['N', 2])],
      outputs: [valueInfo('y', 'float32', ['N', 2])],
    }),
  );
}

const errorOf = (a: Model, b: Model, ...args: Parameters<typeof givenSamples>): Promise<number> =>
  outputError(runner, givenSamples(...args), a, b, wait);

describe('outputError', () => {
  it('is noise over signal, and leaves out batches in which nothing can be read', async () => {
    // Outputs [1, 2] against [2, 2]: 1 / 5. The empty batch would be 0 against 100.
    const batches = [feed([0, 100]), feed([1, 2])];
    expect(await errorOf(scaled([1, 1]), scaled([2, 1]), batches, [0, 1])).toBeCloseTo(1 / 5, 9);
    await expect(errorOf(scaled([1, 1]), scaled([2, 1]), [feed([1, 2])], [0])).rejects.toMatchObject({
      code: 'data-invalid',
    });
  });

  it('is infinite where only the candidate is no number, and skips what the reference has none for', async () => {
    const samples = [feed([1, 2, 3, 4])];
    expect(await errorOf(scaled([1, 1]), scaled([NaN, 1]), samples)).toBe(Infinity);
    expect(await errorOf(scaled([1, 1]), scaled([Infinity, 1]), samples)).toBe(Infinity);
    // The second column only: [2, 4] against [4, 8].
    expect(await errorOf(scaled([NaN, 1]), scaled([1, 2]), samples)).toBeCloseTo(1, 9);
    expect(await errorOf(scaled([0, 0]), scaled([NaN, 0]), samples)).toBe(Infinity);
  });

  it('runs sample by sample where a model takes only single ones', async () => {
    const single = (factor: number): Model =>
      model(
        graph({
          nodes: [node('Reshape', ['x', 'one'], ['r']), node('Mul', ['r', 'factor'], ['y'])],
          initializers: [int64Tensor('one', [2], [1, 2]), floatTensor('factor', [1], [factor])],
          inputs: [valueInfo('x', 'float32', ['N', 2])],
          outputs: [valueInfo('y', 'float32', [1, 2])],
        }),
      );
    // 1.5 and its square are exact.
    expect(await errorOf(single(1), single(1.5), [feed([1, 2, 3, 4]), feed([5, 6, 7, 8])])).toBe(0.25);
  });

  it('reads weights that stand in another file', async () => {
    const inside = scaled([1, 2]);
    const external = (tensor: Tensor): Tensor => {
      if (tensor.data.kind !== 'raw') throw new Error('not raw');
      const entries = [
        { key: 'location', value: 'w.data' },
        { key: 'offset', value: '0' },
        { key: 'length', value: '8' },
      ];
      const { bytes } = tensor.data;
      return {
        ...tensor,
        data: { kind: 'external', location: 'w.data', offset: 0, length: 8, entries, bytes },
      };
    };
    const initializers = inside.graph.initializers.map(external);
    const outside = { ...inside, graph: { ...inside.graph, initializers } };
    expect(await errorOf(outside, outside, [feed([1, 2])])).toBe(0);
    expect(await errorOf(outside, scaled([2, 4]), [feed([1, 2])])).toBe(1);
  });
});
