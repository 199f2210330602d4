// Raising the operator set: every converter gives the same outputs, refusals say why, nothing is half done.
import { describe, expect, it } from 'vitest';
import { createNodeRunner } from '../../runtime/node-runner.ts';
import {
  float,
  floats,
  floatTensor,
  graph,
  graphValue,
  int,
  ints,
  model,
  node,
  text,
  valueInfo,
} from './build.ts';
import { openDraft } from './draft.ts';
import type { Model, Node, Tensor } from './ir.ts';
import { onnxOpset, raiseOpset } from './opset.ts';
import { NEWEST_OPSET } from './opset/history.ts';
import { executeForShapes } from './shapes.ts';
import { difference } from './shapes/testing/difference.ts';
import { feedsFor, openModel, REAL_MODEL_TIMEOUT_MILLIS, realModels } from './shapes/testing/real-models.ts';

const runner = createNodeRunner();

function small(opset: number, nodes: Node[], initializers: Tensor[] = [], shape = [2, 3, 4]): Model {
  const main = graph({
    nodes,
    initializers,
    inputs: [valueInfo('x', 'float32', shape)],
    outputs: [valueInfo('y', 'float32')],
  });
  return model(main, { opset, irVersion: 4 });
}

/** Distinct values of both signs: ramp from −1 in steps of 1/8. */
const ramp = (_name: string, _type: string, dims: readonly number[]): Uint8Array =>
  new Uint8Array(Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i / 8 - 1).buffer);

async function floatsOf(m: Model): Promise<number[]> {
  const value = (await executeForShapes(m, runner, { fill: ramp }, ['y'])).get('y');
  return [...new Float32Array(value!.bytes.slice().buffer)];
}

function raised(before: Model, version: number): Model {
  const draft = openDraft(before);
  expect(raiseOpset(draft, version)).toEqual({ ok: true });
  const after = draft.finish();
  expect(onnxOpset(after)).toBe(version);
  return after;
}

const axes = { axes: ints([1]) };
const cases: [string, number, Node[], number[]?][] = [
  [
    'Squeeze and Unsqueeze',
    11,
    [
      node('Unsqueeze', ['x'], ['a'], { attrs: { axes: ints([0, 2]) } }),
      node('Squeeze', ['a'], ['y'], { attrs: { axes: ints([2]) } }),
    ],
  ],
  ['ReduceSum', 11, [node('ReduceSum', ['x'], ['y'], { attrs: axes })]],
  [
    'ReduceMean and ReduceMax',
    11,
    [
      node('ReduceMean', ['x'], ['a'], { attrs: axes }),
      node('ReduceMax', ['a'], ['y'], { attrs: { ...axes, keepdims: int(0) } }),
    ],
  ],
  ['ReduceL2 over everything', 11, [node('ReduceL2', ['x'], ['y'])]],
  ['Clip', 9, [node('Clip', ['x'], ['y'], { attrs: { min: float(-0.5), max: float(0.75) } })]],
  ['Clip on one side', 9, [node('Clip', ['x'], ['y'], { attrs: { max: float(0.75) } })]],
  ['Pad', 9, [node('Pad', ['x'], ['y'], { attrs: { pads: ints([0, 1, 0, 0, 0, 2]), value: float(0.5) } })]],
  [
    'Slice',
    9,
    [
      node('Slice', ['x'], ['y'], {
        attrs: { starts: ints([0, 1]), ends: ints([2, 99]), axes: ints([0, 2]) },
      }),
    ],
  ],
  ['TopK', 9, [node('TopK', ['x'], ['y', 'i'], { attrs: { k: int(2), axis: int(2) } })]],
  ['Split', 11, [node('Split', ['x'], ['a', 'y'], { attrs: { axis: int(2), split: ints([1, 3]) } })]],
  ['Split in halves', 11, [node('Split', ['x'], ['a', 'y'], { attrs: { axis: int(2) } })]],
  ['Dropout', 9, [node('Dropout', ['x'], ['y'], { attrs: { ratio: float(0.25) } })]],
  ['Softmax over the last axis', 11, [node('Softmax', ['x'], ['y'], { attrs: { axis: int(2) } })]],
  ['Softmax over several axes', 11, [node('Softmax', ['x'], ['y'])]],
  ['LogSoftmax from the front', 11, [node('LogSoftmax', ['x'], ['y'], { attrs: { axis: int(0) } })]],
  [
    'Upsample with attributes',
    7,
    [node('Upsample', ['x'], ['y'], { attrs: { scales: floats([1, 1, 2, 3]), mode: text('nearest') } })],
    [1, 2, 3, 4],
  ],
  [
    'Upsample, linear',
    7,
    [node('Upsample', ['x'], ['y'], { attrs: { scales: floats([1, 1, 2, 2]), mode: text('linear') } })],
    [1, 2, 3, 4],
  ],
  ['Scatter-free arithmetic', 7, [node('Add', ['x', 'x'], ['a']), node('Mul', ['a', 'x'], ['y'])]],
];

