import { describe, expect, it } from 'vitest';
import { PareError } from '../errors.ts';
import {
  floatTensor,
  graph,
  graphValue,
  int64Tensor,
  model,
  node,
  rawTensor,
  tensorValue,
  valueInfo,
} from './build.ts';
import type { Graph, Model, Node, SparseTensor } from './ir.ts';
import { assertValid, verifyModel } from './verify.ts';

const x = valueInfo('x', 'float32', [1]);
const y = valueInfo('y', 'float32', [1]);
const simple = (parts: Partial<Graph>): Model => model(graph({ inputs: [x], outputs: [y], ...parts }));
const firstError = (m: Model): string => verifyModel(m).errors.map((e) => `${e.code}: ${e.message}`)[0] ?? '';

describe('a sound model', () => {
  it('has no errors and no remarks', () => {
    const m = simple({
      nodes: [node('Add', ['x', 'w'], ['a']), node('Relu', ['a'], ['y'])],
      initializers: [floatTensor('w', [1], [1])],
    });
    expect(verifyModel(m)).toMatchObject({ errors: [], remarks: [] });
    expect(() => assertValid(m)).not.toThrow();
  });

  it('may give an input or an initializer out, and may list initializers as inputs', () => {
    const m = simple({
      nodes: [],
      initializers: [floatTensor('y', [1], [1])],
      outputs: [x, y],
      inputs: [x, y],
    });
    expect(firstError(m)).toBe('');
  });

  it('may use names of graphs around it in a branch', () => {
    const branch = graph({
      nodes: [node('Add', ['x', 'late'], ['b'])],
      outputs: [valueInfo('b', 'float32')],
    });
    const choose = node('If', ['c'], ['y'], {
      attrs: { then_branch: graphValue(branch), else_branch: graphValue(branch) },
    });
    const m = simple({
      inputs: [x, valueInfo('c', 'bool', [])],
      nodes: [choose, node('Neg', ['x'], ['late'])],
    });
    // The branch reads what comes later: allowed by scope, so only the order is remarked on.
    expect(verifyModel(m).errors).toEqual([]);
    expect(verifyModel(m).remarks[0]).toMatch(/not in the order/);
  });

  it('checks a hundred thousand nodes in a chain without recursion', () => {
    const n = 100_000;
    const nodes = Array.from({ length: n }, (_, i): Node =>
      node('Relu', [i === n - 1 ? 'x' : `v${i + 1}`], [i === 0 ? 'y' : `v${i}`]),
    );
    const { errors, remarks } = verifyModel(simple({ nodes }));
    expect(errors).toEqual([]);
    expect(remarks[0]).toMatch(/not in the order/);
  });
});

