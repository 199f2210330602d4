import { describe, expect, it } from 'vitest';
import {
  functionModel,
  halfWeight,
  mixedModel,
  noise,
  oneWeight,
  quantizedModel,
  reads,
  reread,
  weight,
} from '../testing/weight-models.ts';
import {
  constantNode,
  floatTensor,
  graph,
  graphValue,
  int,
  int64Tensor,
  ints,
  model,
  node,
  rawTensor,
  valueInfo,
} from './build.ts';
import { openDraft } from './draft.ts';
import type { Model, Node, Tensor } from './ir.ts';
import { editorsByPath, listWeights, readWeight, replaceWeight } from './weights.ts';

const only = (m: Model) => {
  const layers = listWeights(m);
  expect(layers).toHaveLength(1);
  return layers[0];
};

describe('where weights are', () => {
  it('finds initializers, Constant nodes, both branches of an If, in order of use', () => {
    const layers = listWeights(mixedModel());
    expect(layers.map(({ id, op, label }) => [id, op, label])).toEqual([
      ['c1', 'Conv 3×3', 'conv1'],
      ['dw', 'Conv dw 3×3', 'depthwise'],
      ['c2', 'Conv 1×1', 'conv2'],
      ['fc', 'Gemm', 'fc'],
      ['tiny', 'MatMul', 'tiny'],
      ['choice/then_branch/yes_w', 'MatMul', 'yes_matmul'],
      ['choice/else_branch/no_w', 'MatMul', 'no_matmul'],
    ]);
    expect(layers.map(({ holder }) => holder)).toEqual([
      'initializer',
      'initializer',
      'constant',
      'initializer',
      'initializer',
      'initializer',
      'constant',
    ]);
  });

  it('tells graphs apart whose nodes are called alike, and changes the right one', () => {
    const branch = (name: string, seed: number) =>
      graphValue(
        graph({
          name,
          nodes: [node('MatMul', ['h', 'w'], [`${name}_y`])],
          initializers: [weight('w', [8, 8], seed)],
          outputs: [valueInfo(`${name}_y`, 'float32')],
        }),
      );
    // The second has no name: by its place it is called what the first is called.
    const twins = reread(
      model(
        graph({
          nodes: ['If_1', ''].map((name, i) =>
            node('If', ['cond'], [`z${i}`], {
              name,
              attrs: { then_branch: branch(`a${i}`, 2 * i), else_branch: branch(`b${i}`, 2 * i + 1) },
            }),
          ),
          inputs: [valueInfo('h', 'float32', [1, 8]), valueInfo('cond', 'bool', [])],
          outputs: [valueInfo('z0', 'float32', [1, 8]), valueInfo('z1', 'float32', [1, 8])],
        }),
      ),
    );
    const layers = listWeights(twins);
    expect(new Set(layers.map(({ id }) => id)).size).toBe(4);
    for (const changed of layers) {
      const draft = openDraft(twins);
      const editor = editorsByPath(draft).get(changed.graph);
      replaceWeight(editor!, changed, floatTensor('w', [8, 8], new Float32Array(64)));
      const after = listWeights(draft.finish());
      const zeroed = after.filter(({ tensor }) => readWeight(tensor)?.every((x) => x === 0));
      expect(zeroed.map(({ id }) => id)).toEqual([changed.id]);
    }
  });

  it('tells overloads of a function apart', () => {
    const body = (overload: string, seed: number) => ({
      ...functionModel().functions[0],
      overload,
      nodes: [constantNode(weight('fw', [16, 16], seed)), node('MatMul', ['v', 'fw'], ['u'])],
    });
    const call = (overload: string, from: string, to: string): Node => ({
      ...node('Linear', [from], [to], { domain: 'lib' }),
      overload,
    });
    const overloaded = reread(
      model(
        graph({
          nodes: [call('', 'x', 'h'), call('wide', 'h', 'y')],
          inputs: [valueInfo('x', 'float32', [1, 16])],
          outputs: [valueInfo('y', 'float32', [1, 16])],
        }),
        { domains: { lib: 1 }, functions: [body('', 1), body('wide', 2)] },
      ),
    );
    expect(listWeights(overloaded).map(({ id }) => id)).toEqual([
      'fn:lib.Linear/fw',
      'fn:lib.Linear:wide/fw',
    ]);
  });

  it('finds weights in function bodies, and weights that are handed to a function', () => {
    expect(listWeights(functionModel()).map(({ id }) => id)).toEqual(['w', 'fn:lib.Linear/fw']);
    const given = reread(
      model(
        graph({
          nodes: [node('Linear', ['x', 'w'], ['y'], { domain: 'lib' })],
          initializers: [weight('w', [16, 8])],
          inputs: [valueInfo('x', 'float32', [1, 16])],
          outputs: [valueInfo('y', 'float32', [1, 8])],
        }),
        {
          domains: { lib: 1 },
          functions: [
            {
              name: 'Linear',
              domain: 'lib',
              overload: '',
              inputs: ['v', 'k'],
              outputs: ['u'],
              attributeNames: [],
              nodes: [node('MatMul', ['v', 'k'], ['u'])],
              opsets: [{ domain: '', version: 17 }],
              docString: '',
            },
          ],
        },
      ),
    );
    expect(only(given)).toMatchObject({ id: 'w', op: 'MatMul', axis: 1 });
  });
});