describe('raiseOpset', () => {
  for (const version of [13, 18, 21]) {
    it.each(cases)(
      `%s from operator set %i keeps its result at ${version}`,
      async (_name, opset, nodes, shape) => {
        const before = small(opset, nodes, [], shape);
        const after = raised(before, version);
        // The same kernels run on the same numbers; only where they take their lists from changed.
        expect(await floatsOf(after)).toEqual(await floatsOf(before));
      },
    );
  }

  it('carries subgraphs over and shares equal lists', async () => {
    const branch = (op: string) =>
      graph({
        name: op,
        nodes: [node(op, ['x'], ['s'], { attrs: axes }), node('Relu', ['s'], ['out'])],
        outputs: [valueInfo('out', 'float32')],
      });
    const nodes = [
      node('ReduceSum', ['x'], ['r'], { attrs: { keepdims: int(0) } }),
      node('Greater', ['r', 'zero'], ['c']),
      node('If', ['c'], ['y'], {
        attrs: { then_branch: graphValue(branch('ReduceSum')), else_branch: graphValue(branch('ReduceMax')) },
      }),
    ];
    const before = small(11, nodes, [floatTensor('zero', [], [0])]);
    expect(await floatsOf(raised(before, 18))).toEqual(await floatsOf(before));
  });

  it('leaves a model that is new enough alone', () => {
    const draft = openDraft(small(18, [node('Relu', ['x'], ['y'])]));
    expect(raiseOpset(draft, 13)).toEqual({ ok: true });
    expect(draft.finish()).toBe(draft.base);
  });

  it.each<[string, Node, number, string]>([
    [
      'training',
      node('BatchNormalization', ['x', 's', 's', 's', 's'], ['y', 'm', 'v', 'sm', 'sv']),
      15,
      'training mode',
    ],
    [
      'an old broadcast',
      node('Add', ['x', 's'], ['y'], { attrs: { broadcast: int(1), axis: int(1) } }),
      7,
      'broadcasts along an axis',
    ],
    [
      'an operator before its time',
      node('LayerNormalization', ['x', 's'], ['y']),
      13,
      'is not in operator set 9',
    ],
    ['an unknown operator', node('Frobnicate', ['x'], ['y']), 13, 'not an operator of the ONNX domain'],
    ['a version that does not exist', node('Relu', ['x'], ['y']), NEWEST_OPSET + 1, 'newer than'],
  ])('refuses %s and changes nothing', (_name, refusedNode, version, reason) => {
    const main = graph({
      nodes: [node('Squeeze', ['x'], ['q'], { attrs: axes }), refusedNode],
      inputs: [valueInfo('x', 'float32', [2, 1, 3])],
      initializers: [floatTensor('s', [1], [1])],
      outputs: [
        valueInfo('y', 'float32'),
        ...(refusedNode.outputs.length > 1 ? [valueInfo('m', 'float32')] : []),
      ],
    });
    const draft = openDraft(model(main, { opset: version === 7 ? 6 : 9, irVersion: 4 }));
    const result = raiseOpset(draft, version);
    expect(result.ok ? '' : result.reason).toContain(reason);
    expect(draft.finish()).toBe(draft.base);
  });
});

describe.each(realModels('opset'))('raiseOpset of %s', (file) => {
  it(
    'reaches 21 with the same outputs',
    async () => {
      const before = openModel(file);
      const draft = openDraft(before);
      expect(raiseOpset(draft, 21)).toEqual({ ok: true });
      const after = draft.finish();
      expect(onnxOpset(after)).toBe(21);
      const names = before.graph.outputs.map((output) => output.name);
      const run = (m: Model) => executeForShapes(m, runner, feedsFor(file), names);
      // Newer definitions select other kernels, which round in another order: 64 roundings of a value, or a few units in
      // the last place of 1 where outputs are probabilities.
      const { abs, rel } = difference(await run(before), await run(after));
      expect(rel <= 64 * 2 ** -24 || abs <= 8 * 2 ** -24, `abs ${abs}, rel ${rel}`).toBe(true);
    },
    REAL_MODEL_TIMEOUT_MILLIS,
  );
});
