import { describe, expect, it } from 'vitest';
import { createKernels } from '../../../kernels/dispatch.ts';
import { createNodeRunner } from '../../../runtime/node-runner.ts';
import { floatTensor, graph, int, ints, model, node, valueInfo } from '../../onnx/build.ts';
import type { Model } from '../../onnx/ir.ts';
import { verifyModel } from '../../onnx/verify.ts';
import { listWeights, readWeight } from '../../onnx/weights.ts';
import { writeModel } from '../../onnx/write.ts';
import { calibrationOn, floatFeed, givenSamples } from '../../testing/node-calibration.ts';
import { noise, weight } from '../../testing/weight-models.ts';
import { targetOf } from '../../targets/registry.ts';
import type { TargetId } from '../../targets/types.ts';
import { plainModel } from '../../calibration/plain-model.ts';
import { correctBiasPass } from '../correct-bias/pass.ts';
import { lowerModel } from '../lowering/lower.ts';
import { quantizeWeights } from '../quantize-weights/pass.ts';
import { seededRandom } from '../random.ts';
import type { PassContext, PassOutcome } from '../types.ts';
import { convertHalfPass } from './pass.ts';

const runner = createNodeRunner();
const DIMS = [2, 3, 8, 8];

function contextFor(target: TargetId, gain = 1): PassContext {
  const x = noise(2 * 3 * 64, 7).map((v) => v * gain);
  return {
    kernels: createKernels(),
    runner,
    random: seededRandom(1),
    target: targetOf(target),
    calibration: calibrationOn(givenSamples([new Map([['x', floatFeed(DIMS, x)]])])),
    checkpoint: () => Promise.resolve(),
  };
}

const convert = (base: Model, target: TargetId = 'ort-webgpu', gain = 1): Promise<PassOutcome> =>
  convertHalfPass.run(base, {}, {}, contextFor(target, gain));

async function outputs(made: Model): Promise<Record<string, Float32Array>> {
  const feeds = new Map([['x', floatFeed(DIMS, noise(2 * 3 * 64, 7))]]);
  const names = made.graph.outputs.map(({ name }) => name);
  const found = await runner.run(writeModel(made).model, feeds, names);
  return Object.fromEntries(
    [...found].map(([name, { bytes, dataType }]) => {
      expect(dataType).toBe('float32');
      return [name, new Float32Array(bytes.slice().buffer)];
    }),
  );
}

/** Conv, Relu, Conv, both a half output and a softmax that stays in fp32 behind it. */
const net = model(
  graph({
    nodes: [
      node('Conv', ['x', 'w1', 'b1'], ['a'], { attrs: { pads: ints([1, 1, 1, 1]) } }),
      node('Relu', ['a'], ['r']),
      node('Conv', ['r', 'w2'], ['c']),
      node('Add', ['c', 'c'], ['sum']),
      node('GlobalAveragePool', ['sum'], ['p']),
      node('Flatten', ['p'], ['f']),
      node('Gemm', ['f', 'w3'], ['logits'], { attrs: { transB: int(1) } }),
      node('Softmax', ['logits'], ['y'], { attrs: { axis: int(1) } }),
    ],
    initializers: [
      weight('w1', [8, 3, 3, 3]),
      weight('b1', [8], 2),
      weight('w2', [8, 8, 3, 3], 3),
      weight('w3', [10, 8], 4),
    ],
    inputs: [valueInfo('x', 'float32', ['N', 3, 8, 8])],
    outputs: [valueInfo('y', 'float32', ['N', 10]), valueInfo('logits', 'float32', ['N', 10])],
  }),
);