describe('output-channel axes', () => {
  const axisOf = (dims: readonly number[], consumer: Node): number | undefined =>
    only(oneWeight({ tensor: weight('w', dims), consumer })).axis;

  it.each([
    ['Conv', [8, 4, 3, 3], reads.conv(), 0],
    ['ConvTranspose', [8, 4, 3, 3], reads.convTranspose(), 1],
    ['MatMul, right side', [8, 16], reads.matMul(), 1],
    ['MatMul, right side, batched', [2, 8, 16], reads.matMul(), 2],
    ['MatMul, left side', [8, 16], node('MatMul', ['w', 'x'], ['y']), 0],
    ['Gemm', [8, 16], node('Gemm', ['x', 'w'], ['y']), 1],
    ['Gemm, transB', [8, 16], node('Gemm', ['x', 'w'], ['y'], { attrs: { transB: int(1) } }), 0],
    ['LSTM', [1, 32, 4], reads.lstm(), 1],
    ['Gather', [16, 8], reads.gather(), 0],
    ['Gather along axis 1', [16, 8], node('Gather', ['w', 'x'], ['y'], { attrs: { axis: int(-1) } }), 1],
  ])('%s', (_name, dims, consumer, axis) => {
    expect(axisOf(dims, consumer)).toBe(axis);
  });

  const behind = (dims: readonly number[], views: readonly Node[], more: readonly Tensor[] = []): Model =>
    reread(
      model(
        graph({
          nodes: [...views, node('MatMul', ['x', 'v'], ['y'])],
          initializers: [weight('w', dims), ...more],
          inputs: [valueInfo('x', 'float32')],
          outputs: [valueInfo('y', 'float32')],
        }),
      ),
    );

  it('follows a weight through a Transpose: [N, K] transposed has its channels along axis 0', () => {
    const m = behind([16, 8], [node('Transpose', ['w'], ['v'], { attrs: { perm: ints([1, 0]) } })]);
    expect(only(m).axis).toBe(0);
  });

  it('follows a weight through a Reshape that keeps its last axis, and gives up on one that does not', () => {
    const shape = (dims: number[]): Tensor => int64Tensor('s', [dims.length], dims);
    const reshape = node('Reshape', ['w', 's'], ['v']);
    expect(only(behind([4, 4, 16], [reshape], [shape([-1, 16])])).axis).toBe(2);
    expect(only(behind([4, 4, 16], [reshape], [shape([32, 8])])).axis).toBeUndefined();
  });

  it('follows gates that are cut apart and put together in another order', () => {
    const bounds = [
      int64Tensor('zero', [1], [0]),
      int64Tensor('half', [1], [8]),
      int64Tensor('end', [1], [16]),
    ];
    const m = behind(
      [16, 8],
      [
        node('Slice', ['w', 'zero', 'half'], ['first']),
        node('Slice', ['w', 'half', 'end'], ['second']),
        node('Concat', ['second', 'first'], ['swapped'], { attrs: { axis: int(0) } }),
        node('Transpose', ['swapped'], ['v'], { attrs: { perm: ints([1, 0]) } }),
      ],
      bounds,
    );
    const layer = only(m);
    expect(layer.axis).toBe(0);
    expect(layer.consumers).toHaveLength(1);
  });

  it('does not take a constant that is joined with an activation for a weight', () => {
    const m = behind([16, 8], [node('Concat', ['w', 'x'], ['v'], { attrs: { axis: int(0) } })]);
    expect(listWeights(m)).toEqual([]);
  });
});