describe('an unsound model is refused with a sentence', () => {
  const relu = node('Relu', ['x'], ['y'], { name: 'r' });
  it.each<[string, Model, RegExp]>([
    ['an absurd IR version', { ...simple({ nodes: [relu] }), irVersion: 99 }, /unsupported-ir: .* 99;/],
    ['no operator set', { ...simple({ nodes: [relu] }), opsets: [] }, /unsupported-opset: .*does not say/],
    [
      'operator set 999',
      { ...simple({ nodes: [relu] }), opsets: [{ domain: '', version: 999 }] },
      /unsupported-opset: .* 999;/,
    ],
    ['no outputs', simple({ nodes: [relu], outputs: [] }), /no outputs/],
    ['an output that nothing gives', simple({ nodes: [] }), /Output "y" is given by no/],
    [
      'an input that nothing gives',
      simple({ nodes: [node('Relu', ['gone'], ['y'], { name: 'r' })] }),
      /Node r reads "gone"/,
    ],
    ['a value written twice', simple({ nodes: [relu, relu] }), /"y" \(written by r\) is defined twice/],
    ['an input twice', simple({ nodes: [relu], inputs: [x, x] }), /Graph input "x" is defined twice/],
    [
      'a node that overwrites an initializer',
      simple({ nodes: [relu], initializers: [floatTensor('y', [1], [1])] }),
      /"y" .*twice/,
    ],
    [
      'a circle',
      simple({ nodes: [node('Add', ['x', 'b'], ['y'], { name: 'one' }), node('Relu', ['y'], ['b'])] }),
      /circle/,
    ],
    ['a node without an operator', simple({ nodes: [node('', ['x'], ['y'])] }), /which operator/],
    [
      'an initializer without a name',
      simple({ nodes: [relu], initializers: [floatTensor('', [1], [1])] }),
      /no name/,
    ],
    [
      'too few bytes',
      simple({ nodes: [relu], initializers: [rawTensor('w', 'float32', [2], new Uint8Array(4))] }),
      /4 bytes .* want 8/,
    ],
    [
      'negative dims',
      simple({ nodes: [relu], initializers: [rawTensor('w', 'float32', [-5], new Uint8Array(4))] }),
      /\[-5\]/,
    ],
    [
      'a weight of unknown type',
      simple({ nodes: [relu], initializers: [rawTensor('w', 'undefined', [1], new Uint8Array(4))] }),
      /unknown-dtype/,
    ],
    [
      'a short Constant',
      simple({
        nodes: [
          node('Constant', [], ['y'], {
            attrs: { value: tensorValue(rawTensor('c', 'int64', [1], new Uint8Array(7))) },
          }),
        ],
      }),
      /7 bytes .* want 8/,
    ],
  ])('%s', (_, m, sentence) => {
    expect(firstError(m)).toMatch(sentence);
    expect(() => assertValid(m)).toThrow(PareError);
  });

  it('in a branch, with its place', () => {
    const branch = graph({ nodes: [node('Relu', ['gone'], ['b'])], outputs: [valueInfo('b', 'float32')] });
    const m = simple({
      nodes: [node('If', ['x'], ['y'], { name: 'if', attrs: { then_branch: graphValue(branch) } })],
    });
    expect(verifyModel(m).errors[0].at).toBe('node Relu_0 in if/then_branch');
  });

  it('in a local function, which sees nothing around it', () => {
    const f = {
      name: 'f',
      domain: 'own',
      overload: '',
      inputs: ['a'],
      outputs: ['b'],
      attributeNames: [],
      nodes: [node('Add', ['a', 'x'], ['b'])],
      opsets: [],
      docString: '',
    };
    expect(firstError({ ...simple({ nodes: [relu] }), functions: [f] })).toMatch(/reads "x"/);
  });

  it('for sparse tensors whose indices do not fit', () => {
    const sparse = (indices: number[]): SparseTensor => ({
      values: floatTensor('w', [2], [1, 2]),
      indices: int64Tensor('', indices, new BigInt64Array(indices.reduce((a, b) => a * b, 1))),
      dims: [3, 3],
    });
    expect(firstError(simple({ nodes: [relu], sparseInitializers: [sparse([2])] }))).toBe('');
    expect(firstError(simple({ nodes: [relu], sparseInitializers: [sparse([2, 2])] }))).toBe('');
    expect(firstError(simple({ nodes: [relu], sparseInitializers: [sparse([3])] }))).toMatch(
      /2 values and indices/,
    );
  });

  it('only twenty times', () => {
    const nodes = Array.from({ length: 50 }, (_, i) => node('Relu', [`gone${i}`], [`v${i}`]));
    expect(verifyModel(simple({ nodes })).errors).toHaveLength(20);
  });
});

describe('remarks', () => {
  it('name what a reader should know', () => {
    const remarks = (m: Model): string => verifyModel(m).remarks.join('\n');
    const relu = node('Relu', ['x'], ['y']);
    expect(remarks({ ...simple({ nodes: [relu] }), irVersion: 0 })).toMatch(/does not say its IR version/);
    expect(remarks({ ...simple({ nodes: [relu] }), irVersion: 20 })).toMatch(/IR version 20 is newer/);
    expect(remarks({ ...simple({ nodes: [relu] }), opsets: [{ domain: '', version: 40 }] })).toMatch(
      /Operator set 40 is newer/,
    );
    const w = floatTensor('w', [1], [1]);
    expect(remarks(simple({ nodes: [relu], initializers: [w, w] }))).toMatch(/"w" stands there twice/);
    const named = (output: string) => node('Relu', ['x'], [output], { name: 'same' });
    expect(remarks(simple({ nodes: [named('y'), named('z')] }))).toMatch(/Two nodes are named "same"/);
  });
});