describe('convert-half', () => {
  it('computes in fp16 and keeps softmax, inputs and outputs in fp32', async () => {
    const { model: made, facts, changed } = await convert(net);
    expect(verifyModel(made).errors).toEqual([]);
    expect(facts['operators in fp16']).toBe(7);
    expect(facts['in fp32: Softmax loses too much or has no kernel']).toBe(1);
    expect(changed.map(({ layer }) => layer)).toEqual(['w1', 'w2', 'w3']);
    expect(made.graph.initializers.map(({ dataType }) => dataType)).toEqual([
      'float16',
      'float16',
      'float16',
      'float16',
    ]);
    expect(listWeights(made).map(({ id }) => id)).toEqual(['w1', 'w2', 'w3']);
    const [was, is] = [await outputs(net), await outputs(made)];
    for (const name of ['y', 'logits']) {
      const scale = Math.max(...was[name].map(Math.abs));
      // Five operators in a row, each rounding its weights and its result by at most 2^-11 of the largest value.
      was[name].forEach((value, i) =>
        expect(Math.abs(is[name][i] - value)).toBeLessThan(10 * 2 ** -11 * scale),
      );
    }
    expect(is['logits']).not.toEqual(was['logits']);
  });

  it('casts a value once for all readers of the other type', async () => {
    const { model: made, facts } = await convert(net);
    const casts = made.graph.nodes.filter(({ opType }) => opType === 'Cast');
    // x once to fp16; logits to fp32 once, for the softmax and as an output.
    expect(casts).toHaveLength(2);
    expect(facts['casts added']).toBe(2);
  });

  it('keeps what overflows on the samples in fp32, by name', async () => {
    const { facts, skipped } = await convert(net, 'ort-webgpu', 1e6);
    expect(facts['in fp32: values are too large on the samples']).toBeGreaterThan(0);
    expect(skipped.map(({ reason }) => reason)).toContain('values are too large on the samples');
  });

  it.each(['ort-webgpu', 'webnn', 'openvino', 'tensorrt', 'tvm'] as const)(
    'writes what goes beyond 65,504 in fp32 into the file for %s, and the rest in fp16',
    async (target) => {
      const loud = floatTensor(
        'loud',
        [8, 8, 1, 1],
        noise(64, 5).map((v) => v * 1e7),
      );
      const quiet = floatTensor(
        'quiet',
        [8, 8, 1, 1],
        noise(64, 6).map((v) => v * 1e-6),
      );
      const { nodes, initializers } = net.graph;
      const base = {
        ...net,
        graph: {
          ...net.graph,
          nodes: [
            ...nodes.slice(0, 2),
            node('Conv', ['r', 'loud'], ['up'], { name: 'up' }),
            node('Conv', ['up', 'quiet'], ['down'], { name: 'down' }),
            node('Conv', ['down', 'w2'], ['c']),
            ...nodes.slice(3),
          ],
          initializers: [...initializers, loud, quiet],
        },
      };
      const { model: made, facts } = await convert(base, target);
      expect(facts['in fp32: values are too large on the samples']).toBe(2);
      const types = new Map(made.graph.initializers.map(({ name, dataType }) => [name, dataType]));
      expect(['w1', 'w2', 'w3', 'loud', 'quiet'].map((name) => types.get(name))).toEqual([
        'float16',
        'float16',
        'float16',
        'float32',
        'float32',
      ]);
      const [was, is] = [await outputs(base), await outputs(made)];
      const scale = Math.max(...was['logits'].map(Math.abs));
      // Five layers and two casts in a row, each rounding by at most 2^-11 of the largest value.
      was['logits'].forEach((value, i) =>
        expect(Math.abs(is['logits'][i] - value)).toBeLessThan(14 * 2 ** -11 * scale),
      );
    },
  );

  it('reads encoded weights in halves', async () => {
    const context = contextFor('ort-webgpu');
    const int8 = await quantizeWeights.run(
      net,
      { precision: 'int8', storage: 'decode-at-load' },
      {},
      context,
    );
    const { model: made } = await convertHalfPass.run(int8.model, {}, {}, context);
    const { model: lowered } = await lowerModel(made);
    expect(verifyModel(lowered).errors).toEqual([]);
    const plain = await outputs((await lowerModel(int8.model)).model);
    const half = await outputs(lowered);
    const scale = Math.max(...plain['logits'].map(Math.abs));
    plain['logits'].forEach((value, i) =>
      expect(Math.abs(half['logits'][i] - value)).toBeLessThan(10 * 2 ** -11 * scale),
    );
  });

  it('counts weights that do not fit', async () => {
    const wild = floatTensor('w3', [10, 8], noise(80, 4).with(0, 1e6).with(1, 1e-9));
    const { initializers } = net.graph;
    const base = { ...net, graph: { ...net.graph, initializers: [...initializers.slice(0, 3), wild] } };
    // On samples the values would be seen to be too large, and nothing would be clamped.
    const context = { ...contextFor('ort-webgpu'), calibration: undefined };
    const { facts } = await convertHalfPass.run(base, {}, {}, context);
    expect(facts['ranges']).toContain('not measured');
    expect(facts['weights beyond 65504, clamped']).toBe(1);
    expect(facts['weights too small for fp16, now 0']).toBe(1);
  });

  it('keeps in fp32 what reads a value of unknown type, and drops the declared type of a weight', async () => {
    const foreign = model(
      graph({
        nodes: [
          node('Unheard', ['x'], ['u'], { domain: 'elsewhere' }),
          node('Add', ['u', 'c'], ['a']),
          node('Conv', ['x', 'w1'], ['y']),
        ],
        initializers: [floatTensor('c', [1], [1]), weight('w1', [8, 3, 3, 3])],
        inputs: [valueInfo('x', 'float32', [2, 3, 8, 8])],
        outputs: [valueInfo('y', 'float32'), valueInfo('a', 'float32')],
        valueInfos: [valueInfo('w1', 'float32', [8, 3, 3, 3])],
      }),
      { domains: { elsewhere: 1 } },
    );
    const context = { ...contextFor('ort-webgpu'), calibration: undefined };
    const { model: made, facts } = await convertHalfPass.run(foreign, {}, {}, context);
    expect(facts['in fp32: the type of an input of Add is not known']).toBe(1);
    expect(facts['operators in fp16']).toBe(1);
    expect(made.graph.nodes.find(({ opType }) => opType === 'Add')?.inputs).toEqual(['u', 'c']);
    expect(made.graph.valueInfos).toEqual([]);
  });

  it('refuses targets and graphs that it cannot serve, in words', async () => {
    const wasm = await convert(net, 'ort-wasm');
    expect(wasm.model).toBe(net);
    expect(wasm.facts['note']).toContain('does not compute in fp16');
    const strange = node('Strange', ['y'], ['z']);
    const old = {
      ...net,
      graph: { ...net.graph, nodes: [...net.graph.nodes, strange] },
      opsets: [{ domain: '', version: 8 }],
    };
    const { model: same, facts } = await convert(old);
    expect(same).toBe(old);
    expect(facts['note']).toBe('operator set 8 is below 9, and the model cannot be raised to it');
  });

  it('raises an old operator set, and says so', async () => {
    const old = { ...net, irVersion: 8, opsets: [{ domain: '', version: 8 }] };
    const { model: made, facts } = await convert(old, 'tensorrt');
    expect(verifyModel(made).errors).toEqual([]);
    expect(made.opsets[0].version).toBe(9);
    expect(facts['operator set']).toBe('8 → 9');
    expect(facts['operators in fp16']).toBe(7);
  });

  it('keeps the bias that a correction replaced, in halves, so that it can be put back', async () => {
    const context = contextFor('ort-webgpu');
    const storage = { precision: 'int4', storage: 'decode-at-load' };
    const coarse = await quantizeWeights.run(net, storage, {}, context);
    const corrected = await correctBiasPass.run(coarse.model, {}, {}, context);
    expect(corrected.changed.map(({ layer }) => layer)).toContain('w1');
    const { model: made } = await convertHalfPass.run(corrected.model, {}, {}, context);
    const bias = made.graph.initializers.find(({ name }) => name === 'b1');
    const record = bias?.data.kind === 'raw' ? bias.data.replaced : undefined;
    // A half has 11 bits: 2^-11 of the value is the most that rounding takes.
    const was = noise(8, 2);
    const kept = record?.tensor === undefined ? undefined : readWeight(record.tensor);
    kept?.forEach((value, i) =>
      expect(Math.abs(value - was[i])).toBeLessThanOrEqual(Math.abs(was[i]) / 2048),
    );
    expect(kept).toHaveLength(8);
    const floats = plainModel(made, 'floats');
    expect(verifyModel(floats).errors).toEqual([]);
    const [before, after] = [await outputs(net), await outputs(floats)];
    const scale = Math.max(...before['logits'].map(Math.abs));
    // Five operators in a row, each rounding by at most 2^-11 of the largest value; the correction itself is far larger.
    before['logits'].forEach((value, i) =>
      expect(Math.abs(after['logits'][i] - value)).toBeLessThan(10 * 2 ** -11 * scale),
    );
  });
});