describe('what must stay as it is', () => {
  const reason = (m: Model): string | undefined => only(m).frozen;
  const linear = (w: Tensor, more: { inputs?: string[]; outputs?: string[] } = {}): Model =>
    reread(
      model(
        graph({
          nodes: [node('MatMul', ['x', 'w'], ['y'])],
          initializers: [w],
          inputs: ['x', ...(more.inputs ?? [])].map((name) => valueInfo(name, 'float32')),
          outputs: ['y', ...(more.outputs ?? [])].map((name) => valueInfo(name, w.dataType)),
        }),
      ),
    );

  it('says so for graph outputs, small tensors, other types', () => {
    expect(reason(linear(weight('w', [8, 16])))).toBeUndefined();
    expect(reason(linear(halfWeight('w', [8, 16])))).toBeUndefined();
    expect(reason(linear(weight('w', [8, 16]), { outputs: ['w'] }))).toBe(
      'weight `w` is also a graph output',
    );
    expect(reason(linear(weight('w', [3, 3])))).toBe('too small: 9 elements');
    const whole = int64Tensor('w', [8, 16], new BigInt64Array(128));
    expect(reason(linear(whole))).toBe('int64 weights are not compressed');
  });

  it('says so for an initializer that callers may override, though not before IR 4', () => {
    // `b` is not listed, so listing `w` is no habit of the exporter.
    const overridable = (irVersion: number): Model =>
      reread(
        model(
          graph({
            nodes: [node('MatMul', ['x', 'w'], ['h']), node('Add', ['h', 'b'], ['y'])],
            initializers: [weight('w', [8, 16]), weight('b', [16])],
            inputs: [valueInfo('x', 'float32'), valueInfo('w', 'float32', [8, 16])],
            outputs: [valueInfo('y', 'float32')],
          }),
          { irVersion },
        ),
      );
    expect(reason(overridable(8))).toBe('weight `w` is also a graph input');
    expect(reason(overridable(3))).toBeUndefined();
  });

  it('says so for weights that were quantized before', () => {
    const layer = only(quantizedModel());
    expect(layer).toMatchObject({ id: 'q', op: 'MatMul', frozen: 'already quantized (int8)' });
  });

  it('says so when operators read it along different axes, and takes tied ones as one layer', () => {
    const tied = (perm: number[]): Model =>
      reread(
        model(
          graph({
            nodes: [
              node('Gather', ['w', 'i'], ['h']),
              node('Transpose', ['w'], ['t'], { attrs: { perm: ints(perm) } }),
              node('MatMul', ['h', 't'], ['y']),
            ],
            initializers: [weight('w', [16, 16])],
            inputs: [valueInfo('i', 'int64')],
            outputs: [valueInfo('y', 'float32')],
          }),
        ),
      );
    const layer = only(tied([1, 0]));
    expect(layer.axis).toBe(0);
    expect(layer.frozen).toBeUndefined();
    expect(layer.consumers).toHaveLength(2);
    expect(reason(tied([0, 1]))).toMatch(/along different axes \(Gather, MatMul\)/);
  });

  it('says so when the values are in a file that is not there', () => {
    const external: Tensor = {
      ...floatTensor('w', [8, 16], noise(128)),
      data: {
        kind: 'external',
        location: 'w.bin',
        offset: 0,
        entries: [{ key: 'location', value: 'w.bin' }],
      },
    };
    const bare = { ...linear(weight('w', [8, 16])) };
    const missing = { ...bare, graph: { ...bare.graph, initializers: [external] } };
    expect(reason(missing)).toBe('its values are in `w.bin`, which was not opened with the model');
  });
});

describe('values', () => {
  it('reads float32, float16 and float64 as float32, and nothing from a length that does not fit', () => {
    expect(readWeight(floatTensor('w', [2], [1.5, -2]))).toEqual(Float32Array.of(1.5, -2));
    const doubles = rawTensor('w', 'float64', [2], new Uint8Array(Float64Array.of(0.1, -3).buffer));
    expect(readWeight(doubles)).toEqual(Float32Array.of(0.1, -3));
    // 0x3c00 is 1, 0xc000 is −2 (binary16).
    const halves = rawTensor('w', 'float16', [2], Uint8Array.of(0x00, 0x3c, 0x00, 0xc0));
    expect(readWeight(halves)).toEqual(Float32Array.of(1, -2));
    expect(readWeight(rawTensor('w', 'float32', [3], new Uint8Array(8)))).toBeUndefined();
  });

  it.each(['initializer', 'constant'] as const)('replaces a weight in its %s', (place) => {
    const m = oneWeight({ tensor: weight('w', [8, 16]), consumer: reads.matMul(), place });
    const draft = openDraft(m);
    const [layer] = listWeights(m, draft);
    replaceWeight(draft.main, layer, floatTensor('w', [8, 16], new Float32Array(128).fill(7)));
    const [after] = listWeights(draft.finish());
    expect(after).toMatchObject({ id: 'w', holder: place });
    expect(readWeight(after.tensor)?.every((x) => x === 7)).toBe(true);
  });
});
