/** What a target reads decides what lowering writes beside the forms: operator sets, and weights that must be constants. */
import { describe, expect, it } from 'vitest';
import { floatTensor, graph, ints, model, node, valueInfo } from '../../onnx/build.ts';
import { verifyModel } from '../../onnx/verify.ts';
import { oneWeight, reads, reread, testContext, weight } from '../../testing/weight-models.ts';
import { targetOf } from '../../targets/registry.ts';
import { quantizeWeights } from '../quantize-weights/pass.ts';
import { applyRecipe } from '../manager.ts';
import { seededRandom } from '../random.ts';
import type { PassContext } from '../types.ts';
import { lowerModel } from './lower.ts';

const context = testContext();

describe('operator sets', () => {
  it.each([
    ['tensorrt', 8, 9],
    ['tvm', 9, 13],
    ['tflite', 9, 9],
  ] as const)('for %s a model of %i is written with %i', async (target, from, to) => {
    const base = reread(
      model(
        graph({
          nodes: [
            node('MatMul', ['x', 'w'], ['m']),
            // The ends are attributes up to operator set 9, inputs from 10 on.
            node('Slice', ['m'], ['y'], { attrs: { starts: ints([0]), ends: ints([1]) } }),
          ],
          initializers: [weight('w', [64, 20])],
          inputs: [valueInfo('x', 'float32', [2, 64])],
          outputs: [valueInfo('y', 'float32')],
        }),
        { opset: from },
      ),
    );
    for (const precision of ['fp16', 'fp32']) {
      const steps = [{ pass: 'quantize-weights', params: { precision } }];
      const { model: written, steps: reports } = await applyRecipe(base, { seed: 1, target, steps }, context);
      expect(written.opsets[0].version).toBe(to);
      expect(verifyModel(written).errors).toEqual([]);
      expect(reports[0].facts['operator set']).toBe(from === to ? undefined : `${from} → ${to}`);
      expect(written.graph.nodes.at(-1)?.inputs.length).toBe(to < 10 ? 1 : 3);
    }
  });

  it('that cannot be raised stay, with the reason', async () => {
    const strange = { ...node('MatMul', ['x', 'w'], ['m']), name: 'product' };
    const base = reread(
      model(
        graph({
          nodes: [strange, node('Strange', ['m'], ['y'], { name: 'strange' })],
          initializers: [weight('w', [64, 20])],
          inputs: [valueInfo('x', 'float32', [2, 64])],
          outputs: [valueInfo('y', 'float32')],
        }),
        { opset: 8 },
      ),
    );
    const steps = [{ pass: 'quantize-weights', params: { precision: 'fp32' } }];
    const { model: written, steps: reports } = await applyRecipe(
      base,
      { seed: 1, target: 'tensorrt', steps },
      context,
    );
    expect(written.opsets[0].version).toBe(8);
    expect(reports[0].facts['operator set 9']).toMatch(/not raised: .*strange/);
  });
});

describe('weights of recurrent layers', () => {
  const dims = [2, 32, 20];
  const base = oneWeight({ tensor: weight('w', dims), consumer: reads.lstm(), opset: 13 });
  const passContext = (target: 'openvino' | 'tensorrt'): PassContext => ({
    ...context,
    random: seededRandom(1),
    target: targetOf(target),
    calibration: undefined,
  });
  const quantizing = {
    ...base,
    graph: {
      ...base.graph,
      nodes: [...base.graph.nodes, node('QuantizeLinear', ['x', 'scale'], ['codes'])],
      initializers: [...base.graph.initializers, floatTensor('scale', [], [0.1])],
    },
  };

  it.each([
    ['beside quantized activations', quantizing, 'int8', 'dequantize-linear', 'wants weights of LSTM'],
    ['of 4 bits that are decoded at load', base, 'int4', 'decode-at-load', 'decoded from int4'],
  ])('stay floats for OpenVINO %s', async (_name, of, precision, storage, words) => {
    const { model: encoded } = await quantizeWeights.run(
      of,
      { precision, storage },
      {},
      passContext('openvino'),
    );
    const { model: written, reverted } = await lowerModel(encoded, undefined, targetOf('openvino'));
    expect(reverted.map(({ layer }) => layer)).toEqual(['w']);
    expect(reverted[0].reason).toContain(words);
    expect(written.graph.initializers.find(({ name }) => name === 'w')).toMatchObject({
      dataType: 'float32',
      dims,
    });
    expect(verifyModel(written).errors).toEqual([]);
    expect((await lowerModel(encoded, undefined, targetOf('tensorrt'))).reverted).toEqual([]);
  });

  it('are codes where nothing else is quantized', async () => {
    const asked = { precision: 'int8', storage: 'dequantize-linear' };
    const { model: encoded } = await quantizeWeights.run(base, asked, {}, passContext('openvino'));
    expect((await lowerModel(encoded, undefined, targetOf('openvino'))).reverted).toEqual([]);
  });
});
